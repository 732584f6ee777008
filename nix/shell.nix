# What one needs to work on nix-archiver.
{ pkgs }:

pkgs.mkShell {
  packages = [
    pkgs.cargo
    pkgs.cargo-nextest
    pkgs.clippy
    pkgs.git
    pkgs.neovim
    pkgs.nodejs
    pkgs.rustc
    pkgs.rustfmt
  ];
}
