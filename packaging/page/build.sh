#!/bin/sh
# Bundles web_ui/static/js and css into web_ui/static/built. A phone on Wi-Fi waits for each file, so the first view needs
# few files. This needs Node and npm; the result is committed, so that nobody else needs them. web_ui/bundle.py serves it.
set -eu
cd "$(dirname "$0")"
[ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --no-audit --no-fund --loglevel=error
root=../../web_ui/static
rm -rf "$root/built"
node_modules/.bin/esbuild "$root/js/main.js" --bundle --splitting --format=esm --minify --charset=utf8 --target=es2022 \
    --outdir="$root/built" --entry-names='[name]' --chunk-names='[name]-[hash]' --legal-comments=none --log-level=warning
node_modules/.bin/esbuild "$root/js/door.js" --bundle --format=esm --minify --charset=utf8 --target=es2022 \
    --outfile="$root/built/door.js" --legal-comments=none --log-level=warning
cd ../..
sheets=$(.venv/bin/python -m web_ui.bundle sheets)
for sheet in $sheets; do cat "web_ui/static/$sheet"; done |
    packaging/page/node_modules/.bin/esbuild --loader=css --minify --charset=utf8 --target=es2022 --log-level=warning >web_ui/static/built/page.css
.venv/bin/python -m web_ui.bundle sources >web_ui/static/built/sources.txt
du -sb web_ui/static/built
