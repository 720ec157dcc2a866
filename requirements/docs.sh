#!/bin/sh
# The docs as HTML in build/docs, in an environment of their own (.venv-docs). Warnings are errors: a link that leads nowhere.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
if [ ! -e .venv-docs/.hushbox ] || [ requirements/docs.lock -nt .venv-docs/.hushbox ]; then
    "$python" -m venv .venv-docs
    .venv-docs/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/docs.lock
    touch .venv-docs/.hushbox
fi
.venv-docs/bin/sphinx-build -q -W --keep-going docs build/docs
echo "docs: build/docs/index.html"
