#!/bin/sh
# Makes the Debian package twice from the last commit, in two places, by two umasks, zones and languages, wheels and all:
# the same bytes must come.      packaging/test_deb_twice.sh
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
once() { # once FOLDER UMASK ZONE LANGUAGE
    git clone -q . "$1"
    (cd "$1" && umask "$2" && TZ=$3 LANG=$4 packaging/deb.sh)
}
once "$work/one" 022 UTC C.UTF-8
once "$work/the-other-one" 077 Asia/Kolkata de_DE.UTF-8
sha256sum "$work"/*/dist/*.deb
cmp "$work"/one/dist/*.deb "$work"/the-other-one/dist/*.deb && exit
for tree in one the-other-one; do
    (cd "$work/$tree/build"/deb-* && find . -type f -exec sha256sum {} + -o -type l -printf '%l %p\n' | sort -k2) >"$work/$tree.list"
done
diff "$work/one.list" "$work/the-other-one.list" | head -40
echo "test-deb-twice: the second package is another" >&2
exit 1
