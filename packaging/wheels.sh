#!/bin/sh
# Gathers all locked wheels, pip itself and our own part in C (_hop.abi3.so) in a folder, from which the box can be
# installed without a network or a compiler:
#   packaging/wheels.sh FOLDER          on the kind of machine and Python that it is for (PYTHON=/usr/bin/python3)
set -eu
cd "$(dirname "$0")/.."
folder=${1:?name a folder for the wheels}
python=${PYTHON:-/usr/bin/python3}
say() { printf 'wheels: %s\n' "$*"; }
fail() { printf 'wheels: %s\n' "$*" >&2; exit 1; }

stamp=$folder/.made-from
export CFLAGS=-g0 # notes for a debugger name the folder it was built in, which is another each time
from() { cat requirements/box.lock packaging/pip.lock; "$python" -V; uname -m; echo "$CFLAGS"; }
from | cmp -s - "$stamp" || rm -rf "$folder"
if packaging/ours_from.sh | cmp -s - "$folder/.ours-made-from"; then exit 0; fi
. requirements/build_tools.sh
mkdir -p "$folder"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
run() { "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "$1 failed"; }; }
"$python" -m venv "$work/venv"
if [ ! -e "$stamp" ]; then
    # No cache: it may hold wheels that another Python on this machine has built from source.
    say "gathering the wheels for $("$python" -V) in $folder"
    # What is source only is built with the setuptools of the lock, not with the newest one of an index.
    awk '/^[^ ]/ { on = /^setuptools==/ } on' requirements/box.lock >"$work/setuptools.lock"
    run "$work/venv/bin/python" -m pip install --no-deps --require-hashes -r "$work/setuptools.lock"
    run "$work/venv/bin/python" -m pip wheel --no-cache-dir --no-deps --no-build-isolation --require-hashes -r requirements/box.lock -r packaging/pip.lock -w "$folder"
    from >"$stamp"
fi
say "building dsp/native"
run "$work/venv/bin/python" -m pip install --no-index --no-deps "$folder"/setuptools-*.whl
mkdir -p "$work/ours/dsp"
cp -r dsp/native "$work/ours/dsp"
rm -f "$work/ours/dsp/native/"*.so
cp setup.py "$work/ours"
(cd "$work/ours" && HUSHBOX_NATIVE=1 run ../venv/bin/python setup.py -q build_ext --inplace)
[ -e "$work/ours/dsp/native/_hop.abi3.so" ] || { cat "$work/log" >&2; fail "the part in C was not built (dsp/native)"; }
cp "$work/ours/dsp/native/_hop.abi3.so" "$folder"
packaging/ours_from.sh >"$folder/.ours-made-from"
