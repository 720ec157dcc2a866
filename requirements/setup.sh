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
   .venv/bin/python -c 'import alsaaudio, firmware_app' 2>/dev/null; then
    exit 0
fi

# gcc, the ALSA headers and Python's own headers build pyalsaaudio; ensurepip makes the environment.
missing=
command -v cc >/dev/null || command -v gcc >/dev/null || missing="$missing gcc libc6-dev"
[ -e /usr/include/alsa/asoundlib.h ] || missing="$missing libasound2-dev"
"$python" -c 'import ensurepip' 2>/dev/null || missing="$missing python3-venv"
"$python" -c 'import os, sysconfig, sys; sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' ||
    missing="$missing python3-dev"
if [ -n "$missing" ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "installing$missing"
        { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing; } >.setup.log 2>&1 ||
            { cat .setup.log >&2; fail "apt-get could not install$missing"; }
        rm -f .setup.log
    else
        fail "these are missing; type: sudo apt-get install$missing"
    fi
fi

[ -x .venv/bin/python ] || { say "making .venv"; "$python" -m venv .venv; }
say "installing locked packages ($kind)"
.venv/bin/python -m pip install -q --disable-pip-version-check --use-pep517 -r "requirements/$kind.lock"
.venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
touch "$stamp"
say "done: .venv/bin/hushbox"
