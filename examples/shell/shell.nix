# A shell with what packages.nix pins: `nix-archiver lock`, then `nix-shell`.
{
  nix-archiver ? builtins.fetchTarball "https://github.com/nix-archiver/nix-archiver/archive/main.tar.gz",
}:
let
  pinned = import (nix-archiver + "/nix/lib") { lockFile = ./packages.lock; };
in
pinned.mkDevShell { packages = import ./packages.nix; }
