# Pinned packages beside those of the channel, and an index of nixpkgs' history for everyone.
#
# It is found once somebody has run:
#   nix-channel --add https://github.com/nix-archiver/nix-archiver/archive/main.tar.gz nix-archiver
# In a flake, the module is nix-archiver.nixosModules.default.
{
  imports = [ <nix-archiver/nix/modules/nixos.nix> ];

  services.nix-archiver = {
    enable = true;
    pinnedPackages = import ./packages.nix;
    lockFile = ./packages.lock;

    # Services of this machine use the pinned versions too.
    generateOverlay = true;

    indexer = {
      enable = true;
      branches = [ "nixos-unstable" ];
      updateInterval = "weekly";
    };
  };
}
