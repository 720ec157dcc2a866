#!/bin/sh
# Resolve every list of packages again, with the hashes of all their files: what pip then takes is what was looked at.
set -eu
cd "$(dirname "$0")/.."
lock() { .venv/bin/uv pip compile --universal --python-version 3.11 --no-header --generate-hashes -q "$@"; }
lock pyproject.toml -o requirements/box.lock
lock pyproject.toml --extra dev -o requirements/dev.lock
for list in audit bench bom docs tflite_runtime; do lock "requirements/$list.in" -o "requirements/$list.lock"; done
lock requirements/pip.in --no-annotate -o packaging/pip.lock
