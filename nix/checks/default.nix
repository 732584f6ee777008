# What `nix flake check` evaluates and builds.
{ pkgs }:
let
  # A check that is over once it was evaluated.
  evaluated = name: ok: pkgs.runCommand "nix-archiver-${name}" { inherit ok; } "echo $ok > $out";

  page =
    name: title: module:
    let
      made = import ../options.nix {
        inherit title module;
        inherit (pkgs) lib;
      };
    in
    evaluated "options-of-${name}" (
      if made == builtins.readFile (../../docs/options + "/${name}.md") then
        "ok"
      else
        throw "docs/options/${name}.md is not what the module says"
    );
in
{
  package = import ../package.nix { inherit pkgs; };
  library = evaluated "library" (import ./library);
  options-of-nixos = page "nixos" "Options for NixOS" ../modules/nixos.nix;
  options-of-home-manager = page "home-manager" "Options for home-manager" ../home-manager.nix;
}
