#!/bin/sh
# Tests the Debian package in a clean root: install, use, upgrade, downgrade refused, remove, install again, purge.
#   packaging/test_deb.sh [amd64|arm64] [PACKAGE.deb]      as root; arm64 runs under emulation, also as a Pi 4's processor
set -eu
cd "$(dirname "$0")/.."
arch=${1:-$(dpkg --print-architecture)}
version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
package=${2:-dist/hushbox_${version}_$arch.deb}
[ "$(id -u)" = 0 ] || { echo "test-deb: only root may make a root" >&2; exit 1; }
[ -e "$package" ] || { echo "test-deb: no $package: packaging/deb.sh $arch first" >&2; exit 1; }
version=$(dpkg-deb -f "$package" Version)

root=$(mktemp -d)
tidy() { umount "$root/proc" "$root/dev/shm" 2>/dev/null || true; rm -rf --one-file-system "$root"; }
trap tidy EXIT
tar -C "$root" -xf "$(packaging/root.sh "$arch" box)"
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/dev/shm"
cp "$package" "$root/now.deb"
# The "next version" is this one with another number, packed without compression.
dpkg-deb -R "$package" "$root/next"
sed -i "s/^Version: .*/Version: $version+next/" "$root/next/DEBIAN/control"
sed -i "s/^this=.*/this=$version+next/" "$root/next/DEBIAN/preinst"
dpkg-deb --root-owner-group -Znone --build "$root/next" "$root/next.deb" >/dev/null
rm -rf "$root/next"

in_root() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 ${QEMU_CPU:+QEMU_CPU=$QEMU_CPU} "$@"; }
step() { printf '\n== %s\n' "$*"; }
fail() { printf 'test-deb: %s\n' "$*" >&2; exit 1; }
as_box() { in_root setpriv --reuid hushbox --regid hushbox --init-groups env HUSHBOX_STATE_DIR=/var/lib/hushbox "$@"; }

step "dpkg -i $package ($(du -m "$package" | cut -f1) MB)"
in_root dpkg -i /now.deb
in_root id hushbox
in_root du -sm /opt/hushbox
in_root systemctl is-enabled hushbox-audio hushbox-control
in_root hushbox --version
in_root man -P cat hushbox >/dev/null
step "dpkg -V: every file as it was packed"
in_root dpkg -V hushbox

step "hushbox doctor, as the box's user"
as_box hushbox doctor
step "the part in C is in it, and loads"
in_root /opt/hushbox/.venv/bin/python -I -c 'import sys; from dsp import native; print(native.description()); sys.exit(not native.in_use())'
step "hushbox process on a real file, in C and in NumPy"
song=$(cd "$root" && echo opt/hushbox/.venv/lib/python3.*/site-packages/firmware_app/assets/demo_vocal.flac)
as_box hushbox process "/$song" /tmp/out.wav
as_box env HUSHBOX_NATIVE=0 hushbox process "/$song" /tmp/numpy.wav
in_root /opt/hushbox/.venv/bin/python -I -c 'import soundfile
one, other = (soundfile.read(f"/tmp/{name}.wav")[0] for name in ("out", "numpy"))
# An int8 network makes up to 0.01 of a last bit that differs.
assert one.shape == other.shape and abs(one - other).max() < 0.03, "another sound without the part in C"'
[ "$(in_root stat -c %s /tmp/out.wav)" -gt 100000 ] || fail "the processed file is too short"
step "hushbox bench"
# Emulation is some hundred times slower, so the test only checks that it runs.
if [ "$arch" = "$(dpkg --print-architecture)" ]; then brief=; else brief="--seconds 0.1 --runtime tflite"; fi
# shellcheck disable=SC2086
as_box hushbox bench $brief || true # on an emulated or busy machine the deadline may well be missed; that it runs is what counts
[ -z "$(in_root dpkg -V hushbox)" ] || fail "using the box changed its files"

step "upgrade keeps settings"
in_root sh -c 'echo "[box]
name = \"stage left\"" >/etc/hushbox/hushbox.toml; echo kept >/var/lib/hushbox/kept'
in_root dpkg -i /next.deb
in_root grep -q 'stage left' /etc/hushbox/hushbox.toml
in_root grep -q kept /var/lib/hushbox/kept
as_box hushbox doctor | head -2

step "downgrade is refused, and the newer one goes on"
if in_root dpkg -i /now.deb; then fail "the downgrade went through"; fi
in_root dpkg-query -W hushbox
in_root systemctl is-enabled hushbox-audio
as_box hushbox --version

step "remove keeps settings, install finds them"
in_root dpkg -r hushbox
[ ! -e "$root/opt/hushbox" ] || fail "remove left /opt/hushbox"
in_root grep -q 'stage left' /etc/hushbox/hushbox.toml
if in_root systemctl is-enabled hushbox-audio; then fail "remove left a unit on"; fi
in_root dpkg -i /next.deb
in_root systemctl is-enabled hushbox-audio
in_root grep -q kept /var/lib/hushbox/kept

step "purge removes everything"
in_root dpkg -P hushbox
if in_root id hushbox 2>/dev/null; then fail "purge left the user"; fi
left=$(in_root find / -xdev -iname '*hushbox*' -not -path '/proc/*' -not -path '/dev/*' -not -path '/root/*' -not -path '/var/cache/man/*' \
    -not -path '/tmp/*')
[ -z "$left" ] || fail "purge left $left"
echo; echo "test-deb: $arch is fine"
