#!/bin/sh
# Count what a block costs under emulation of the boards' cores, and print the table: bench/board_counts/run.sh [HOPS]
# As root, after `make deb ARCH=arm64`. Needs qemu-user (its dynamic build: the static one takes no plug-ins) and gcc.
set -eu
cd "$(dirname "$0")/../.."
hops=${1:-24}
version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
qemu=$(command -v qemu-aarch64) || { echo "sudo apt-get install qemu-user" >&2; exit 1; }
out=$PWD/bench/out/board_counts
root=$(mktemp -d)
tidy() { umount "$root/proc" "$root/dev/shm" 2>/dev/null || true; rm -rf --one-file-system "$root"; }
trap tidy EXIT
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
for cpu in cortex-a72 cortex-a76; do
    chroot "$root" env -i PATH=/usr/bin:/bin HOME=/root LANG=C.UTF-8 OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 \
        PYTHONPATH=/opt/hushbox/.venv/lib/python3.11/site-packages /q/ld.so --library-path /q/lib /q/qemu -cpu $cpu \
        -plugin /q/counts.so,out=/q/$cpu.txt /usr/bin/python3.11 -S /q/play.py "$hops" >"$out/$cpu.json"
    cp "$root/q/$cpu.txt" "$out"
done
.venv/bin/python -m bench.board_counts.table "$out/cortex-a72.json" "$out/cortex-a72.txt" "$out/cortex-a76.json" "$out/cortex-a76.txt"
