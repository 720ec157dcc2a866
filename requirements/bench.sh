#!/bin/sh
# Run a program of bench/ that compares with other systems, in an environment of its own (.venv-bench): what it needs
# (peers, PESQ, plots) never goes to the box.   bench.sh -m bench.denoise --limit 2
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
if [ ! -e .venv-bench/.hushbox ] || [ requirements/bench.lock -nt .venv-bench/.hushbox ]; then
    command -v cc >/dev/null || command -v gcc >/dev/null || {
        echo "PESQ is built from source; type: sudo apt-get install gcc libc6-dev python3-dev" >&2
        exit 1
    }
    "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || {
        echo "$("$python" -V) does not fit: Python 3.11 to 3.13 is needed (PYTHON=/path/to/python3 make bench-denoise)" >&2
        exit 1
    }
    "$python" -m venv .venv-bench
    .venv-bench/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/bench.lock
    touch .venv-bench/.hushbox
fi
OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
export OMP_NUM_THREADS OPENBLAS_NUM_THREADS
exec .venv-bench/bin/python "$@"
