#!/bin/sh
# packaging/wheels.sh for another machine than this one: ready-made wheels are fetched for it, and what is source only is
# built in a root of that machine under emulation, our own part in C (_hop.abi3.so) too.
#   packaging/foreign_wheels.sh FOLDER aarch64 arm64 3.11      (as uname and as Debian call it, and its Python)
set -eu
cd "$(dirname "$0")/.."
folder=${1:?name a folder for the wheels} machine=${2:?aarch64} debian=${3:?arm64} minor=${4:?3.11}
fail() { printf 'wheels: %s\n' "$*" >&2; exit 1; }
[ -x .venv/bin/uv ] || fail "make setup-dev first"
flags=CFLAGS=-g0 # as in wheels.sh
from() { cat requirements/box.lock packaging/pip.lock; echo "$minor $machine $flags"; }
from | cmp -s - "$folder/.made-from" || rm -rf "$folder"
if packaging/ours_from.sh | cmp -s - "$folder/.ours-made-from"; then exit 0; fi
mkdir -p "$folder"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
run() { "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "$1 failed"; }; }

root=$work/root
mkdir "$root"
tar -C "$root" -xf "$(packaging/root.sh "$debian" build)"
if [ ! -e "$folder/.made-from" ]; then
    echo "wheels: gathering the wheels for Python $minor on $machine in $folder"
    # uv knows the other machine's markers; pip would read this machine's.
    run .venv/bin/uv pip compile requirements/box.lock packaging/pip.lock --no-deps --no-header --no-annotate --generate-hashes \
        --python-platform "$machine-unknown-linux-gnu" --python-version "$minor" -o "$work/pins"
    platforms="--platform linux_$machine --platform manylinux2014_$machine"
    for release in $(seq 17 36); do platforms="$platforms --platform manylinux_2_${release}_$machine"; done
    # shellcheck disable=SC2086
    run .venv/bin/python -m pip download --no-deps --require-hashes -r "$work/pins" -d "$folder" $platforms \
        --python-version "$minor" --implementation cp --abi "cp$(echo "$minor" | tr -d .)" --abi abi3 --abi none
    sources=$(find "$folder" -name '*.tar.gz')
    if [ -n "$sources" ]; then
        mkdir "$root/wheels"
        cp "$folder"/pip-*.whl "$folder"/setuptools-*.whl $sources "$root/wheels"
        echo "wheels: building $(echo "$sources" | xargs -n1 basename | tr '\n' ' ')for $machine"
        run chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 $flags sh -c \
            'python3 $(ls /wheels/pip-*.whl)/pip wheel --no-index --no-deps --find-links /wheels -w /wheels /wheels/*.tar.gz'
        rm $sources
        cp -n "$root"/wheels/*.whl "$folder"
    fi
    from >"$folder/.made-from"
fi
echo "wheels: building dsp/native for $machine"
mkdir -p "$root/ours/dsp"
cp -r dsp/native "$root/ours/dsp"
rm -f "$root/ours/dsp/native/"*.so
cp setup.py "$root/ours"
# Unpacked: setuptools finds what it brings along only in a folder.
run .venv/bin/python -m zipfile -e "$folder"/setuptools-*.whl "$root/setuptools"
run chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 $flags sh -c \
    'cd /ours && PYTHONPATH=/setuptools python3 setup.py -q build_ext --inplace'
[ -e "$root/ours/dsp/native/_hop.abi3.so" ] || { cat "$work/log" >&2; fail "the part in C was not built (dsp/native)"; }
cp "$root/ours/dsp/native/_hop.abi3.so" "$folder"
packaging/ours_from.sh >"$folder/.ours-made-from"
