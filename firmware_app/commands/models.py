"""List the models: version, delay, size, licence, and the data of their training.

Exit code 1: one is damaged, or there are none.

examples:
    hushbox models
    hushbox models --json
"""

import argparse
import json
from pathlib import Path

from dsp.errors import DspError
from dsp.inference.bundle import Bundle, list_bundles
from firmware_app.commands.common import milliseconds
from firmware_app.config import places as places_of_box


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print as JSON")


def run(args: argparse.Namespace) -> int:
    places = places_of_box.find()
    folders = list_bundles(places.models)
    good: list[Bundle] = []
    damaged: dict[str, str] = {}
    for folder in folders:
        try:
            good.append(Bundle.load(folder))
        except DspError as error:
            damaged[folder.name] = str(error)
    if args.json:
        print(json.dumps({"models": [_describe(b) for b in good], "damaged": damaged}, indent=2))
    else:
        _print(good, damaged)
        if not folders:
            print(f"no model bundles in {places.models}")
    return 1 if damaged or not folders else 0


def _describe(bundle: Bundle) -> dict[str, object]:
    return {
        "name": bundle.folder.name,
        "version": bundle.version,
        "kind": bundle.kind,
        "summary": bundle.summary,
        "algorithmic_latency_ms": milliseconds(bundle.algorithmic_latency_frames, bundle.rate_hz),
        "parameters": bundle.parameters,
        "size_bytes": {runtime: file.path.stat().st_size for runtime, file in bundle.files.items()},
        "default_runtime": bundle.default_runtime,
        "licence": bundle.licence,
        "trained_on": [{"name": s.name, "licence": s.licence, "what": s.what} for s in bundle.trained_on],
    }


def _files(bundle: Bundle) -> list[tuple[list[str], int]]:
    """The runtimes that share a file, and its size, file by file."""
    runtimes: dict[Path, list[str]] = {}
    for runtime, file in bundle.files.items():
        runtimes.setdefault(file.path, []).append(runtime)
    return [(names, path.stat().st_size) for path, names in runtimes.items()]


def _print(good: list[Bundle], damaged: dict[str, str]) -> None:
    for bundle in good:
        sizes = ", ".join(f"{' and '.join(names)} {size / 1e6:.2f} MB" for names, size in _files(bundle))
        latency_ms = milliseconds(bundle.algorithmic_latency_frames, bundle.rate_hz)
        print(f"{bundle.folder.name} {bundle.version}: {bundle.summary}")
        print(f"    delay     {latency_ms:g} ms ({bundle.algorithmic_latency_frames} frames at {bundle.rate_hz} Hz)")
        print(f"    size      {bundle.parameters / 1e6:.2f} million parameters; {sizes}")
        print(f"    licence   {bundle.licence}")
        for at, source in enumerate(bundle.trained_on):
            print(f"    {'' if at else 'trained on':<11}{source.name} ({source.licence}): {source.what}")
    for name, why in damaged.items():
        for line in why.splitlines():
            print(f"{name}: DAMAGED: {line}")
