#!/bin/sh
# Lists what a package of the box is made of, with versions and licences, as CycloneDX JSON (packaging/bill_of_materials.py).
#   packaging/bill_of_materials.sh FILE [amd64|arm64] [STATUS]     after packaging/deb.sh, whose tree it reads
# STATUS: dpkg's list of an image (its /var/lib/dpkg/status), to list that image's packages too. SUITE=trixie as for deb.sh.
set -eu
cd "$(dirname "$0")/.."
file=${1:?name the file to write} arch=${2:-$(dpkg --print-architecture)}
case $arch in
amd64) machine=x86_64 ;;
arm64) machine=aarch64 ;;
*) echo "bill of materials: $arch: amd64 or arm64" >&2; exit 1 ;;
esac
tree=build/deb-${SUITE:-bookworm}-$arch
[ -d "$tree" ] || { echo "bill of materials: no $tree: make deb ARCH=$arch first" >&2; exit 1; }
if [ ! -e .venv-bom/.hushbox ] || [ requirements/bom.lock -nt .venv-bom/.hushbox ]; then
    python3 -m venv .venv-bom
    .venv-bom/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/bom.lock
    touch .venv-bom/.hushbox
fi
.venv-bom/bin/python packaging/bill_of_materials.py "$tree" "$file" --machine "$machine" ${3:+--dpkg "$3"}
