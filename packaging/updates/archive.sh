#!/bin/sh
# Makes the archive that an update brings, from the same tree as the Debian package:  packaging/updates/archive.sh [amd64|arm64]
# SUITE=trixie for Debian 13; LEAST=X.Y.Z: the oldest version that may go to this one. The package is made first, or is there.
set -eu
cd "$(dirname "$0")/../.."
host=$(dpkg --print-architecture)
arch=${1:-$host} suite=${SUITE:-bookworm}
case $suite in
bookworm) minor=3.11 ;;
trixie) minor=3.13 ;;
*) echo "archive: SUITE=$suite: bookworm or trixie" >&2; exit 1 ;;
esac
version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
root=build/deb-$suite-$arch
packaging/deb.sh "$arch" dist
[ -d "$root/opt/hushbox/versions/$version" ] || { echo "archive: $root has no version $version" >&2; exit 1; }
.venv/bin/python packaging/updates/archive.py "$root/opt/hushbox/versions/$version" dist --machine "$arch" --python "$minor" --least "${LEAST:-0.0.0}"
