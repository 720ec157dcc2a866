#!/bin/sh
# Checks that there is one version everywhere: CHANGELOG.md, the docs' commands and the installed version match pyproject.toml.
set -eu
cd "$(dirname "$0")/.."
version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
wrong=0
differs() { printf 'version: pyproject.toml says %s, %s says %s\n' "$version" "$1" "$2" >&2; wrong=1; }
newest=$(sed -n 's/^## \([0-9][0-9.]*\).*/\1/p' CHANGELOG.md | head -1)
[ "$newest" = "$version" ] || differs CHANGELOG.md "$newest"
for page in README.md docs/*.md; do
    for named in $(grep -o 'hushbox_[0-9][0-9.]*[0-9]' "$page" | sed 's/hushbox_//' | sort -u); do
        [ "$named" = "$version" ] || differs "$page" "$named"
    done
done
installed=$(.venv/bin/hushbox --version 2>/dev/null | sed 's/hushbox //')
[ "$installed" = "$version" ] || differs ".venv (make setup)" "${installed:-nothing}"
exit $wrong
