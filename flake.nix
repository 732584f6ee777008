{
  description = "Every version of every nixpkgs package, while you type";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixpkgs-unstable";

  outputs =
    { self, nixpkgs }:
    let
      systems = [ "x86_64-linux" "aarch64-linux" "x86_64-darwin" "aarch64-darwin" ];
      perSystem = f: nixpkgs.lib.genAttrs systems (system: f nixpkgs.legacyPackages.${system});
    in
    {
      packages = perSystem (pkgs: rec {
        nix-archiver = import ./nix/package.nix { inherit pkgs; };
        default = nix-archiver;
      });

      lib = import ./nix/lib { };

      overlays.default = final: _: { nix-archiver = import ./nix/package.nix { pkgs = final; }; };

      nixosModules.default = import ./nix/modules/nixos.nix;
      homeManagerModules.default = import ./nix/home-manager.nix;

      templates = import ./nix/templates.nix;

      devShells = perSystem (pkgs: {
        default = import ./nix/shell.nix { inherit pkgs; };
      });

      checks = perSystem (pkgs: import ./nix/checks { inherit pkgs; });
    };
}
