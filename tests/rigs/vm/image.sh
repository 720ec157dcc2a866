#!/bin/sh
# Make the disk of the test machine in build/vm: Debian with systemd, a real kernel, and this checkout installed with
# `make install`. What does not change with the checkout (Debian, wheels, the GPIO module) is made once and kept.
#   tests/rigs/vm/image.sh       as root; needs qemu-system-x86 mmdebstrap e2fsprogs linux-headers-amd64
set -eu
cd "$(dirname "$0")/../../.."
here=tests/rigs/vm build=$PWD/build/vm
say() { printf 'vm: %s\n' "$*"; }
fail() { printf 'vm: %s\n' "$*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || fail "only root can make a Debian of its own: sudo $0"
missing=
command -v qemu-system-x86_64 >/dev/null || missing="$missing qemu-system-x86"
command -v mmdebstrap >/dev/null || missing="$missing mmdebstrap"
command -v mke2fs >/dev/null || missing="$missing e2fsprogs"
[ -e /usr/src/linux-headers-*-amd64/Makefile ] 2>/dev/null || ls -d /usr/src/linux-headers-*-amd64 >/dev/null 2>&1 ||
    missing="$missing linux-headers-amd64"
if [ -n "$missing" ]; then
    say "installing$missing"
    apt-get update -q >/dev/null
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 install -q -y --no-install-recommends $missing >/dev/null
fi
mkdir -p "$build"

# --- Debian itself, and a kernel that its headers here fit ---
packages=systemd-sysv,udev,dbus,polkitd,iproute2,kmod,procps,linux-image-amd64,initramfs-tools,zstd,python3,make,libasound2,alsa-utils
recipe="1 $packages"
if [ "$(cat "$build/base.recipe" 2>/dev/null)" != "$recipe" ]; then
    say "making a Debian (about 4 minutes, once)"
    rm -f "$build/base.tar" "$build/base.recipe"
    mmdebstrap --quiet --mode=root --variant=minbase --include="$packages" \
        --aptopt='Acquire::Languages "none"' --aptopt='APT::Install-Recommends "false"' \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
        --dpkgopt='path-exclude=/usr/share/doc/*' \
        --essential-hook='mkdir -p "$1/etc/initramfs-tools/conf.d"; echo MODULES=list >"$1/etc/initramfs-tools/conf.d/test"; printf "virtio_pci\nvirtio_blk\next4\n" >"$1/etc/initramfs-tools/modules"' \
        bookworm "$build/base.tar"
    echo "$recipe" >"$build/base.recipe"
fi

# --- the box's wheels, and the one for its pins ---
packaging/wheels.sh "$build/wheels"
if ! ls "$build"/wheels/lgpio-*.whl >/dev/null 2>&1; then
    .venv/bin/python -m pip download -q --no-deps --only-binary=:all: --python-version 3.11 -d "$build/wheels" \
        'lgpio>=0.2.2.0'
fi

# --- this checkout's own root ---
root=$build/root
tree=$(git ls-files -z --cached --others --exclude-standard | xargs -0 sha256sum 2>/dev/null | sha256sum)
if [ "$(cat "$build/root.tree" 2>/dev/null)" = "$tree" ] && [ -e "$build/root.ext4" ]; then exit 0; fi
say "installing the box"
rm -rf "$root" "$build/root.ext4" "$build/root.tree"
mkdir "$root"
tar -xf "$build/base.tar" -C "$root"
kernel=$(ls "$root/lib/modules")
headers=/usr/src/linux-headers-$kernel
[ -d "$headers" ] || fail "the headers of $kernel are not here: apt-get install linux-headers-amd64, or remove build/vm/base.*"
rm -rf "$build/gpio" && cp -r $here/gpio "$build/gpio"
make -s -C "$headers" M="$build/gpio" modules >"$build/gpio.log" 2>&1 || { cat "$build/gpio.log" >&2; fail "no module"; }
install -D -m 644 "$build/gpio/hushbox_gpio.ko" "$root/lib/modules/$kernel/extra/hushbox_gpio.ko"
chroot "$root" depmod "$kernel"
cp "$root/boot/vmlinuz-$kernel" "$build/vmlinuz"
cp "$root/boot/initrd.img-$kernel" "$build/initrd"

install -m 755 $here/agent.py "$root/usr/local/sbin/hushbox-test-agent"
install -m 644 $here/agent.service "$root/etc/systemd/system/hushbox-test-agent.service"
chroot "$root" systemctl -q enable hushbox-test-agent
echo '/dev/vda / ext4 defaults 0 1' >"$root/etc/fstab"
echo hushbox >"$root/etc/hostname"
printf 'snd-aloop\nhushbox_gpio\n' >"$root/etc/modules-load.d/test.conf"
# Loopback is not the first card: a box by its number would take the wrong one.
echo 'options snd-aloop index=5 pcm_substreams=2' >"$root/etc/modprobe.d/test.conf"

mkdir "$root/checkout"
git ls-files -z --cached --others --exclude-standard | tar --null -T - -cf - --ignore-failed-read | tar -xf - -C "$root/checkout"
cp -r "$build/wheels" "$root/checkout/wheels"
chroot "$root" make -s -C /checkout install WHEELS=/checkout/wheels
rm -rf "$root/checkout"
# Emulated, it is a slow board: as much time for a block as there may be.
printf '[audio]\nperiod_frames = 1024\nperiods = 4\n' >"$root/etc/hushbox/hushbox.toml"
mke2fs -q -F -t ext4 -d "$root" "$build/root.ext4" 2G
rm -rf "$root"
echo "$tree" >"$build/root.tree"
