#!/bin/sh
# Makes the Debian package from the same tree as `make install`:  packaging/deb.sh [amd64|arm64] [FOLDER]
# Plain dpkg-deb: the package is a ready environment, so a board unpacks it and neither compiles nor downloads anything.
# zstd is minutes faster than xz, and a tenth larger.
# For another machine or Debian, packages that exist only as source are built in a root of their own. SUITE=trixie for Debian 13 and
# the Raspberry Pi OS of that name; bookworm otherwise.
# The same commit gives the same bytes: the times of all files are the commit's (SOURCE_DATE_EPOCH=SECONDS for another).
set -eu
cd "$(dirname "$0")/.."
export LC_ALL=C # one order for all lists
umask 022
. packaging/commit_time.sh
host=$(dpkg --print-architecture)
arch=${1:-$host} out=${2:-dist}
export PYTHON=/usr/bin/python3
suite=${SUITE:-bookworm}
version=${VERSION:-$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)}
case $arch in
amd64) machine=x86_64 ;;
arm64) machine=aarch64 ;;
*) echo "deb: $arch: amd64 or arm64" >&2; exit 1 ;;
esac
case $suite in
bookworm) export MINOR=3.11 ;;
trixie) export MINOR=3.13; version=$version+trixie ;; # above the plain one, so that a newer Debian is no downgrade
*) echo "deb: SUITE=$suite: bookworm or trixie" >&2; exit 1 ;;
esac
if [ "$arch" = "$host" ] && $PYTHON -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$MINOR')"; then
    wheels=build/wheels
    packaging/wheels.sh "$wheels"
else
    wheels=build/wheels-$suite-$arch
    packaging/foreign_wheels.sh "$wheels" $machine "$arch" $MINOR
fi

root=build/deb-$suite-$arch
rm -rf "$root"
mkdir -p "$root/DEBIAN" "$out"
packaging/tree.sh "$root" "$wheels" $machine
[ -e "$root/opt/hushbox/.venv/lib/python$MINOR/site-packages/dsp/native/_hop.abi3.so" ] ||
    { echo "deb: the part in C was not built (dsp/native)" >&2; exit 1; }
doc=$root/usr/share/doc/hushbox
mkdir -p "$doc" "$root/usr/share/lintian/overrides"
cp packaging/debian/copyright "$doc"
cp packaging/debian/lintian-overrides "$root/usr/share/lintian/overrides/hushbox"
date=$(date -u -R -d "@$SOURCE_DATE_EPOCH")
gzip -9n >"$doc/changelog.gz" <<EOF
hushbox ($version) unstable; urgency=medium

  * See /opt/hushbox/CHANGELOG.md.

 -- Hushbox maintainers <hushbox@localhost>  $date
EOF

next=3.$((${MINOR#3.} + 1))
more= # recommended, not needed: Raspberry Pi OS has it, plain Debian 13 does not, and a box without pins works
if [ "$suite" = trixie ]; then more=", python3-lgpio"; fi
# As dpkg-gencontrol counts, whatever file system this is: each file in whole KiB, anything else one.
size=$(find "$root" -path "$root/DEBIAN" -prune -o -type f -printf '%s\n' -o -printf '1\n' | awk '{ n += int(($1 + 1023) / 1024) } END { print n }')
sed -e "s/@VERSION@/$version/" -e "s/@ARCH@/$arch/" -e "s/@SIZE@/$size/" -e "s/@PYTHON@/$MINOR/" -e "s/@MORE@/$more/" -e "s/@NEXT_PYTHON@/$next/" \
    packaging/debian/control >"$root/DEBIAN/control"
for script in preinst postinst prerm postrm; do
    sed "s/@VERSION@/$version/" "packaging/debian/$script" >"$root/DEBIAN/$script"
    chmod 755 "$root/DEBIAN/$script"
done
(cd "$root" && find etc -type f | sed 's|^|/|' | sort >DEBIAN/conffiles)
(cd "$root" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
package=$out/hushbox_${version}_$arch.deb
dpkg-deb --root-owner-group -Zzstd -z10 --build "$root" "$package" >/dev/null
echo "deb: $package, $(du -m "$package" | cut -f1) MB, installed $((size / 1024)) MB"
