# For `nix flake init -t`: the examples, which the tests hold to what they say.
rec {
  default = flake;
  flake = {
    path = ../examples/flake;
    description = "A flake with a shell of pinned packages";
  };
  shell = {
    path = ../examples/shell;
    description = "A shell of pinned packages for nix-shell";
  };
  nixos = {
    path = ../examples/nixos;
    description = "A NixOS configuration with pinned packages";
  };
  home-manager = {
    path = ../examples/home-manager;
    description = "A home-manager configuration with pinned packages and environments";
  };
}
