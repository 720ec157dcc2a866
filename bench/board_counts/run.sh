#!/bin/sh
# Count what a block costs under emulation of the boards' cores, and print the table: bench/board_counts/run.sh [CHAIN ...]
# As root, after `make deb ARCH=arm64`. Needs qemu-user (its dynamic build: the static one takes no plug-ins) and gcc.
# HUSHBOX_NATIVE=0 counts what NumPy needs where the part in C is not used.
set -eu
cd "$(dirname "$0")/../.."
version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
qemu=$(command -v qemu-aarch64) || { echo "sudo apt-get install qemu-user" >&2; exit 1; }
out=$PWD/bench/out/board_counts
root=$(mktemp -d)
running=
tidy() {
    # shellcheck disable=SC2086
    [ -z "$running" ] || kill $running 2>/dev/null || true
    umount "$root/proc" "$root/dev/shm" 2>/dev/null || true
    rm -rf --one-file-system "$root"
}
trap tidy EXIT
trap 'exit 1' INT TERM
mkdir -p "$out"
tar -C "$root" -xf "$(packaging/root.sh arm64 box)"
dpkg-deb -x "dist/hushbox_${version}_arm64.deb" "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/dev/shm"
# The emulator goes into the root with its own libraries: with -L instead, LiteRT crashes in it.
mkdir -p "$root/q/lib"
gcc -O2 -Wall -Wextra -shared -fPIC -o "$root/q/counts.so" bench/board_counts/counts.c
cp "$qemu" "$root/q/qemu"
cp bench/board_counts/play.py "$root/q"
ldd "$qemu" | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p' | xargs -I{} cp -L {} "$root/q/lib"
cp -L /lib64/ld-linux-x86-64.so.2 "$root/q/ld.so"
# LiteRT chooses its kernels by what these files say of the processor; without them it takes those that run on any.
mkdir -p "$root/sys/devices/system/cpu"
for file in possible present; do echo 0-3 >"$root/sys/devices/system/cpu/$file"; done
count() { # CPU VARIANT PART FEATURES [CHAIN ...]; variant, part and features as /proc/cpuinfo of a board has them
    cpu=$1
    for core in 0 1 2 3; do
        printf 'processor\t: %s\nBogoMIPS\t: 108.00\nFeatures\t: %s\nCPU implementer\t: 0x41\n' $core "$4"
        printf 'CPU architecture: 8\nCPU variant\t: %s\nCPU part\t: %s\nCPU revision\t: 1\n\n' "$2" "$3"
    done >"$root/q/$cpu.cpuinfo"
    shift 4
    unshare --mount sh -c 'mount --bind "$1" "$2" && shift 2 && exec "$@"' sh "$root/q/$cpu.cpuinfo" "$root/proc/cpuinfo" \
        chroot "$root" env -i PATH=/usr/bin:/bin HOME=/root LANG=C.UTF-8 OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 \
        HUSHBOX_NATIVE="${HUSHBOX_NATIVE:-1}" PYTHONPATH=/opt/hushbox/.venv/lib/python3.11/site-packages \
        /q/ld.so --library-path /q/lib /q/qemu -cpu $cpu \
        -plugin /q/counts.so,out=/q/$cpu.txt /usr/bin/python3.11 -S /q/play.py "$@" >"$out/$cpu.json" &
    running="$running $!"
}
count cortex-a72 0x0 0xd08 "fp asimd evtstrm crc32 cpuid" "$@"
count cortex-a76 0x4 0xd0b \
    "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp" "$@"
for each in $running; do wait "$each"; done
files=
for cpu in cortex-a72 cortex-a76; do
    cp "$root/q/$cpu.txt" "$out"
    files="$files $out/$cpu.json $out/$cpu.txt"
done
# shellcheck disable=SC2086
.venv/bin/python -m bench.board_counts.table $files
