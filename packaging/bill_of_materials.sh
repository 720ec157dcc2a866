#!/bin/sh
# Lists the contents of the box, with versions and licences, as CycloneDX JSON. OWASP's own tool lists the Python packages.
#   packaging/bill_of_materials.sh FILE       after packaging/deb.sh; reads its tree
set -eu
cd "$(dirname "$0")/.."
file=${1:?name the file to write}
tree=build/deb-bookworm-$(dpkg --print-architecture)/opt/hushbox/.venv
[ -x "$tree/bin/python" ] || { echo "bill of materials: no $tree: make deb first" >&2; exit 1; }
if [ ! -e .venv-bom/.hushbox ] || [ requirements/bom.lock -nt .venv-bom/.hushbox ]; then
    python3 -m venv .venv-bom
    .venv-bom/bin/python -m pip install -q --disable-pip-version-check -r requirements/bom.lock
    touch .venv-bom/.hushbox
fi
.venv-bom/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible -o "$file" "$tree/bin/python"
echo "bill of materials: $file, $(grep -c '"bom-ref"' "$file") entries"
