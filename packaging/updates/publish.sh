#!/bin/sh
# Signs all archives in dist/ into a repository:  packaging/updates/publish.sh REPO KEYS
# KEYS holds targets and online (docs/updates.md); a repository that is not there yet is made, and needs root-1 to root-3 too.
set -eu
cd "$(dirname "$0")/../.."
fail() { echo "update-repo: $*" >&2; exit 1; }
repo=${1:-} keys=${2:-}
[ -n "$repo" ] && [ -n "$keys" ] || fail "REPO=FOLDER and KEYS=FOLDER are needed"
tool() { .venv/bin/python packaging/updates/repository.py "$@"; }
for key in targets online; do [ -e "$keys/$key" ] || fail "$keys/$key is not there: docs/updates.md says how keys are made"; done
made=
if [ ! -e "$repo/metadata/1.root.json" ]; then
    made=1
    tool init "$repo" --root "$keys/root-1" "$keys/root-2" "$keys/root-3" --targets "$keys/targets" --online "$keys/online"
    echo "update-repo: $repo/metadata/1.root.json is what boxes trust: build them with UPDATE_ROOT=$repo/metadata/1.root.json"
fi
set -- dist/hushbox-*-py3.*.tar.xz
if [ ! -e "$1" ] && [ -n "$made" ]; then # the ceremony, before the first release
    tool show "$repo"
    exit
fi
[ -e "$1" ] || fail "no archive in dist/: make update-archive first"
tool add "$repo" "$@" --targets "$keys/targets" --online "$keys/online"
tool show "$repo"
