#!/bin/sh
# Makes a clean Debian root for another machine or a test: a tar that is made once (about 10 minutes under emulation):
#   packaging/root.sh MACHINE KIND      amd64 or arm64; `build` has compilers, `box` has what a plain box has
# Prints the tar's path. Needs mmdebstrap, and for a foreign machine qemu-user-static with its binfmt entry. SUITE=trixie
# is for Debian 13 and the Raspberry Pi OS of that name; the default is bookworm (12).
set -eu
cd "$(dirname "$0")/.."
machine=${1:?amd64 or arm64} kind=${2:?build or box}
suite=${SUITE:-bookworm}
tar=build/roots/$suite-$machine-$kind.tar
fail() { printf 'root: %s\n' "$*" >&2; exit 1; }
if [ -e "$tar" ]; then echo "$tar"; exit 0; fi

command -v mmdebstrap >/dev/null || fail "sudo apt-get install mmdebstrap arch-test qemu-user-static"
if [ "$machine" != "$(dpkg --print-architecture)" ] && ! arch-test "$machine" >/dev/null 2>&1; then
    fail "this machine cannot run $machine programs: sudo apt-get install qemu-user-static arch-test binfmt-support"
fi
alsa=libasound2
if [ "$suite" = trixie ]; then alsa=libasound2t64; fi
case $kind in
build) packages=python3,python3-dev,gcc,libc6-dev,libasound2-dev ;;
box) packages=python3,$alsa,systemd,udev,man-db,make ;;
*) fail "$kind: build or box" ;;
esac
mkdir -p build/roots
echo "root: making $tar" >&2
nice mmdebstrap --format=tar --variant=minbase --architectures="$machine" --include="$packages" "$suite" "$tar.new" >"$tar.log" 2>&1 ||
    { tail -20 "$tar.log" >&2; fail "mmdebstrap could not make it"; }
mv "$tar.new" "$tar"
echo "$tar"
