#!/bin/sh
# Known weaknesses of what the box ships (requirements/audit.py), in an environment of its own (.venv-audit).
#   requirements/audit.sh [ADVISORIES]
set -eu
cd "$(dirname "$0")/.."
if [ ! -e .venv-audit/.hushbox ] || [ requirements/audit.lock -nt .venv-audit/.hushbox ]; then
    python3 -m venv .venv-audit
    .venv-audit/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/audit.lock
    touch .venv-audit/.hushbox
fi
exec .venv-audit/bin/python requirements/audit.py ${1:+"$1"} requirements/box.lock packaging/pip.lock
