# Evaluates the flake's outputs without nixpkgs and without a network: what they ask of nixpkgs is
# answered by the few functions below, which keep their arguments. It says what is wrong by throwing,
# and gives "ok" otherwise.
#
#   nix-instantiate --eval --strict nix/checks/outputs.nix
let
  lib = {
    genAttrs = names: f: builtins.listToAttrs (map (name: { inherit name; value = f name; }) names);
    licenses = { mit = "MIT"; asl20 = "Apache-2.0"; };
    fileset = {
      toSource = { root, fileset }: { inherit root fileset; };
      unions = paths: map (path: if builtins.pathExists path then path else throw "no ${toString path}") paths;
    };
  };
  programs = [ "cargo" "cargo-nextest" "clippy" "git" "neovim" "nodejs" "rustc" "rustfmt" ];
  pkgs = lib.genAttrs programs (name: name) // {
    inherit lib;
    installShellFiles = "installShellFiles";
    rustPlatform.buildRustPackage = arguments: arguments;
    mkShell = arguments: arguments;
    runCommand = name: arguments: script: arguments // { inherit name script; };
  };
  systems = [ "x86_64-linux" "aarch64-linux" "x86_64-darwin" "aarch64-darwin" ];
  nixpkgs = { inherit lib; legacyPackages = lib.genAttrs systems (_: pkgs); };

  flake = import ../../flake.nix;
  outputs = flake.outputs { self = outputs; inherit nixpkgs; };
  manifest = builtins.fromTOML (builtins.readFile ../../Cargo.toml);
  members = manifest.workspace.members;

  check = what: ok: if ok then null else throw what;
  ofSystem = system:
    let
      package = outputs.packages.${system}.default;
      inSource = member: builtins.any (path: inFolder (toString path) member) package.src.fileset;
    in
    [
      (check "the package has no version" (package.version != ""))
      (check "the lock file is missing" (builtins.pathExists package.cargoLock.lockFile))
      (map (m: check "the source lacks ${m}" (inSource m)) members)
      (check "the shell is empty" (outputs.devShells.${system}.default.packages != [ ]))
      (check "the library" (outputs.checks.${system}.library.ok == "ok"))
    ];
  isTemplate = template: check "the template ${toString template.path}"
    (template.description != "" && builtins.pathExists (template.path + "/packages.nix"));
  # Whether a member of the workspace is at, or below, a path of the source.
  inFolder = path: member:
    let file = toString (../../. + "/${member}"); in
    file == path || builtins.substring 0 (builtins.stringLength path + 1) file == path + "/";
in
builtins.deepSeq [
  (map ofSystem systems)
  (map isTemplate (builtins.attrValues outputs.templates))
  (check "the overlay" (builtins.attrNames (outputs.overlays.default pkgs pkgs) == [ "nix-archiver" ]))
  (check "the library" (outputs.lib ? fetchVersion && outputs.lib ? mkDevShell))
  (check "the modules" (builtins.all builtins.isFunction [ outputs.nixosModules.default outputs.homeManagerModules.default ]))
] "ok"
