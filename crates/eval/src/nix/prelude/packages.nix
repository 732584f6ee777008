# All of nixpkgs, as its users import it, with everything allowed, so that what is there can be
# seen. What a revision does not take as an argument is not passed.
let
  nixpkgs = import __nixpkgs;
  arguments = {
    system = "x86_64-linux";
    overlays = [ ];
    config = {
      allowUnfree = true;
      allowBroken = true;
      allowUnsupportedSystem = true;
      allowInsecure = true;
      allowInsecurePredicate = _: true;
      allowAliases = true;
    };
  };
in
if builtins.isFunction nixpkgs then
  nixpkgs (builtins.intersectAttrs (builtins.functionArgs nixpkgs) arguments)
else
  nixpkgs
