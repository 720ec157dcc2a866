#!/bin/sh
# The part in C with -fsanitize=address,undefined, under its contract tests and a fuzz of sizes. `make native-sanitize`.
# In a copy, so that the box's own build stays.  tests/dsp/native/sanitize.sh [PYTEST-ARGUMENTS]
set -eu
cd "$(dirname "$0")/../../.."
python=$PWD/.venv/bin/python
copy=build/sanitize
address=$(${CC:-gcc} -print-file-name=libasan.so) undefined=$(${CC:-gcc} -print-file-name=libubsan.so)
case $address in /*) ;; *) echo "native-sanitize: gcc has no libasan here" >&2; exit 1 ;; esac
rm -rf "$copy/dsp" "$copy/tests" "$copy/hw"
mkdir -p "$copy/tests"
cp -r dsp hw pyproject.toml setup.py README.md LICENSE "$copy"
cp -r tests/conftest.py tests/rigs tests/dsp "$copy/tests"
rm -f "$copy"/dsp/native/_hop*.so
cd "$copy"
HUSHBOX_SANITIZE=1 "$python" setup.py -q build_ext --inplace
# Python and NumPy keep what they allocate for good; a leak of ours would show in test_memory.py.
export ASAN_OPTIONS=detect_leaks=0:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1
export PYTHONMALLOC=malloc HUSHBOX_NATIVE_REQUIRED=1 OPENBLAS_NUM_THREADS=1
LD_PRELOAD="$address $undefined" exec "$python" -m pytest -q -p no:cacheprovider --override-ini addopts=--import-mode=importlib \
    tests/dsp/native --deselect tests/dsp/native/test_chains.py "$@"
