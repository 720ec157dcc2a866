#!/bin/sh
# Makes all parts of a release in dist/: packages, updates, frozen box, docs, source, bill of materials, checksums. The
# updates are signed into the repository of REPO=FOLDER with the keys targets and online of KEYS=FOLDER (docs/updates.md).
# Refuses if versions disagree, something is not committed, or a box could not take what would be signed.
# ARCHES="amd64 arm64" and SUITES="bookworm" by default; SUITES="bookworm trixie" is for boxes with Debian 13, too.
set -eu
cd "$(dirname "$0")/.."
fail() { printf 'release: %s\n' "$*" >&2; exit 1; }
version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
arches=${ARCHES:-amd64 arm64}
suites=${SUITES:-bookworm}
machine=$(uname -m)
repo=${REPO:-} keys=${KEYS:-}
export UPDATE_ROOT="${UPDATE_ROOT:-packaging/update-root.json}" # what the boxes made here trust

[ -n "$repo" ] && [ -n "$keys" ] ||
    fail "REPO=FOLDER and KEYS=FOLDER are needed: no box takes an update that is not signed (docs/updates.md)"
for key in targets online; do
    [ -e "$keys/$key" ] || fail "$keys/$key is not there: docs/updates.md says how keys are made, and where they are kept"
done
[ -e "$repo/metadata/1.root.json" ] || fail "$repo is no repository of updates: the ceremony in docs/updates.md makes it"
.venv/bin/python packaging/updates/repository.py ready "$repo" --targets "$keys/targets" --online "$keys/online" --trusts "$UPDATE_ROOT"
packaging/check_versions.sh
[ -z "$(git status --porcelain)" ] || fail "not everything is committed (git status)"
# shellcheck disable=SC2046
rm -rf $(find dist -mindepth 1 -maxdepth 1 2>/dev/null)
mkdir -p dist
git archive --format=tar.gz --prefix="hushbox-$version/" -o "dist/hushbox-$version.tar.gz" HEAD
for suite in $suites; do
    for arch in $arches; do SUITE=$suite packaging/updates/archive.sh "$arch"; done # the package, too
done
packaging/frozen.sh
tar -C dist -czf "dist/hushbox-$version-frozen-$machine.tar.gz" hushbox
rm -rf dist/hushbox
requirements/docs.sh
tar -C build -czf "dist/hushbox-$version-docs.tar.gz" docs
for arch in $arches; do packaging/bill_of_materials.sh "dist/hushbox-$version-$arch.cdx.json" "$arch"; done
packaging/updates/publish.sh "$repo" "$keys"
.venv/bin/python packaging/updates/repository.py check "$repo" dist/hushbox-*-py3.*.tar.xz --trusts "$UPDATE_ROOT"
(cd dist && sha256sum -- * >SHA256SUMS)
cat dist/SHA256SUMS
echo "release: hushbox $version is in dist/; try the packages with make test-deb, then tag it v$version"
echo "release: $repo has the updates: copy it to the server, or to a stick as hushbox-update/, when all of it is tried"
