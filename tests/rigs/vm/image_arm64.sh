#!/bin/sh
# Make the disk of the arm64 test machine in build/vm-arm64: Debian with systemd and its arm64 kernel, and the arm64
# package (make deb ARCH=arm64) installed in it. Under emulation about 15 minutes the first time; Debian itself is kept.
#   tests/rigs/vm/image_arm64.sh       as root; needs qemu-system-arm qemu-user-static arch-test mmdebstrap e2fsprogs
set -eu
cd "$(dirname "$0")/../../.."
here=tests/rigs/vm build=$PWD/build/vm-arm64
say() { printf 'vm: %s\n' "$*"; }
fail() { printf 'vm: %s\n' "$*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || fail "only root can make a Debian of its own: sudo $0"
version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
package=dist/hushbox_${version}_arm64.deb
[ -e "$package" ] || fail "no $package: make deb ARCH=arm64 first"
mkdir -p "$build"

packages=systemd-sysv,udev,kmod,procps,linux-image-arm64,initramfs-tools,zstd,python3,libasound2,alsa-utils
recipe="1 $packages"
if [ "$(cat "$build/base.recipe" 2>/dev/null)" != "$recipe" ]; then
    say "making an arm64 Debian (about 10 minutes, once)"
    rm -f "$build/base.tar" "$build/base.recipe"
    mmdebstrap --quiet --mode=root --variant=minbase --architectures=arm64 --include="$packages" \
        --aptopt='Acquire::Languages "none"' --aptopt='APT::Install-Recommends "false"' \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
        --dpkgopt='path-exclude=/usr/share/doc/*' \
        --essential-hook='mkdir -p "$1/etc/initramfs-tools/conf.d"; echo MODULES=list >"$1/etc/initramfs-tools/conf.d/test"; printf "virtio_pci\nvirtio_blk\next4\n" >"$1/etc/initramfs-tools/modules"' \
        bookworm "$build/base.tar"
    echo "$recipe" >"$build/base.recipe"
fi

root=$build/root
made_from=$(cat "$package" $here/agent.py $here/agent.service "$0" | sha256sum)
if [ "$(cat "$build/root.made-from" 2>/dev/null)" = "$made_from" ] && [ -e "$build/root.ext4" ]; then exit 0; fi
say "installing $package"
rm -rf "$root" "$build/root.ext4" "$build/root.made-from"
mkdir "$root"
tar -xf "$build/base.tar" -C "$root"
cp "$root"/boot/vmlinuz-* "$build/vmlinuz"
cp "$root"/boot/initrd.img-* "$build/initrd"
install -m 755 $here/agent.py "$root/usr/local/sbin/hushbox-test-agent"
install -m 644 $here/agent.service "$root/etc/systemd/system/hushbox-test-agent.service"
echo '/dev/vda / ext4 defaults 0 1' >"$root/etc/fstab"
echo hushbox >"$root/etc/hostname"
echo snd-aloop >"$root/etc/modules-load.d/test.conf"
# Loopback is not the first card: a box by its number would take the wrong one.
echo 'options snd-aloop index=5 pcm_substreams=2' >"$root/etc/modprobe.d/test.conf"
cp "$package" "$root/hushbox.deb"
chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 sh -c \
    'systemctl -q enable hushbox-test-agent; dpkg -i /hushbox.deb && rm /hushbox.deb' >"$build/install.log" 2>&1 ||
    { cat "$build/install.log" >&2; fail "the package was not installed"; }
# Emulated, it is a slow board: as much time for a block as there may be.
printf '[audio]\nperiod_frames = 1024\nperiods = 4\n' >"$root/etc/hushbox/hushbox.toml"
mke2fs -q -F -t ext4 -d "$root" "$build/root.ext4" 2G
rm -rf "$root"
echo "$made_from" >"$build/root.made-from"
