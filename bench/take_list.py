"""The view Takes over many takes on disk: how long its first list takes, in a phone's browser and on the box alone.

    python -m bench.take_list [--takes 500] [--rounds 5]

Each take is a folder as the recorder leaves one: two sounds, their outline, every parameter and some changes. What is
measured: from the tap on the tab to the first rows with their waveforms, in Chromium (the script of the view is there
already, as three seconds after the page was opened); the first and a later answer of the box's /api/v1/takes.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
import urllib.request
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from dsp.block import RATE_HZ
from firmware_app.config.panel_keys import PanelConfig
from firmware_app.kept.param_table import PARAMS
from firmware_app.link.take_ring import LaneForm
from firmware_app.takes.take import Take
from firmware_app.takes.writer import TakeWriter
from tests.rigs.panel_box import PanelBox
from tests.rigs.phone import Opener, launched
from web_ui.ports.pairing import COOKIE

SECONDS = 2.0
CHANGES = 60
TAPPED = """() => document.getElementById("tab-takes").addEventListener("click", () => {
  window.tapped = performance.now();
})"""
DRAWN = """() => {
  const seen = (row) => row.getBoundingClientRect().top < innerHeight;
  const rows = [...document.querySelectorAll(".take-row")].filter(seen);
  return rows.length > 4 && rows.every((row) => row.querySelector("canvas")?.width > 0) ? performance.now() : 0;
}"""


def made(root: Path, count: int) -> None:
    """Write the takes, one every hour until now."""
    rng = np.random.default_rng(1)
    frames = round(SECONDS * RATE_HZ)
    sound = (rng.normal(0, 0.1, (frames, 1)) * np.sin(np.linspace(0, 9, frames))[:, None]).astype(np.float32)
    ids = sorted(PARAMS)
    changes = tuple((at * 100, ids[at % len(ids)], float(at)) for at in range(CHANGES))
    for number in range(count):
        begun = datetime.now() - timedelta(hours=number)
        take = Take(begun.isoformat(timespec="milliseconds"), "pressed", (LaneForm("dry", 1), LaneForm("wet", 2)))
        values = {id: spec.default for id, spec in PARAMS.items()}
        writer = TakeWriter(root, begun, replace(take, preset="Singer live", params=values, changes=changes))
        writer.append([sound, np.repeat(sound, 2, axis=1)])
        writer.close()


def answered(box: PanelBox) -> tuple[float, int]:
    """(seconds, bytes) of one answer."""
    asked = urllib.request.Request(
        f"http://127.0.0.1:{box.number}/api/v1/takes", headers={"Cookie": f"{COOKIE}={box.session}"}
    )
    begun = time.perf_counter()
    with urllib.request.urlopen(asked) as answer:
        body = answer.read()
    assert json.loads(body)["takes"]
    return time.perf_counter() - begun, len(body)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--takes", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        made(Path(folder) / "takes", args.takes)
        box = PanelBox(Path(folder), PanelConfig(pins="mock", midi=False))
        try:
            first, size = answered(box)
            later = statistics.median(answered(box)[0] for _ in range(args.rounds))
            print(f"| the box's answer, {args.takes} takes, {size / 1e3:.0f} kB, the first | {1e3 * first:.0f} ms |")
            print(f"| a later one, median | {1e3 * later:.0f} ms |")
            shown = [opened_ms(box) for _ in range(args.rounds)]
            span = f"{min(shown):.0f} to {max(shown):.0f} ms"
            print(f"| from the tap to rows with waveforms, median | {statistics.median(shown):.0f} ms ({span}) |")
        finally:
            box.close()


def opened_ms(box: PanelBox) -> float:
    """From the tap on the tab to rows with waveforms, in milliseconds of the browser's clock, on a fresh page."""
    for browser in launched():
        opener = Opener(browser, lambda: box.number, box.session)
        page = opener()
        page.evaluate("Promise.all([import('/static/js/views/takes.js')].map((view) => view.catch(() => null)))")
        page.wait_for_timeout(4000)
        page.evaluate(TAPPED)
        page.locator("#tab-takes").tap()
        drawn: float = page.wait_for_function(DRAWN, polling="raf").json_value()
        tapped: float = page.evaluate("tapped")
        opener.close()
        assert opener.faults == [], opener.faults
        return drawn - tapped
    raise AssertionError


if __name__ == "__main__":
    main()
