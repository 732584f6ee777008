#!/usr/bin/env bash
# Editors that this system's own packages may lack or have too old: Helix, Kakoune, and newer releases
# of Neovim and Emacs. A release of Debian with them is unpacked into a folder, and they are run from
# there.
#
#   setup.sh FOLDER RELEASE PACKAGE…
#
# Does nothing when that is done already. Debian's packages come from where this machine gets its own.
set -euo pipefail
folder=$1
release=$2
shift 2
packages=$(IFS=,; echo "$*")
done_for=$folder/.set-up-for
if [[ -f $done_for && $(< "$done_for") == "$release $packages" ]]; then
  echo "The editors are set up."
  exit 0
fi

need() { echo "The tests in Helix and Kakoune need $1." >&2; exit 1; }
[[ $(id -u) -eq 0 ]] || need "root, to make a Debian in a folder"
command -v apt-get > /dev/null || need "a Debian machine, whose mirror they can take packages from"
if ! command -v debootstrap > /dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends debootstrap
fi
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -E '/debian/?$' | head -1)
[[ -n $mirror ]] || need "a mirror of Debian among this machine's sources of packages"

rm -rf "$folder"
mkdir -p "$folder"
# The log is long, and worth reading only when something goes wrong.
log=$(mktemp)
# Every release is made in the way that is called sid; those that came after it was installed,
# debootstrap does not know by name.
way=/usr/share/debootstrap/scripts/sid
if ! debootstrap --variant=minbase --include="$packages" "$release" "$folder" "$mirror" "$way" > "$log" 2>&1; then
  tail -20 "$log" >&2
  cp "$folder/debootstrap/debootstrap.log" /dev/stderr 2> /dev/null || true
  exit 1
fi
rm "$log"
rm -rf "$folder"/var/cache/apt/archives/*.deb
echo "$release $packages" > "$done_for"
