"""List the models; of one, its card with delay, size, licence and training data.

A * marks those that the box uses, by its settings and what was measured here.
Exit code 1: one is damaged, or there are none.

examples:
    hushbox models
    hushbox models denoise-live
    hushbox models --json
"""

import argparse
import json
from pathlib import Path

from dsp.errors import DspError
from dsp.inference.bundle import Bundle, list_bundles
from firmware_app.commands import table
from firmware_app.commands.common import add_settings, bundle_folder, milliseconds, settings
from firmware_app.kept import choice, models


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", nargs="?", help="show the card of this one")
    parser.add_argument("--json", action="store_true", help="print as JSON")
    add_settings(parser)


def run(args: argparse.Namespace) -> int:
    config, places = settings(args)
    config, _ = models.in_force(choice.in_force(config, choice.kept(config, places)), places)
    used = {config.model.bundle, config.model.stems_bundle}
    one = bundle_folder(places, args.name) if args.name else None
    folders = [one] if one is not None else list_bundles(places.models)
    good: list[Bundle] = []
    damaged: dict[str, str] = {}
    for folder in folders:
        try:
            good.append(Bundle.load(folder))
        except DspError as error:
            damaged[folder.name] = str(error)
    if args.json:
        print(json.dumps({"models": [_describe(b, used) for b in good], "damaged": damaged}, indent=2))
    else:
        print("\n".join([*(_cards(good) if one is not None else _table(good, used)), *_damage(damaged)]))
        if not folders:
            print(f"no model bundles in {places.models}")
    return 1 if damaged or not folders else 0


def _describe(bundle: Bundle, used: set[str]) -> dict[str, object]:
    return {
        "name": bundle.folder.name,
        "version": bundle.version,
        "kind": bundle.kind,
        "used": bundle.folder.name in used,
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


def _table(good: list[Bundle], used: set[str]) -> list[str]:
    rows = [
        [
            f"{'*' if bundle.folder.name in used else ' '} {bundle.folder.name}",
            bundle.version,
            f"{milliseconds(bundle.algorithmic_latency_frames, bundle.rate_hz):.1f} ms",
            f"{bundle.parameters / 1e6:.1f} M",
            bundle.licence,
        ]
        for bundle in good
    ]
    return table.lines(("  model", "version", "delay", "size", "licence"), rows) if rows else []


def _cards(good: list[Bundle]) -> list[str]:
    lines = []
    for bundle in good:
        sizes = ", ".join(f"{' and '.join(names)} {size / 1e6:.2f} MB" for names, size in _files(bundle))
        latency_ms = milliseconds(bundle.algorithmic_latency_frames, bundle.rate_hz)
        lines += [
            f"{bundle.folder.name} {bundle.version}: {bundle.summary}",
            f"    delay     {latency_ms:g} ms ({bundle.algorithmic_latency_frames} frames at {bundle.rate_hz} Hz)",
            f"    size      {bundle.parameters / 1e6:.2f} million parameters; {sizes}",
            f"    licence   {bundle.licence}",
        ]
        for at, source in enumerate(bundle.trained_on):
            lines.append(f"    {'' if at else 'trained on':<11}{source.name} ({source.licence}): {source.what}")
    return lines


def _damage(damaged: dict[str, str]) -> list[str]:
    return [f"{name}: DAMAGED: {line}" for name, why in damaged.items() for line in why.splitlines()]
