#!/bin/sh
# Makes all parts of a release in dist/: packages, frozen box, docs, source, bill of materials, checksums.
# Refuses if versions disagree or something is not committed. ARCHES="amd64 arm64" by default.
set -eu
cd "$(dirname "$0")/.."
fail() { printf 'release: %s\n' "$*" >&2; exit 1; }
version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
arches=${ARCHES:-amd64 arm64}
machine=$(uname -m)

packaging/check_versions.sh
[ -z "$(git status --porcelain)" ] || fail "not everything is committed (git status)"
# shellcheck disable=SC2046
rm -rf $(find dist -mindepth 1 -maxdepth 1 2>/dev/null)
mkdir -p dist
git archive --format=tar.gz --prefix="hushbox-$version/" -o "dist/hushbox-$version.tar.gz" HEAD
for arch in $arches; do packaging/deb.sh "$arch"; done
packaging/frozen.sh
tar -C dist -czf "dist/hushbox-$version-frozen-$machine.tar.gz" hushbox
rm -rf dist/hushbox
requirements/docs.sh
tar -C build -czf "dist/hushbox-$version-docs.tar.gz" docs
for arch in $arches; do packaging/bill_of_materials.sh "dist/hushbox-$version-$arch.cdx.json" "$arch"; done
(cd dist && sha256sum -- * >SHA256SUMS)
cat dist/SHA256SUMS
echo "release: hushbox $version is in dist/; try the packages with make test-deb, then tag it v$version"
