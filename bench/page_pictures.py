"""Draws the page's pictures of docs/images again, on a phone's screen and a wide one.

    python -m bench.page_pictures [--only models]

Needs Debian's chromium and imagemagick. The boxes are the tests': one that speaks for ever, and a real Control with the
installed models. Pictures of the panel and of measured latency come from the tests that need a real box for them.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
WIDE = {"width": 1180, "height": 780}
MID_WORD_S = 10.75  # of the fake voice
FALL_S = 21.0  # until the spectrogram is full

CHAIN = ("page-chain", "page-chain-narrow", "page-stage", "page-tone")
NARROW = {"width": 320, "height": 568}

Take = Callable[[Any, str], None]


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench.page_pictures", description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", metavar="WORD", help="those whose name has this word")
    only = parser.parse_args(argv).only
    if shutil.which("convert") is None:
        print("convert is missing: sudo apt-get install imagemagick", file=sys.stderr)
        return 1

    def take(page: Any, name: str) -> None:
        if only in name:
            small(page.screenshot(), IMAGES / f"{name}.png")

    from tests.rigs.phone import launched

    for browser in launched():
        if any(only in name for name in CHAIN):
            chain(browser, take)
        if only not in CHAIN:
            sound(browser, take, patient=only in "page-look")
            setting_up(browser, take)
    return 0


def small(picture: bytes, to: Path) -> None:
    """Save a screenshot with at most 256 colours: a third of its bytes, and no difference to be seen."""
    command = ["convert", "png:-", "-strip", "-dither", "None", "-colors", "256", f"png8:{to}"]
    subprocess.run(command, input=picture, check=True)
    print(f"{to.name}: {to.stat().st_size / 1e3:.0f} kB", flush=True)


def sound(browser: Any, take: Take, *, patient: bool) -> None:
    """Play, Look and Presets, over the fake box. patient: wait until the spectrogram is full."""
    from tests.rigs.phone import Box, Opener

    box = Box()
    opened = Opener(browser, lambda: box.number)
    presets, live = box.ports.presets, box.ports.live
    presets.save("Chapel choir", "Soft voices, long room.")
    presets.load("Singer live")
    for scene, amount in (("A", 12.0), ("B", 30.0)):
        live.set_param("denoise.amount_db", amount, "page")
        presets.keep_scene(scene)
    live.set_param("denoise.amount_db", 21.0, "page")
    live.clock = lambda: live.started + MID_WORD_S  # every time the same
    for view, name in (("play", "page"), ("presets", "page-presets")):
        page = opened(view=view)
        page.wait_for_timeout(1000)
        take(page, name)
    wide = opened(WIDE, device_scale_factor=1)
    wide.wait_for_timeout(1000)
    take(wide, "page-wide")
    opened.close()
    box.off()
    if patient:
        box = Box()
        opened = Opener(browser, lambda: box.number)
        look = opened(view="look")
        look.locator("#spectrum-title").evaluate("(node) => scrollTo(0, node.getBoundingClientRect().top - 40)")
        look.wait_for_timeout(1000 * FALL_S)
        take(look, "page-look")
        opened.close()
        box.off()


def chain(browser: Any, take: Take) -> None:
    """The chain of stages, on a usual phone and on the narrowest, and two of its sheets. Over the fake box."""
    from tests.rigs.phone import Box, Opener

    box = Box()
    opened = Opener(browser, lambda: box.number)
    live = box.ports.live
    for id in ("declick.on", "low_cut.on", "plosives.on", "gate.on", "deess.on", "eq.on", "compressor.on"):
        live.set_param(id, 1.0, "page")
    for band, gain_db in (("low", -4.0), ("mid", -2.5), ("presence", 3.0), ("high", 4.0)):
        live.set_param(f"eq.{band}.gain_db", gain_db, "page")
    live.clock = lambda: live.started + MID_WORD_S
    for name, size in (("page-chain", None), ("page-chain-narrow", NARROW)):
        page = opened(size, view="play") if size else opened(view="play")
        row = page.locator("#stages .stage-row")
        row.wait_for()
        row.evaluate("(node) => { node.scrollIntoView({ block: 'center' }); node.scrollLeft = 300; }")
        page.wait_for_timeout(1000)
        page.wait_for_function("document.body.dataset.link === 'live'")  # a busy machine may have lost it
        take(page, name)
    for stage, name in (("compressor", "page-stage"), ("eq", "page-tone")):
        page = opened(view="play")
        page.locator(f"#stage-{stage}").click()
        page.locator("dialog[open]").wait_for()
        page.wait_for_timeout(1500)
        page.wait_for_function("document.body.dataset.link === 'live'")
        take(page, name)
    opened.close()
    box.off()


def setting_up(browser: Any, take: Take) -> None:
    """Stems, the list of Set up, the models and the wizard, over a real Control."""
    from tests.rigs.phone import Opener

    with real_box() as box:
        opened = Opener(browser, lambda: box.number)
        first = opened(view="setup/wizard")
        first.wait_for_selector(".step-title")
        first.wait_for_timeout(500)
        take(first, "page-wizard")
        box.ports.setup.set_wizard("done", "sound")
        for view, name in (("setup", "page-setup"), ("setup/models", "page-models")):
            page = opened(view=view)
            page.wait_for_selector(".model" if "models" in view else "#line-about .line-side:not(:empty)")
            page.wait_for_timeout(3000)  # what the other lines say is there
            take(page, name)
        box.performer.recall("Karaoke", "page")
        box.control.set_param("stems.drums.gain_db", -6.0, "page")
        stems = opened(view="play")
        stems.wait_for_selector("#stems:not([hidden])")
        stems.wait_for_timeout(500)
        take(stems, "page-stems")
        opened.close()


@contextmanager
def real_box() -> Iterator[Any]:
    from firmware_app.config.panel_keys import DEFAULT_PANEL
    from firmware_app.link.wire import InfoFrame
    from tests.rigs.panel_box import PanelBox

    with tempfile.TemporaryDirectory(prefix="hushbox-pictures-") as folder:
        box = PanelBox(Path(folder), replace(DEFAULT_PANEL, pins="mock", midi=False))
        box.control.take_info(
            InfoFrame(
                device="Scarlett 2i2 USB (hw:CARD=USB,DEV=0)",
                bundle="denoise-live",
                rate_hz=48_000,
                period_frames=128,
                periods=3,
                chain_latency_frames=128,
            )
        )
        try:
            yield box
        finally:
            box.close()


if __name__ == "__main__":
    sys.exit(main())
