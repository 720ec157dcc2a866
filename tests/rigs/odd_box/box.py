"""A control process built in this one, by the code that builds the real one, and every page of it read."""

from __future__ import annotations

import logging
import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import quote

from flask import Flask

from firmware_app.config import places as places_of_box
from firmware_app.config import read as config_file
from firmware_app.config.places import Places
from firmware_app.control_process import ControlProcess
from firmware_app.running.realtime import SUPERVISOR_ENV
from firmware_app.system.log_files import OneLine
from web_ui.app import create_app
from web_ui.ports.box import Box
from web_ui.ports.pairing import COOKIE, NOBODY, OWNER, ROLES

CONFIG = """
[panel]
pins = "mock"
midi = false
relay_gpio = 26
[model]
bundle = "denoise-light"
stems_bundle = "stems-light"
[[panel.switches]]
name = "footswitch"
gpio = 17
does = "bypass"
[[panel.pedals]]
name = "pedal"
channel = 1
sets = "box.wet_percent"
[[panel.encoders]]
name = "dial"
gpio_a = 5
gpio_b = 6
sets = "output.gain_db"
[[panel.leds]]
name = "status"
gpio = 27
[[panel.mappings]]
on = "footswitch"
gesture = "long_press"
do = "next_preset"
"""
SLOW = ("diagnostics",)  # it starts a doctor: read now and then
ENDLESS = {"events": b"event: status", "spectrum": b""}  # and after what they have told enough
SILENT = ("live",)  # waits for sound, and nothing plays here
FILLED = {
    "before": "before",
    "live": "output",
    "id": "box.mute",
    "name": "footswitch",
    "filename": "icons/icon-192.png",
}
PATIENCE_S = 60


class Hung(Exception):
    """Nothing came in a minute."""


class OddBox:
    """Start it on a state folder, ask it, stop it. Use as a context manager, in the main thread.

    lines: what it has logged, as the log of a real box has it. The page is made once for all boxes: its routes and
    templates know the box only by its ports.
    """

    def __init__(self, state: Path, runtime: Path) -> None:
        self.places = Places(**{**_fields(places_of_box.find(state)), "state": state, "runtime": runtime})
        self.lines: list[str] = []

    def __enter__(self) -> OddBox:
        self._handler = _Lines(self.lines)
        logging.getLogger().addHandler(self._handler)
        os.environ[SUPERVISOR_ENV] = str(os.getppid())  # as `hushbox run` would, so that it may restart
        try:
            self.places.make_runtime()
            self._process = ControlProcess(config_file.parse(CONFIG), self.places)
            for note in (*self._process.control.notes, *self._process._box.notes):
                logging.getLogger("start").warning("%s", note)
            self._process._link.start()
            self._process._bindings.start()
            self._comparer = self._process._comparer()
            _Current.box = self._process._page_box(self._comparer)
            self.app = _page()
            self._client = self.app.test_client()
            kept = self._process._pairings
            self.sessions = {NOBODY: "", **{role: kept.let_in(f"The fuzz, {role}", role) for role in ROLES}}
            self._token = self.ask("GET", "session").get_json()["token"]
        except BaseException:
            self._quiet()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._comparer.end()
            self._process._bindings.close()
            self._process._link.stop()
            self._process.control.close()
        finally:
            self._quiet()

    def _quiet(self) -> None:
        logging.getLogger().removeHandler(self._handler)
        os.environ.pop(SUPERVISOR_ENV, None)

    def ask(self, method: str, path: str, data: bytes | None = None, role: str = OWNER) -> Any:
        """One request of the API; path: with what is odd in it. role: of the phone that asks."""
        self._client.set_cookie(COOKIE, self.sessions[role])
        address = path if path.startswith("/") else f"/api/v1/{path}"
        return self._client.open(
            address, method=method, data=data, base_url="http://localhost", buffered=False,
            content_type="application/json" if data is not None else None,
            headers={} if method == "GET" else {"X-CSRF-Token": self._token},
        )  # fmt: skip

    def get(self, path: str) -> Any:
        answer = self.ask("GET", path)
        assert answer.status_code == 200, f"GET {path}: {answer.status_code} {answer.get_data()[:200]!r}"
        return answer.get_json()

    def read_every_page(self, slow: bool) -> list[str]:
        """Every GET of the page. Returns those that were answered with 5xx, or not to their end."""
        wrong = []
        for rule in self.app.url_map.iter_rules():
            name = rule.endpoint.removeprefix("api.")
            if "GET" not in (rule.methods or ()) or name in SILENT or (name in SLOW and not slow):
                continue
            path = str(rule)
            for argument in rule.arguments:
                value = next((FILLED[key] for key in (name, argument) if key in FILLED), "before")
                path = path.replace(f"<path:{argument}>", value).replace(f"<{argument}>", value)
            try:
                wrong += self._read(quote(path), name)
            except Exception as error:
                wrong.append(f"GET {path}: {error!r}")
        return wrong

    def _read(self, path: str, name: str) -> list[str]:
        answer = self.ask("GET", path)
        try:
            if answer.status_code >= 500:
                return [f"GET {path}: {answer.status_code} {answer.get_data()[:200]!r}"]
            told = b""
            for piece in answer.iter_encoded():
                told += piece
                if name in ENDLESS and ENDLESS[name] in told:
                    break
            if answer.status_code == 200 and name not in ENDLESS and answer.mimetype == "application/json":
                told.decode()
        finally:
            answer.close()
        return []


class _Current:
    """One port of the box that runs at present."""

    box: Box

    def __init__(self, subject: str) -> None:
        self._subject = subject

    def __getattr__(self, name: str) -> Any:
        return getattr(getattr(self.box, self._subject), name)


@cache
def _page() -> Flask:
    ports: dict[str, Any] = {field.name: _Current(field.name) for field in fields(Box)}
    return create_app(Box(**ports), secret="fuzz")


class _Lines(logging.Handler):
    """Keeps what the log's own formatter makes of each record."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self.setFormatter(OneLine("%(message)s"))
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(self.format(record))


@contextmanager
def patience(seconds: int = PATIENCE_S) -> Iterator[None]:
    """Raises Hung in the main thread when what is done here never ends."""

    def hung(number: int, frame: FrameType | None) -> None:
        raise Hung(f"nothing for {seconds} s")

    before = signal.signal(signal.SIGALRM, hung)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def runtime_folder() -> Path:
    """A short path, for sockets lie in it."""
    return Path(tempfile.mkdtemp(prefix="hb-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None))


def _fields(places: Places) -> dict[str, Path]:
    return {name: getattr(places, name) for name in ("models", "assets", "state", "runtime")}
