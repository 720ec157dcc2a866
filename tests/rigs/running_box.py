"""RunningBox: a real `hushbox run` in a folder of its own, and what a person at page and terminal can do."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPException
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import psutil

from firmware_app.page import address
from tests.rigs.usual_choice import keep_usual_choice
from web_ui.ports.pairing import COOKIE

CSRF_HEADER = "X-CSRF-Token"
PATIENCE_S = 60.0  # of an answer, on a machine that does much else


class RunningBox:
    """Start it, talk to its page, stop it. Use as a context manager.

    config: text of hushbox.toml after the [page] section this rig writes. env: beside the environment (the rig's).
    under: a program and its options that starts the box, and lets it have its own process number.
    first_start: let the box measure which bundle and period fit. Else it finds the usual ones chosen already, so that
    this machine's load does not decide what a test hears. port: of the page; 0: another one after each start.
    pair: claim the box, so that the rig is its owner, in every start in this folder. Else nobody is paired.
    program: the command `hushbox`, of another version than this checkout's.
    """

    def __init__(
        self,
        folder: Path,
        config: str,
        env: Mapping[str, str] | None = None,
        *,
        under: Sequence[str] = (),
        first_start: bool = False,
        port: int = 0,
        pair: bool = True,
        program: Sequence[str] = (sys.executable, "-m", "firmware_app.cli"),
    ) -> None:
        self.folder = folder
        self._under = under
        self._first_start = first_start
        self._program = program
        folder.mkdir(parents=True, exist_ok=True)
        # In memory, as /run is on a box: a disk's write-back would hold up the audio process.
        self.runtime = Path(tempfile.mkdtemp(prefix="hushbox-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None))
        self.state = folder / "state"
        (folder / "hushbox.toml").write_text(f'[page]\nhost = "127.0.0.1"\nport = {port}\n' + config)
        self._env = {**os.environ, **(env or {}), "HUSHBOX_RUNTIME_DIR": str(self.runtime), "PYTHONUNBUFFERED": "1"}
        self.log: list[str] = []
        self.url = ""
        self.cookie = ""  # the session of this rig
        self._pair = pair
        self._token = ""
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> RunningBox:
        if not self._first_start:
            keep_usual_choice(self.folder / "hushbox.toml", self.state)
        command = [*self._under, *self._program, "run"]
        command += ["--config", str(self.folder / "hushbox.toml"), "--state-dir", str(self.state)]
        self._process = subprocess.Popen(
            command, env=self._env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
        )
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()
        try:
            self.wait_for(lambda: bool(self.url), "the page's address", 60.0)  # of a busy machine
            if self._pair:
                self._become_owner()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def child(self, command: str) -> psutil.Process:
        """The process `hushbox audio` or `hushbox control`."""
        for child in psutil.Process(self.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):  # one that has ended just now
                if command in child.cmdline():
                    return child
        raise LookupError(f"no {command} process")

    def stop(self, number: int = signal.SIGINT) -> float:
        """Stop as Ctrl-C does; returns the seconds it took."""
        assert self._process is not None
        started = time.monotonic()
        if self._process.poll() is None:
            self._process.send_signal(number)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        seconds = time.monotonic() - started
        self._reader.join(5)
        if self._process.stdout is not None:
            self._process.stdout.close()
        shutil.rmtree(self.runtime, ignore_errors=True)
        return seconds

    def get(self, path: str) -> Any:
        """GET a JSON document of the API ("status")."""
        return json.loads(self.get_bytes(f"/api/v1/{path}"))

    def get_bytes(self, path: str) -> bytes:
        request = urllib.request.Request(self.url.rstrip("/") + path, headers=self._cookies)
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return bytes(answer.read())

    def send(self, method: str, path: str, body: object) -> Any:
        """Change something through the API, as the page does."""
        text = self.send_for_bytes(method, path, body)
        return json.loads(text) if text else None

    def send_for_bytes(self, method: str, path: str, body: object, patience_s: float = 2 * PATIENCE_S) -> bytes:
        """The same for what is answered with a file."""
        if not self._token:
            page = self.get_bytes("/").decode()
            found = re.search(r'name="csrf-token" content="([^"]+)"', page)
            assert found, "the page carries no CSRF token"
            self._token = found[1]
        headers = {"Content-Type": "application/json", CSRF_HEADER: self._token, "Origin": self.url.rstrip("/")}
        headers |= self._cookies
        request = urllib.request.Request(
            f"{self.url.rstrip('/')}/api/v1/{path}", json.dumps(body).encode(), headers, method=method
        )
        with urllib.request.urlopen(request, timeout=patience_s) as answer:
            session = SimpleCookie(answer.headers.get("Set-Cookie", "")).get(COOKIE)
            if session is not None:
                self.cookie = session.value
            return bytes(answer.read())

    def claim(self, code: str, name: str = "") -> str:
        """Pair this rig by a code. Returns the session, which it shows from now on."""
        self.send("POST", "pairing/claim", {"code": code, "name": name})
        return self.cookie

    def _become_owner(self) -> None:
        """By the first code; or as the owner that this rig became at an earlier start in this folder."""
        kept, code = self.folder / "owner-session", address.first_code_left(self.runtime)
        if code:
            kept.write_text(self.claim(code, "The rig"))
        elif kept.is_file():
            self.cookie = kept.read_text()

    @property
    def _cookies(self) -> dict[str, str]:
        return {"Cookie": f"{COOKIE}={self.cookie}"} if self.cookie else {}

    def set(self, param: str, value: float) -> None:
        self.send("PUT", f"params/{param}", {"value": value})

    def value(self, param: str) -> float:
        views = self.get("params")
        views = views["params"] if isinstance(views, dict) else views
        return float(next(view["value"] for view in views if view["id"] == param))

    def wait_status(
        self, wanted: Callable[[dict[str, Any]], bool], what: str, seconds: float = PATIENCE_S
    ) -> dict[str, Any]:
        """Wait until the page's status is as wanted, and return it."""
        latest: dict[str, Any] = {}

        def reached() -> bool:
            try:
                latest.update(self.get("status"))
            except (OSError, HTTPException):  # not there yet, or ended within its answer
                return False
            return wanted(latest)

        self.wait_for(reached, what, seconds)
        return latest

    def wait_for(self, condition: Callable[[], bool], what: str, seconds: float = PATIENCE_S) -> None:
        until = time.monotonic() + seconds
        while not condition():
            if not self.running and not condition():
                raise AssertionError(f"the box ended while waiting for {what}:\n" + "".join(self.log))
            if time.monotonic() > until:
                raise AssertionError(f"no {what} within {seconds} s:\n" + "".join(self.log))
            time.sleep(0.02)

    def _read_log(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.log.append(line)
            if found := re.search(r"page: (https?://[^/\s]+/)$", line):
                self.url, self._token = found[1], ""  # another one after a restart, when the port is 0
