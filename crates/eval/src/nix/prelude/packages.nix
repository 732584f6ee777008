# All of nixpkgs, as its users import it, with everything allowed, so that what is there can be
# seen. What a revision does not take as an argument is not passed.
let
  # Where the entry is: beside the packages, and at first one file that takes the standard
  # environment. What lies before it where it is a file of its own (`impure.nix`) looks at the machine.
  first = paths: builtins.head (builtins.filter builtins.pathExists paths);
  nixpkgs = import (first [
    (__nixpkgs + "/pkgs/top-level/default.nix")
    (__nixpkgs + "/default.nix")
    (__nixpkgs + "/pkgs/top-level/all-packages.nix")
    (__nixpkgs + "/pkgs/system/all-packages-generic.nix")
  ]);
  arguments = {
    system = "x86_64-linux";
    localSystem = { system = "x86_64-linux"; };
    overlays = [ ];
    stdenv = (import (__nixpkgs + "/pkgs/stdenv/default.nix") { allPackages = null; }).stdenv;
    bootCurl = null;
    bootPerl = null;
    config = {
      allowUnfree = true;
      allowBroken = true;
      allowUnsupportedSystem = true;
      allowInsecure = true;
      allowInsecurePredicate = _: true;
      allowAliases = true;
    };
  };
  # A standard environment is taken only where nothing else would be there.
  taken = builtins.functionArgs nixpkgs;
  passed = if taken.stdenv or true then removeAttrs arguments [ "stdenv" ] else arguments;
in
if builtins.isFunction nixpkgs then
  nixpkgs (builtins.intersectAttrs taken passed)
else
  nixpkgs
