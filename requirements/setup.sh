#!/bin/sh
# Set up .venv with locked dependencies: setup.sh [box|dev]. Installs the Debian packages that pyalsaaudio's source
# build needs when root; otherwise prints the line to type.
set -eu
cd "$(dirname "$0")/.."
kind=${1:-box}
python=${PYTHON:-python3}
stamp=.venv/.hushbox-$kind

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

command -v "$python" >/dev/null || fail "no $python: install Python 3.11, 3.12 or 3.13, or say PYTHON=/path/to/python3 make setup"
"$python" - <<'EOF' || fail "$("$python" -V) does not fit: Python 3.11, 3.12 or 3.13 is needed (PYTHON=/path/to/python3 make setup)"
import sys
sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
EOF

if [ -e "$stamp" ] && [ ! "requirements/$kind.lock" -nt "$stamp" ] && [ ! pyproject.toml -nt "$stamp" ] &&
   [ -z "$(find setup.py dsp/native -newer "$stamp" \( -name '*.[ch]' -o -name setup.py \) -print -quit)" ] &&
   .venv/bin/python -c 'import alsaaudio, firmware_app' 2>/dev/null; then
    exit 0
fi

. requirements/steps.sh
steps=3
started=$(date +%s)

if [ -n "${WHEELS:-}" ]; then
    step "taking the packages from $WHEELS"
    [ -d "$WHEELS" ] || fail "WHEELS=$WHEELS: no such folder"
    export PIP_NO_INDEX=1 PIP_FIND_LINKS="$WHEELS"
else
    step "looking for a compiler and ALSA's headers"
    . requirements/build_tools.sh
fi

packages=$(grep -c '^[a-z].*==' "requirements/$kind.lock")
step "installing $packages locked packages into .venv"
[ -x .venv/bin/python ] || "$python" -m venv .venv
pip() { .venv/bin/python -m pip install --disable-pip-version-check --no-input --progress-bar off "$@"; }
locked=requirements/$kind.lock hashes=--require-hashes
if [ -n "${WHEELS:-}" ]; then # packaging/wheels.sh has checked what it built these from
    locked=$(mktemp) hashes=
    sed '/^ *--hash=/d; s/ \\$//' "requirements/$kind.lock" >"$locked"
fi
# shellcheck disable=SC2086
with_bar "$packages" pip --use-pep517 $hashes -r "$locked" || fail "the packages could not be installed (see above)"

step "building the part in C, and the hushbox command"
with_bar 1 pip --no-deps --no-build-isolation -e . || fail "hushbox could not be built (see above)"
if [ ! -e dsp/native/_hop.abi3.so ] && packaging/ours_from.sh | cmp -s - "${WHEELS:-}/.ours-made-from"; then
    cp "$WHEELS/_hop.abi3.so" dsp/native
fi
.venv/bin/python -c 'import sys; from dsp import native; sys.exit(not native.available())' ||
    say "no compiler for the part in C (dsp/native): NumPy does its work, slower"
touch "$stamp"
say "done in $(($(date +%s) - started)) s: .venv/bin/hushbox"
