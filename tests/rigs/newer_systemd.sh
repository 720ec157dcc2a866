#!/bin/sh
# Unpack another Debian's systemd-analyze into build/systemd-SUITE, for tests/systemd: nothing of it is installed or started.
#   tests/rigs/newer_systemd.sh [trixie]       needs mmdebstrap
set -eu
cd "$(dirname "$0")/../.."
suite=${1:-trixie} folder=build/systemd-${1:-trixie}
[ -e "$folder/usr/bin/systemd-analyze" ] && exit 0
command -v mmdebstrap >/dev/null || { echo "newer systemd: sudo apt-get install mmdebstrap" >&2; exit 1; }
rm -rf "$folder"
mkdir -p build
mmdebstrap --quiet --mode=auto --variant=extract --include=systemd "$suite" "$folder"
rm -rf "$folder/dev"
echo "newer systemd: $folder"
