#!/bin/sh
# Prints what our own part in C is built from. Beside a built one in a folder of wheels, this tells whether it is still the one.
set -eu
cd "$(dirname "$0")/.."
cat setup.py dsp/native/exports.map dsp/native/*.[ch]
