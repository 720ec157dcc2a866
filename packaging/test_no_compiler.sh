#!/bin/sh
# Tests that a checkout runs where no compiler is: `make setup` from a folder of wheels in a clean Debian, with the part in C
# that lies there and without it; then doctor, a file, the demo, its page.
#   packaging/test_no_compiler.sh       as root
set -eu
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo "test-no-compiler: only root may make a root" >&2; exit 1; }
packaging/wheels.sh build/wheels
root=$(mktemp -d)
box=
tidy() {
    [ -z "$box" ] || kill "$box" 2>/dev/null || true
    umount "$root/proc" "$root/dev/shm" 2>/dev/null || true
    rm -rf --one-file-system "$root"
}
trap tidy EXIT
tar -C "$root" -xf "$(packaging/root.sh "$(dpkg --print-architecture)" box)"
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/dev/shm"
mkdir "$root/checkout"
git ls-files -z --cached --others --exclude-standard | xargs -0 tar -cf - | tar -C "$root/checkout" -xf -
cp -r build/wheels "$root/wheels"
fail() { printf 'test-no-compiler: %s\n' "$*" >&2; exit 1; }
enter="chroot $root env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 HUSHBOX_STATE_DIR=/tmp/state
    HUSHBOX_RUNTIME_DIR=/tmp/run WHEELS=/wheels"
in_root() { $enter sh -c "cd /checkout && $1"; }
in_root 'command -v cc gcc clang tcc' && fail "there is a compiler in the clean root"
# Debian's venv wants python3-venv, which asks for ensurepip only; pip itself is among the wheels.
in_root 'python3 -m venv --without-pip .venv && .venv/bin/python $(ls /wheels/pip-*.whl)/pip install -q --no-index /wheels/pip-*.whl'

for part in C NumPy; do
    if [ $part = NumPy ]; then rm "$root/wheels/_hop.abi3.so" "$root/wheels/.ours-made-from" "$root/checkout/dsp/native/_hop.abi3.so"; fi
    printf '\n== requirements/setup.sh, no compiler; a hop in %s\n' $part
    rm -f "$root/checkout/.venv/.hushbox-box"
    in_root requirements/setup.sh
    in_root '.venv/bin/hushbox run --help' | grep -q -- --port || fail "run --help says nothing of --port"
    in_root '.venv/bin/hushbox doctor' | grep "work of a hop" | tee "$root/tmp/says"
    grep -q "done .*$part" "$root/tmp/says" || fail "doctor does not say that $part does the work"
    in_root ".venv/bin/hushbox process firmware_app/assets/demo_vocal.flac /tmp/$part.wav"
    printf '[audio]\ndevice = "demo"\n[page]\nport = 0\n[panel]\npins = "mock"\n' >"$root/checkout/hushbox.toml"
    $enter sh -c 'cd /checkout && exec .venv/bin/hushbox run' >"$root/tmp/log" 2>&1 &
    box=$!
    for _ in $(seq 240); do
        grep -q "http://" "$root/tmp/log" && break
        kill -0 $box 2>/dev/null || break
        sleep 0.5
    done
    address=$(grep -o 'http://[0-9.]*:[0-9]*' "$root/tmp/log" | head -1)
    [ -n "$address" ] || { cat "$root/tmp/log" >&2; fail "run printed no address"; }
    python3 -c 'import json, sys, time, urllib.request as u
for _ in range(120):
    status = json.load(u.urlopen(sys.argv[1] + "api/v1/status", timeout=30))
    if status["state"] == "running": sys.exit()
    time.sleep(0.5)
sys.exit(status["state"])' "http://127.0.0.1:${address##*:}/" || fail "the demo does not play"
    echo "the demo plays"
    kill $box
    wait $box || true
    box=
done
in_root '.venv/bin/python -c "
import soundfile
one, other = (soundfile.read(f\"/tmp/{name}.wav\")[0] for name in (\"C\", \"NumPy\"))
# An int8 network makes up to 0.01 of a last bit that differs.
assert one.shape == other.shape and abs(one - other).max() < 0.03, \"another sound without the part in C\""'
echo; echo "test-no-compiler: fine"
