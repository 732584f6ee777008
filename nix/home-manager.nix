# home-manager: pinned packages for one user, and environments to enter with `nix-archiver env`.
{
  config,
  lib,
  pkgs,
  ...
}:

with lib;

let
  cfg = config.programs.nix-archiver;

  pinned = import ./lib {
    lockFile =
      if cfg.lockFile != null then
        cfg.lockFile
      else
        throw "programs.nix-archiver.lockFile must name a packages.lock; `nix-archiver lock` makes it";
    system = pkgs.stdenv.hostPlatform.system or pkgs.stdenv.system;
    config = pkgs.config or { };
  };

  # Where `nix-archiver env` looks for it.
  environment = name: one: {
    name = "nix-archiver/environments/${name}";
    value.source = pkgs.buildEnv {
      name = "nix-archiver-${name}";
      paths = pinned.pinnedList { inherit (one) packages; };
    };
  };
in
{
  options.programs.nix-archiver = {
    enable = mkOption {
      type = types.bool;
      default = false;
      description = "Whether to install nix-archiver, the pinned packages and the environments.";
    };

    package = mkOption {
      type = types.package;
      default = pkgs.nix-archiver or (import ./package.nix { inherit pkgs; });
      defaultText = "pkgs.nix-archiver";
      description = "The program.";
    };

    lockFile = mkOption {
      type = types.nullOr types.path;
      default = null;
      description = "The packages.lock that `nix-archiver lock` made for the pins.";
    };

    pins = mkOption {
      type = types.attrs;
      default = { };
      example = {
        nodejs = "6.12.3";
      };
      description = ''
        Pins as in packages.nix, for which `lockFile` has versions and revisions: usually
        `import ./packages.nix`. They are in the user's profile.
      '';
    };

    devEnvironments = mkOption {
      type = types.attrsOf (types.submodule {
        options.packages = mkOption {
          type = types.either types.attrs (types.listOf types.str);
          default = { };
          example = [ "nodejs@6.12.3" ];
          description = ''
            What the environment has: pins as in packages.nix, or a list of names of the lock, with
            the version that is expected or without.
          '';
        };
      });
      default = { };
      example = {
        web.packages = [ "nodejs@6.12.3" ];
      };
      description = ''
        Environments by their names. `nix-archiver env list` shows them, `nix-archiver env enter
        NAME` starts a shell that has one, and `nix-archiver env export NAME` says what direnv or a
        shell is to evaluate.
      '';
    };
  };

  config = mkIf cfg.enable {
    home.packages = [ cfg.package ] ++ pinned.pinnedList { packages = cfg.pins; };
    xdg.configFile = mapAttrs' environment cfg.devEnvironments;
  };
}
