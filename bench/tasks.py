"""Ten tasks with a phone, driven by touch in a browser: how many taps each takes, and how many seconds.

    python -m bench.tasks [--only "first sound"]

Runs `hushbox run` without an interface, so the demo plays; some tasks begin with a fresh box, whose link makes the
phone its owner. The seconds are those of a thumb that never looks or thinks, from the first tap until the effect is
there: what page and box take. Scanning the link, choosing a file in the phone's own dialog, typing a name and scrolling
are not taps. It asserts nothing but that each task comes to its end.
"""

from __future__ import annotations

import argparse
import json
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from bench.live import memory_folder

STEPS = 9  # of the wizard
BACKUP = {"hushbox_backup": 1, "made_at": "2026-01-30 10:00:00", "files": {"scenes.json": {"schema": 1, "scenes": {}}}}


class Visit:
    """A phone that has just opened the page of a box, its thumb, and how long it has been at work."""

    def __init__(self, page: Any, box: Any) -> None:
        from tests.rigs.thumb import Thumb

        self.page, self.box = page, box
        self.thumb = Thumb(page)
        self.began = time.monotonic()

    def tap(self, selector: str, words: str = "", nth: int = 0) -> None:
        place = self.page.locator(selector, has_text=words) if words else self.page.locator(selector)
        self.thumb.tap(place.nth(nth))

    def until(self, true: Callable[[], bool]) -> None:
        """Wait for what the task is for."""
        self.box.wait_for(true, "what the task is for", 120.0)

    def preset(self) -> str:
        return str(self.box.get("presets")["current"])


def first_sound(visit: Visit) -> None:
    """A fresh box, the page just opened: something is heard on the phone."""
    visit.tap(".pick-line", "Practise with songs")
    visit.page.wait_for_selector("#purpose-preset")
    visit.tap("#setup-wizard button", "Hear it on this phone")
    visit.until(lambda: bool(visit.page.evaluate("loudness() > 0.003")))


def wizard(visit: Visit) -> None:
    """From the first step to Finish, without measuring latency or a PIN."""
    visit.tap(".pick-line", "Sing live")
    visit.page.wait_for_selector("#purpose-preset")
    for step in range(STEPS):
        title = visit.page.locator(".step-title").inner_text()
        visit.tap("#setup-wizard .pair .strong")
        if step < STEPS - 1:
            visit.page.wait_for_function("(was) => document.querySelector('.step-title').innerText !== was", arg=title)
    visit.page.wait_for_selector("#view-play:not([hidden])")


def vocals_by_foot(visit: Visit) -> None:
    """A fresh box on Play: a press of the footswitch mutes the vocals."""
    visit.tap("#chains button", "Music")
    key = visit.page.locator("button[aria-label='Vocals muted']:enabled")
    key.wait_for()
    visit.page.wait_for_timeout(500)  # what the music brings along has come to rest
    visit.thumb.hold(key)
    visit.tap("dialog .menu-item", "Learn")
    visit.page.wait_for_selector(".listening")
    stomp(visit)
    visit.tap("#save-mapping")
    visit.page.wait_for_selector("#sheet", state="hidden")
    before = visit.box.value("stems.vocals.mute")
    stomp(visit)
    visit.until(lambda: visit.box.value("stems.vocals.mute") != before)


def stomp(visit: Visit) -> None:
    for pressed in (True, False):
        visit.box.send("POST", "panel/footswitch/press", {"pressed": pressed})
        time.sleep(0.1)


def bypass(visit: Visit) -> None:
    visit.tap("#bypass")
    visit.until(lambda: visit.box.value("box.bypass") == 1.0)


def before_after(visit: Visit) -> None:
    """The untouched sound at the same loudness, and back."""
    visit.tap("#hear-untouched")
    visit.until(lambda: visit.box.value("box.bypass") == 1.0)
    visit.tap("#hear-processed")
    visit.until(lambda: visit.box.value("box.bypass") == 0.0)


def load_preset(visit: Visit) -> None:
    """One by its name. The next one is one tap, on Play."""
    visit.tap("#tab-presets")
    visit.tap(".preset-load", "Podcast")
    visit.until(lambda: visit.preset() == "Podcast")


def choose_model(visit: Visit) -> None:
    visit.tap("#tab-setup")
    visit.tap("#line-models a")
    visit.page.wait_for_selector("[id^=model-use-]:enabled")
    key = visit.page.locator("[id^=model-use-denoise]:enabled").first
    name = (key.get_attribute("id") or "").removeprefix("model-use-")
    visit.thumb.tap(key)
    visit.until(lambda: any(m["name"] == name and m["in_use"] for m in visit.box.get("models")["models"]))


def save_sound(visit: Visit) -> None:
    visit.tap("#tab-presets")
    visit.tap("#preset-save-as")
    visit.page.locator("#dialog-text").fill("Choir")
    visit.tap("dialog .strong")
    visit.until(lambda: visit.preset() == "Choir")


def undo(visit: Visit) -> None:
    """What a knob or a foot has just changed."""
    visit.box.set("denoise.amount_db", 3.0)
    visit.page.wait_for_selector("#undo:enabled")
    visit.began = time.monotonic()
    visit.tap("#undo")
    visit.until(lambda: visit.box.value("denoise.amount_db") != 3.0)


def restore(visit: Visit) -> None:
    """A backup from the phone; until the box is back."""
    visit.tap("#tab-setup")
    visit.tap("#line-backup a")
    with visit.page.expect_file_chooser() as chooser:
        visit.tap("#setup-backup .section-body > .pair .plain", "Restore")
    file = {"name": "backup.json", "mimeType": "application/json", "buffer": json.dumps(BACKUP).encode()}
    chooser.value.set_files(file)
    visit.page.wait_for_selector("#setup-backup h3")
    visit.tap("#setup-backup .form .pair .strong", "Restore")
    visit.page.wait_for_selector(".undo-card:not([hidden])", timeout=180_000)


# (words, task, whether it begins with a fresh box and its first page, the view that is open)
TASKS: tuple[tuple[str, Callable[[Visit], None], bool, str], ...] = (
    ("first sound", first_sound, True, ""),
    ("wizard", wizard, True, ""),
    ("mute the vocals by foot", vocals_by_foot, True, "#play"),
    ("bypass", bypass, False, "#play"),
    ("hear before and after", before_after, False, "#play"),
    ("load a preset", load_preset, False, "#play"),
    ("choose a model", choose_model, False, "#play"),
    ("save a sound", save_sound, False, "#play"),
    ("undo", undo, False, "#play"),
    ("restore a backup", restore, False, "#play"),
)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench.tasks", description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", metavar="WORDS", help="tasks whose name has these words")
    options = parser.parse_args(argv)
    rows = [row for row in TASKS if options.only in row[0]]
    run(rows)
    return 0


def run(rows: list[tuple[str, Callable[[Visit], None], bool, str]]) -> None:
    """Do the tasks one after the other, and print each one's taps and seconds."""
    with (
        tempfile.TemporaryDirectory(prefix="hushbox-bench-", dir=memory_folder()) as temporary,
        phones() as opened,
        ExitStack() as shared,
    ):
        for number, (words, task, fresh, view) in enumerate(rows):
            if fresh or not number or rows[number - 1][2]:  # the others share a box
                shared.close()
                box = shared.enter_context(started(Path(temporary) / str(number)))
            visit = opened(box, view)
            task(visit)
            print(f"{words:26} {visit.thumb.taps:3} taps {time.monotonic() - visit.began:6.1f} s", flush=True)
            visit.page.context.close()


@contextmanager
def started(folder: Path) -> Iterator[Any]:
    """A fresh box without an interface: its demo plays."""
    from tests.rigs.running_box import RunningBox

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with RunningBox(folder, "", port=port, pair=False) as box:  # the same after the restart of a restore
        box.wait_status(lambda s: s["state"] == "running", "the demo")
        yield box


@contextmanager
def phones() -> Iterator[Callable[[Any, str], Visit]]:
    """Opens a page of a box on an owner's phone; the first one becomes that by the box's link, as on its first day."""
    from playwright.sync_api import sync_playwright

    from firmware_app.page import address
    from tests.rigs.ear import LISTENING
    from tests.rigs.phone import ARGS, CHROMIUM, HOST, PHONE, paired
    from web_ui.ports.pairing import COOKIE

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=[*ARGS, "--mute-audio"])

        def opened(box: Any, view: str) -> Visit:
            size: Any = PHONE
            context = browser.new_context(viewport=size, device_scale_factor=2, has_touch=True)
            page = context.new_page()
            page.set_default_timeout(60_000)
            page.add_init_script(f"({LISTENING})()")
            here = f"http://{HOST}:{box.url.rstrip('/').rpartition(':')[2]}/"
            if box.cookie:
                paired(context, box.cookie)
                page.goto(here + view)
            else:
                page.goto(f"{here}#pair={address.first_code_left(box.runtime)}")
                page.wait_for_selector(".step-title")
                box.cookie = next(cookie["value"] for cookie in context.cookies() if cookie["name"] == COOKIE)
                page.evaluate("(view) => view && (location.hash = view)", view)
            page.wait_for_selector('body[data-link="live"]')
            page.wait_for_selector("#bypass:enabled" if view else ".step-title")
            return Visit(page, box)

        yield opened
        browser.close()


if __name__ == "__main__":
    sys.exit(main())
