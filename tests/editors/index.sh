#!/usr/bin/env bash
# Makes the version index that the editor tests run on: the git history of a nixpkgs of seven packages
# (which Nix itself can evaluate), read by the real indexer.
#
#   index.sh PROGRAM FOLDER
#
# leaves the history in FOLDER/nixpkgs and the index in FOLDER/index. The clock stands still, but
# for the last commit, which is of today: an index that has seen nothing for long is reported as old.
set -euo pipefail
program=$1
folder=$2
repo=$folder/nixpkgs

rm -rf "$folder"
mkdir -p "$repo"
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
export GIT_AUTHOR_NAME=Ada GIT_AUTHOR_EMAIL=ada@example.org
export GIT_COMMITTER_NAME=Ada GIT_COMMITTER_EMAIL=ada@example.org
git -C "$repo" init --quiet --initial-branch=nixpkgs-unstable

# package NAME VERSION FILE DESCRIPTION [META]: META is more of what the package says of itself.
package() {
  mkdir -p "$(dirname "$repo/$3")"
  cat > "$repo/$3" <<NIX
{ lib, stdenv, fetchurl }:

stdenv.mkDerivation rec {
  pname = "$1";
  version = "$2";

  src = fetchurl {
    url = "https://example.org/$1-\${version}.tar.gz";
    hash = lib.fakeHash;
  };

  meta = with lib; {
    description = "$4";
    homepage = "https://example.org/$1";
    license = licenses.mit;
    ${5:-}
  };
}
NIX
}

nodejs() { package nodejs "$1" pkgs/development/web/nodejs/default.nix "Event-driven framework for JavaScript"; }
python() { package python3 "$1" pkgs/development/interpreters/python/default.nix "High-level programming language"; }
ripgrep() { package ripgrep "$1" pkgs/tools/text/ripgrep/default.nix "Search tool that knows your project"; }

# commit DATE MESSAGE
commit() {
  git -C "$repo" add --all
  GIT_AUTHOR_DATE="$1T12:00:00Z" GIT_COMMITTER_DATE="$1T12:00:00Z" \
    git -C "$repo" commit --quiet --message "$2"
}

mkdir -p "$repo/lib" "$repo/pkgs/top-level"
cat > "$repo/lib/default.nix" <<'NIX'
{
  fakeHash = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
  licenses.mit = { fullName = "MIT License"; shortName = "mit"; spdxId = "MIT"; };
}
NIX
cat > "$repo/default.nix" <<'NIX'
{ ... }:

let
  lib = import ./lib;

  stdenv.mkDerivation = attributes: attributes // {
    type = "derivation";
    name = "${attributes.pname}-${attributes.version}";
  };

  fetchurl = attributes: attributes;

  callPackage = file: overrides:
    let f = import file; in
    f (builtins.intersectAttrs (builtins.functionArgs f) pkgs // overrides);

  allPackages = import ./pkgs/top-level/all-packages.nix {
    inherit lib;
    nixpkgs = ./.;
    noSysDirs = true;
    config = { };
    overlays = [ ];
  };

  pkgs = { inherit lib stdenv fetchurl callPackage; } // allPackages pkgs pkgs { };
in
pkgs
NIX
cat > "$repo/pkgs/top-level/all-packages.nix" <<'NIX'
{ lib, nixpkgs, noSysDirs, config, overlays }:
res: pkgs: super:

with pkgs;

{
  nodejs = callPackage ../development/web/nodejs { };

  python3 = callPackage ../development/interpreters/python { };

  ripgrep = callPackage ../tools/text/ripgrep { };

  ripgrep-all = callPackage ../tools/text/ripgrep-all { };

  openssl = callPackage ../development/libraries/openssl { };

  gimp = callPackage ../applications/graphics/gimp { };

  grip = callPackage ../applications/misc/grip { };
}
NIX
package ripgrep-all 0.9.6 pkgs/tools/text/ripgrep-all/default.nix "Ripgrep, but also in documents"
package openssl 1.0.2u pkgs/development/libraries/openssl/default.nix "Cryptographic library" \
  'knownVulnerabilities = [ "It is no longer maintained." ];'
package gimp 2.10.36 pkgs/applications/graphics/gimp/default.nix "Image editor" 'broken = true;'
package grip 4.2.0 pkgs/applications/misc/grip/default.nix "Player of compact discs"

# The order of versions is neither that of their texts (8.9.4 would come first) nor that of time
# (20.10.0 comes back after 20.11.0).
nodejs 8.9.4; python 3.6.4; ripgrep 0.8.0
commit 2018-02-05 "init"
nodejs 10.15.0
commit 2019-02-01 "nodejs: 8.9.4 -> 10.15.0"
python 3.9.6; ripgrep 13.0.0
sed -i '/^  grip = /d' "$repo/pkgs/top-level/all-packages.nix"
commit 2021-07-01 "python3, ripgrep: update; grip: remove"
nodejs 18.13.0
commit 2023-01-10 "nodejs: 10.15.0 -> 18.13.0"
nodejs 20.11.0; python 3.11.7
commit 2024-01-15 "nodejs, python3: update"
nodejs 20.10.0
commit 2024-02-02 "Revert nodejs to 20.10.0"
ripgrep 14.1.0
commit 2024-03-20 "ripgrep: 13.0.0 -> 14.1.0"
echo "Nix Packages collection" > "$repo/README.md"
commit "$(date -u +%F)" "README: init"

"$program" index --repo "$repo" --branch nixpkgs-unstable --index "$folder/index"
