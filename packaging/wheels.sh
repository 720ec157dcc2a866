#!/bin/sh
# Gathers all locked wheels and pip itself in a folder, from which the box can be installed without a network:
#   packaging/wheels.sh FOLDER          on the kind of machine and Python that it is for (PYTHON=/usr/bin/python3)
set -eu
cd "$(dirname "$0")/.."
folder=${1:?name a folder for the wheels}
python=${PYTHON:-/usr/bin/python3}
say() { printf 'wheels: %s\n' "$*"; }
fail() { printf 'wheels: %s\n' "$*" >&2; exit 1; }

. requirements/build_tools.sh
stamp=$folder/.made-from
same() { { cat requirements/box.lock packaging/pip.lock; "$python" -V; uname -m; } | cmp -s - "$stamp"; }
same && exit 0
rm -rf "$folder"
mkdir -p "$folder"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" -m venv "$work/venv"
# No cache: it may hold wheels that another Python on this machine has built from source.
say "gathering the wheels for $("$python" -V) in $folder"
"$work/venv/bin/python" -m pip wheel --no-cache-dir --no-deps --use-pep517 -r requirements/box.lock -r packaging/pip.lock \
    -w "$folder" >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "pip could not gather them"; }
{ cat requirements/box.lock packaging/pip.lock; "$python" -V; uname -m; } >"$stamp"
