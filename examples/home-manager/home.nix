# Pinned packages in the user's profile, and environments to enter with `nix-archiver env`.
#
# It is found once somebody has run:
#   nix-channel --add https://github.com/nix-archiver/nix-archiver/archive/main.tar.gz nix-archiver
# In a flake, the module is nix-archiver.homeManagerModules.default.
{
  imports = [ <nix-archiver/nix/home-manager.nix> ];

  programs.nix-archiver = {
    enable = true;
    lockFile = ./packages.lock;

    # In the profile.
    pins = { git = "2.16.2"; };

    # `nix-archiver env enter web`, or in .envrc: eval "$(nix-archiver env export web)"
    devEnvironments.web.packages = [
      "nodejs@6.12.3"
      "python3Packages.requests"
    ];
  };
}
