#!/bin/sh
# Prove that tflite-runtime, LiteRT's predecessor, is a drop-in: an environment of its own, since it ends at Python 3.11
# and needs numpy before 2 (its metadata does not say so).
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || {
    echo "tflite-runtime needs Python 3.11: PYTHON=/path/to/python3.11 make test-tflite-runtime" >&2
    exit 1
}
if [ ! -e .venv-tflite/.hushbox ] || [ requirements/tflite_runtime.lock -nt .venv-tflite/.hushbox ]; then
    "$python" -m venv .venv-tflite
    .venv-tflite/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/tflite_runtime.lock
    touch .venv-tflite/.hushbox
fi
exec .venv-tflite/bin/python -m pytest -p no:cacheprovider --confcutdir=tests/dsp tests/dsp/inference/test_tflite_runtime.py "$@"
