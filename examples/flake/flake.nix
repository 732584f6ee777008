# A shell with what packages.nix pins: `nix-archiver lock --prefetch`, then `nix develop`.
{
  description = "A project with pinned packages";

  inputs.nix-archiver.url = "github:nix-archiver/nix-archiver";

  outputs =
    { self, nix-archiver }:
    let
      systems = [ "x86_64-linux" "aarch64-linux" "x86_64-darwin" "aarch64-darwin" ];
      perSystem =
        f:
        builtins.listToAttrs (
          map (system: {
            name = system;
            value = f (nix-archiver.lib.using {
              inherit system;
              lockFile = ./packages.lock;
            });
          }) systems
        );
    in
    {
      # `nix run .#nodejs`: packages are those of packages.lock.
      legacyPackages = perSystem (pinned: pinned.pinnedPackages { });

      devShells = perSystem (pinned: {
        default = pinned.mkDevShell { packages = import ./packages.nix; };
        # Some of them, each with the version that is expected.
        web = pinned.mkDevShell { packages = [ "nodejs@6.12.3" ]; };
      });
    };
}
