"""Presses in real time: 20 a second, with the bounces of a real switch, through mock pins and threads to Control.

    python -m bench.panel [--seconds 60] [--json]

No press may be lost or doubled. No audio runs. The delays count from the moment that the contact came to rest, and
include the debounce's own 1 ms.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

RATE = 20  # presses a second
TRAINS = {
    "clean": (),
    "toggle switch": (4e-6, 11e-6, 60e-6, 130e-6, 20e-6, 310e-6),
    "push button": (40e-6, 90e-6, 400e-6, 220e-6, 800e-6, 90e-6, 700e-6, 950e-6, 500e-6, 900e-6, 600e-6, 910e-6),
    "slow footswitch": (0.9e-3, 0.2e-3, 0.95e-3, 0.1e-3, 0.7e-3, 0.6e-3),
}
"""Seconds between edges, shaped after Ganssle, "A Guide to Debouncing": as tests/hw/panel/test_debounce.py has them."""


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench.panel", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="for each kind of switch")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    results = {name: measure(train, options.seconds) for name, train in TRAINS.items()}
    if options.json:
        print(json.dumps(results, indent=1))
        return 0
    print(f"{RATE} presses a second for {options.seconds:g} s, from contact at rest to Control:")
    for name, r in results.items():
        print(
            f"  {name}: {r['presses']} presses, lost {r['lost']}, doubled {r['doubled']}, "
            f"out of step {r['out_of_step']}; "
            f"p50 {r['p50_ms']:.1f} ms, p99 {r['p99_ms']:.1f} ms, worst {r['max_ms']:.1f} ms"
        )
    return 0


def measure(train: tuple[float, ...], seconds: float) -> dict[str, Any]:
    """Each press mutes while held. Keeps what Control received, and when."""
    from firmware_app.config.panel_keys import PanelConfig, SwitchConfig
    from tests.rigs.panel_hands import PanelHands

    config = PanelConfig(
        pins="mock",
        midi=False,
        switches=(SwitchConfig("foot", 17, "mute", momentary=True),),
        knobs=(),
        leds=(),
    )
    heard: list[float] = []
    pressed: list[float] = []
    with tempfile.TemporaryDirectory(prefix="hushbox-panel-") as folder:
        box = PanelHands(Path(folder), config)

        def hear(id: str, value: float, origin: str) -> None:
            if value:
                heard.append(time.monotonic())

        box.control.listen("bench", hear)
        pin = box.setup.bindings.panel.choice.factory.pin("GPIO17")
        begun = time.monotonic()
        for half in range(int(seconds * RATE) * 2):
            at_s = begun + half / (2 * RATE)
            _sleep_until(at_s)
            _move(pin, down=half % 2 == 0, train=train, from_s=at_s)
            if half % 2 == 0:
                pressed.append(at_s + sum(train))
        time.sleep(0.5)
        box.close()
    both = min(len(heard), len(pressed))
    delays = 1000.0 * (np.array(heard[:both]) - np.array(pressed[:both]))
    return {
        "presses": len(pressed),
        "lost": max(len(pressed) - len(heard), 0),
        "doubled": max(len(heard) - len(pressed), 0),
        "out_of_step": int(np.sum(delays < 0.0)),  # one told before it was: one lost and one doubled
        "p50_ms": float(np.percentile(delays, 50)),
        "p99_ms": float(np.percentile(delays, 99)),
        "max_ms": float(np.max(delays)),
    }


def _move(pin: Any, down: bool, train: tuple[float, ...], from_s: float) -> None:
    """The contact bounces through the train and comes to rest; then all its edges are told, with their own times.

    So a busy machine cannot stretch the train: it is told late, as a kernel does that had to wait.
    """
    from gpiozero.pins.pi import PiPin

    at_s, level, edges = from_s, down, []
    for gap_s in train:
        level = not level
        edges.append((at_s, level))
        at_s += gap_s
    edges.append((at_s, not down))
    _sleep_until(at_s)
    pin._state = not down
    for stamp_s, edge in edges:
        PiPin._call_when_changed(pin, stamp_s, edge)


def _sleep_until(at_s: float) -> None:
    if (left_s := at_s - time.monotonic()) > 0.0:
        time.sleep(left_s)


if __name__ == "__main__":
    sys.exit(main())
