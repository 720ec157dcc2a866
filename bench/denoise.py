"""Our denoisers and public ones in one table from one run: scores, latency, cost, size.   make bench-denoise

    requirements/bench.sh -m bench.denoise [--set FOLDER] [--only hum] [--limit 2] [--json]

A set is a folder with set.json and NAME_noisy.flac, NAME_clean.flac. The scores are those of ../shared/tools/score.py.
The real-time factor (RTF) is the CPU time of one thread divided by the length of the sound: the whole Python path,
files included. It is only for reports: no model is chosen by these scores.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
import time
import warnings
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import soundfile

from bench import denoise_systems as systems
from bench.denoise_systems import System

OUT = Path(__file__).parent / "out"
SHARED = systems.ROOT.parent / "shared"
SCORES = {
    "si_sdr": "SI-SDR", "pesq": "PESQ", "stoi": "STOI", "sig": "SIG", "bak": "BAK", "ovrl": "OVRL", "lsd_hf": "LSD-HF",
}  # fmt: skip
GROUPS = ("all", "sung", "spoken")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench.denoise", description=__doc__.splitlines()[0])
    parser.add_argument("--set", type=Path, default=SHARED / "data" / "eval" / "denoise", help="folder with set.json")
    parser.add_argument("--tools", type=Path, default=SHARED / "tools", help="folder with peers.py and score.py")
    parser.add_argument("--only", metavar="TEXT", default="", help="items with TEXT in their name")
    parser.add_argument("--limit", metavar="N", type=int, help="the first N items")
    parser.add_argument("--system", metavar="TEXT", default="", help="systems with TEXT in their name")
    parser.add_argument("--json", action="store_true", help="machine-readable")
    options = parser.parse_args(argv)
    try:
        items = chosen_items(options.set, options.only, options.limit)
        score = systems.load_tool(options.tools, "score").score
        compared = chain([systems.unprocessed()], systems.peers(options.tools), systems.shipped())
        rows = compare(options.set, items, [s for s in compared if options.system in s.name], score)
    except (FileNotFoundError, ValueError) as error:
        print(f"bench.denoise: {error}", file=sys.stderr)
        return 2
    result = {"items": [item["name"] for item in items], "rows": rows}
    OUT.mkdir(exist_ok=True)
    (OUT / "denoise.json").write_text(json.dumps(result, indent=1))
    print(json.dumps(result, indent=1) if options.json else as_text(result))
    return 0


def chosen_items(folder: Path, only: str, limit: int | None) -> list[dict[str, Any]]:
    """Entries of set.json. Raises FileNotFoundError, ValueError when there is nothing to run on."""
    listing = folder / "set.json"
    if not listing.is_file():
        raise FileNotFoundError(
            f"{listing} is missing: --set names a folder with set.json and NAME_noisy.flac, NAME_clean.flac"
        )
    items = [item for item in json.loads(listing.read_text()) if only in item["name"]][:limit]
    if not items:
        raise ValueError(f"--only {only!r} --limit {limit}: nothing left of {folder}")
    return items


def compare(folder: Path, items: list[dict[str, Any]], compared: Sequence[System], score: Any) -> list[dict[str, Any]]:
    """One row for each system: name, latency_ms, size_mb, real_time_factor, scores by group."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="hushbox-bench-") as temporary:
        part = Path(temporary) / "set"
        part.mkdir()
        (part / "set.json").write_text(json.dumps(items))
        for path in (folder / f"{item['name']}_{kind}.flac" for item in items for kind in ("noisy", "clean")):
            (part / path.name).symlink_to(path.resolve())
        seconds = sum(soundfile.info(folder / f"{item['name']}_noisy.flac").duration for item in items)
        for number, system in enumerate(compared):
            suffix = f"system{number}"
            system.process(part / f"{items[0]['name']}_noisy.flac", Path(temporary) / "warm.flac")
            began = time.thread_time()
            for item in items:
                system.process(part / f"{item['name']}_noisy.flac", Path(temporary) / f"{item['name']}_{suffix}.flac")
            factor = (time.thread_time() - began) / seconds
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)  # means of a group without items
                means, _ = score(str(part), temporary, suffix)
            means = {group: values for group, values in means.items() if not math.isnan(values["si_sdr"])}
            about = {"name": system.name, "latency_ms": system.latency_ms, "size_mb": system.size_mb}
            rows.append({**about, "real_time_factor": factor, "scores": means})
            print(f"  {system.name}: done", file=sys.stderr)
    return rows


def as_text(result: dict[str, Any]) -> str:
    """The table for people: a line for all items, one for singing, one for speech."""
    width = max(len(row["name"]) for row in result["rows"])
    lines = [f"{len(result['items'])} items; lower is better for LSD-HF alone"]
    lines.append(
        f"{'':{width}}  {'':6}" + "".join(f"{name:>8}" for name in SCORES.values()) + "  latency ms     RTF   size MB"
    )
    for row in result["rows"]:
        for group in filter(row["scores"].get, GROUPS):
            scores = "".join(f"{row['scores'][group][key]:8.2f}" for key in SCORES)
            first = group == GROUPS[0]
            cost = f"{row['latency_ms']:12.2f}{row['real_time_factor']:8.3f}{row['size_mb']:10.2f}" if first else ""
            lines.append(f"{row['name'] if first else '':{width}}  {group:6}{scores}{cost}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
