#!/bin/sh
# Makes a frozen box: dist/hushbox/ with its own Python, for boards whose Python does not fit. It builds for this machine.
set -eu
cd "$(dirname "$0")/.."
work=build/frozen
rm -rf "$work" dist/hushbox
mkdir -p "$work"
cat >"$work/hushbox.py" <<'EOF'
import sys
from firmware_app.cli import main
sys.exit(main())
EOF
[ -e dsp/native/_hop.abi3.so ] || { echo "frozen: the part in C was not built (dsp/native)" >&2; exit 1; }
# Commands, back-ends and pin factories are imported by name, so PyInstaller cannot see them; gpiozero finds its pin
# factories by its metadata, and `hushbox --version` its version. Reports name the runtimes' versions.
.venv/bin/pyinstaller --onedir --noconfirm --clean --log-level WARN --name hushbox \
    --distpath dist --workpath "$work" --specpath "$work" --paths . \
    --collect-submodules firmware_app --collect-submodules dsp --collect-submodules hw --collect-submodules web_ui \
    --collect-submodules gpiozero.pins --collect-data tzdata --copy-metadata gpiozero --recursive-copy-metadata hushbox \
    --add-data "$PWD/models_quantized:models_quantized" --add-data "$PWD/firmware_app/assets:firmware_app/assets" \
    --add-data "$PWD/docs/*.md:docs" --add-data "$PWD/docs/images/*.png:docs/images" \
    --add-data "$PWD/web_ui/templates:web_ui/templates" --add-data "$PWD/web_ui/static:web_ui/static" \
    --add-data "$PWD/web_ui/texts:web_ui/texts" --add-data "$PWD/web_ui/openapi.json:web_ui" \
    --exclude-module psutil --exclude-module yaml --exclude-module tkinter --exclude-module IPython --exclude-module matplotlib --exclude-module onnx \
    "$work/hushbox.py"
[ -e dist/hushbox/_internal/dsp/native/_hop.abi3.so ] ||
    { echo "frozen: PyInstaller left the part in C out (dsp.native._hop)" >&2; exit 1; }
{ .venv/bin/hushbox licences; echo "Python"; cat "$(.venv/bin/python -c 'import os, sysconfig; print(sysconfig.get_path("stdlib"))')/LICENSE.txt"; } >dist/hushbox/LICENCES.txt
echo "frozen: dist/hushbox/hushbox, $(du -sm dist/hushbox | cut -f1) MB"
