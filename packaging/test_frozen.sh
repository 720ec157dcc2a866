#!/bin/sh
# Compares the frozen box with the normal one: every command that needs no person, and exactly the same sound.
#   packaging/test_frozen.sh [dist/hushbox/hushbox] [.venv/bin/hushbox]
set -eu
cd "$(dirname "$0")/.."
frozen=$PWD/${1:-dist/hushbox/hushbox} normal=$PWD/${2:-.venv/bin/hushbox}
phone=$PWD/packaging/test_first_phone.py
song=$PWD/firmware_app/assets/demo_vocal.flac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { printf 'test-dist: %s\n' "$*" >&2; exit 1; }
export HUSHBOX_STATE_DIR="$work/state" HUSHBOX_RUNTIME_DIR="$work/run"
cd "$work"

same() { # the same words from both
    one=0 other=0
    "$frozen" "$@" >frozen.txt || one=$?
    "$normal" "$@" >normal.txt || other=$?
    [ $one = $other ] || fail "hushbox $* ends with $one, not $other"
    cmp -s frozen.txt normal.txt || { diff frozen.txt normal.txt >&2; fail "hushbox $* says something else"; }
    echo "ok  hushbox $*"
}
same --version
same models
same presets
same devices
if "$frozen" doctor --json >doctor.json; then echo "ok  hushbox doctor"; else cat doctor.json >&2; fail "doctor found a problem"; fi
grep -q '"done in C"' doctor.json || { cat doctor.json >&2; fail "the part in C does not work"; }
echo "ok  hushbox doctor: a hop is done in C"
for preset in "" --preset=Gentle --preset=Karaoke; do
    "$frozen" process "$song" frozen.wav $preset >/dev/null
    "$normal" process "$song" normal.wav $preset >/dev/null
    cmp frozen.wav normal.wav || fail "process $preset: another sound"
    echo "ok  hushbox process $preset: the same bytes"
done
"$frozen" bench --seconds 0.2 >bench.txt
! grep -q 'not installed' bench.txt || { cat bench.txt >&2; fail "bench does not find what the box brings along"; }
echo "ok  hushbox bench"
printf '[audio]\ndevice = "demo"\n[page]\nport = 0\n[panel]\npins = "mock"\n' >hushbox.toml
"$frozen" run >run.txt 2>&1 &
box=$!
for _ in $(seq 120); do
    grep -q "http://" run.txt && break
    kill -0 $box 2>/dev/null || break
    sleep 0.5
done
address=$(grep -o 'http://[0-9.]*:[0-9]*' run.txt | head -1)
[ -n "$address" ] || { cat run.txt >&2; fail "run printed no address"; }
link=$("$frozen" pair | grep -o 'http[^ ]*#pair=[^ ]*') || { cat run.txt >&2; fail "pair printed no link"; }
python3 "$phone" "http://127.0.0.1:${address##*:}" "$link" || { cat run.txt >&2; fail "the first phone does not get through"; }
echo "ok  hushbox run, hushbox pair: a phone pairs, the demo plays, the page answers"
kill $box
wait $box || true
echo "test-dist: the frozen box is fine"
