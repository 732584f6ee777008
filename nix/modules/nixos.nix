# NixOS: pinned packages for everyone, and an index of nixpkgs' history that keeps itself up to date.
{
  config,
  lib,
  pkgs,
  ...
}:

with lib;

let
  cfg = config.services.nix-archiver;
  inherit (cfg) indexer;

  state = "/var/lib/nix-archiver";
  isLocal = hasPrefix "/" indexer.repository;
  clone = if isLocal then indexer.repository else "${state}/nixpkgs.git";
  ownDatabase = hasPrefix "${state}/" indexer.database;
  branches = map escapeShellArg indexer.branches;

  lockFile =
    if cfg.lockFile != null then
      cfg.lockFile
    else
      throw "services.nix-archiver.lockFile must name a packages.lock; `nix-archiver lock` makes it";
  pinned = import ../lib {
    inherit lockFile;
    system = pkgs.stdenv.hostPlatform.system or pkgs.stdenv.system;
    config = pkgs.config or { };
  };
  packages = cfg.pinnedPackages;
in
{
  options.services.nix-archiver = {
    enable = mkOption {
      type = types.bool;
      default = false;
      description = "Whether to install nix-archiver and the pinned packages.";
    };

    package = mkOption {
      type = types.package;
      default = pkgs.nix-archiver or (import ../package.nix { inherit pkgs; });
      defaultText = "pkgs.nix-archiver";
      description = "The program.";
    };

    pinnedPackages = mkOption {
      type = types.attrs;
      default = { };
      example = {
        nodejs = "6.12.3";
      };
      description = ''
        Pins as in packages.nix, for which `lockFile` has versions and revisions: usually
        `import ./packages.nix`. They are installed for everyone.
      '';
    };

    lockFile = mkOption {
      type = types.nullOr types.path;
      default = null;
      description = "The packages.lock that `nix-archiver lock` made for `pinnedPackages`.";
    };

    generateOverlay = mkOption {
      type = types.bool;
      default = false;
      description = ''
        Whether the pinned packages take the place of their namesakes in `pkgs` as well, so that
        other modules use them too.
      '';
    };

    indexer = {
      enable = mkOption {
        type = types.bool;
        default = false;
        description = ''
          Whether to keep an index of nixpkgs' history on this machine. Everyone's `nix-archiver`
          then answers from it.
        '';
      };

      repository = mkOption {
        type = types.str;
        default = "https://github.com/NixOS/nixpkgs.git";
        description = ''
          Where nixpkgs' history comes from: an address that git fetches from, or the absolute path
          of a clone on this machine, which is read and left as it is.
        '';
      };

      branches = mkOption {
        type = types.listOf types.str;
        default = [ "nixos-unstable" ];
        example = [
          "nixos-unstable"
          "nixos-24.05"
        ];
        description = "The branches that are read.";
      };

      updateInterval = mkOption {
        type = types.str;
        default = "daily";
        example = "*-*-* 04:00:00";
        description = "When the index is brought up to date, in the words of systemd.time(7).";
      };

      database = mkOption {
        type = types.str;
        default = "${state}/index";
        description = "The folder that the index is in.";
      };
    };
  };

  config = mkIf cfg.enable (mkMerge [
    {
      environment.systemPackages = [ cfg.package ] ++ pinned.pinnedList { inherit packages; };
    }

    # Not `pinned`: `pkgs`, which it asks for the system, is what the overlay is part of.
    (mkIf cfg.generateOverlay {
      nixpkgs.overlays = [
        ((import ../lib { inherit lockFile; }).mkOverlay { inherit packages; })
      ];
    })

    (mkIf indexer.enable {
      assertions = [
        {
          assertion = indexer.branches != [ ];
          message = "services.nix-archiver.indexer.branches must name a branch";
        }
      ];

      environment.variables.NIX_ARCHIVER_INDEX = indexer.database;

      users.users.nix-archiver = {
        isSystemUser = true;
        group = "nix-archiver";
        home = state;
        description = "Reader of nixpkgs' history";
      };
      users.groups.nix-archiver = { };

      systemd.tmpfiles.rules = optional (
        !ownDatabase
      ) "d ${indexer.database} 0755 nix-archiver nix-archiver -";

      systemd.services.nix-archiver-index = {
        description = "Read nixpkgs' history into the version index";
        after = optional (!isLocal) "network-online.target";
        wants = optional (!isLocal) "network-online.target";
        path = [ pkgs.git ];
        script =
          optionalString (!isLocal) ''
            if [ ! -d ${clone} ]; then
              git init --quiet --bare ${clone}
            fi
            for branch in ${concatStringsSep " " branches}; do
              git -C ${clone} fetch --quiet --no-tags ${escapeShellArg indexer.repository} \
                "+refs/heads/$branch:refs/heads/$branch"
            done
          ''
          + ''
            exec ${cfg.package}/bin/nix-archiver index --index ${escapeShellArg indexer.database} \
              --repo ${escapeShellArg clone} ${concatMapStringsSep " " (branch: "--branch ${branch}") branches}
          '';
        environment.HOME = state;
        serviceConfig = {
          Type = "oneshot";
          User = "nix-archiver";
          Group = "nix-archiver";
          StateDirectory = "nix-archiver";
          StateDirectoryMode = "0755";
          UMask = "0022";

          # It is in nobody's way.
          Nice = 19;
          IOSchedulingClass = "idle";

          # It reads a clone, writes an index, and may do nothing else.
          CapabilityBoundingSet = "";
          LockPersonality = true;
          MemoryDenyWriteExecute = true;
          NoNewPrivileges = true;
          PrivateDevices = true;
          PrivateTmp = true;
          ProtectClock = true;
          ProtectControlGroups = true;
          ProtectHome = "read-only";
          ProtectHostname = true;
          ProtectKernelLogs = true;
          ProtectKernelModules = true;
          ProtectKernelTunables = true;
          ProtectSystem = "strict";
          ReadWritePaths = optional (!ownDatabase) indexer.database;
          RestrictAddressFamilies = [ "AF_UNIX" ] ++ optionals (!isLocal) [ "AF_INET" "AF_INET6" ];
          RestrictNamespaces = true;
          RestrictRealtime = true;
          RestrictSUIDSGID = true;
          SystemCallArchitectures = "native";
          SystemCallFilter = "@system-service";
        };
      };

      systemd.timers.nix-archiver-index = {
        description = "Bring the version index up to date";
        wantedBy = [ "timers.target" ];
        timerConfig = {
          OnCalendar = indexer.updateInterval;
          Persistent = true;
          RandomizedDelaySec = "15min";
        };
      };
    })
  ]);
}
