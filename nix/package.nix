# The program. Its tests need other programs and run with `cargo xtask test`, not here.
{ pkgs }:

let
  manifest = builtins.fromTOML (builtins.readFile ../Cargo.toml);
in
pkgs.rustPlatform.buildRustPackage {
  pname = "nix-archiver";
  inherit (manifest.workspace.package) version;

  # Folders that the program is not made of do not make it build anew.
  src = pkgs.lib.fileset.toSource {
    root = ../.;
    fileset = pkgs.lib.fileset.unions [
      ../Cargo.toml
      ../Cargo.lock
      ../cli
      ../crates
      ../indexer
      ../lsp
      ../tests
      ../xtask
    ];
  };
  cargoLock.lockFile = ../Cargo.lock;
  cargoBuildFlags = [ "--package" "nix-archiver" ];
  doCheck = false;

  # The program itself knows what shells complete and what its manual says.
  nativeBuildInputs = [ pkgs.installShellFiles ];
  postInstall = ''
    for shell in bash zsh fish; do
      $out/bin/nix-archiver completions $shell > nix-archiver.$shell
    done
    installShellCompletion nix-archiver.{bash,zsh,fish}
    for command in "" lock update check generate apply sync diff; do
      $out/bin/nix-archiver man $command > nix-archiver''${command:+-$command}.1
    done
    installManPage nix-archiver*.1
  '';

  meta = {
    description = "Every version of every nixpkgs package, while you type";
    homepage = manifest.workspace.package.repository;
    license = [ pkgs.lib.licenses.mit pkgs.lib.licenses.asl20 ];
    mainProgram = "nix-archiver";
  };
}
