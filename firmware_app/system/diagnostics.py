"""The diagnostics bundle: what somebody needs who helps from afar, as one zip, with nothing secret in it."""

import contextlib
import io
import json
import os
import re
import signal
import subprocess
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from firmware_app.errors import AppError
from firmware_app.link import InfoFrame
from firmware_app.realtime import SUPERVISOR_ENV
from firmware_app.supervisor import program

DOCTOR_S = 60.0
_LOOK_S = 0.1  # between two looks whether somebody still waits
Meters = Callable[[], Sequence[Mapping[str, Any]]]
"""The meters of the last minutes, oldest first."""
_SECRET = re.compile(r"(?i)(pass(word|phrase)?|secret|token|psk|\bkey\b|\bpin\b)")
_NOT_INSIDE = frozenset({"pin.json"})


class GivenUp(AppError, RuntimeError):
    """Nobody waits for the diagnostics any more."""


def bundle(
    *,
    state: Path,
    config_file: Path | None,
    doctor_arguments: Sequence[str],
    versions: Mapping[str, str],
    info: InfoFrame,
    history: Sequence[Mapping[str, Any]],
    log: Sequence[str],
    gone: Callable[[], bool] = bool,
) -> bytes:
    """The zip. Takes as long as the doctor does, which runs in a process of its own: seconds.

    gone: whether nobody waits for it any more. Raises GivenUp then, with the doctor ended.
    """
    files: dict[str, str] = {
        "versions.json": _json(versions),
        "what-runs.json": _json(asdict(info)),
        "meters.json": _json(list(history)),
        "log.txt": "\n".join(clean_line(line) for line in log) + "\n",
        "doctor.json": _doctor(doctor_arguments, gone),
    }
    if config_file is not None:
        files["hushbox.toml"] = clean_text(_text(config_file))
    for path in sorted(state.glob("*.json")):
        if path.name not in _NOT_INSIDE:
            files[f"state/{path.name}"] = clean_text(_text(path))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, text in files.items():
            pack.writestr(f"hushbox-diagnostics/{name}", text)
    return out.getvalue()


def clean_text(text: str) -> str:
    """A settings file without what its keys call secret."""
    return "\n".join(clean_line(line) for line in text.splitlines()) + "\n"


def clean_line(line: str) -> str:
    """What follows `=` or `:` behind a name that says secret is taken out."""
    name, mark, _ = line.partition("=") if "=" in line else line.partition(":")
    return f"{name}{mark} (left out)" if mark and _SECRET.search(name) else line


def _doctor(arguments: Sequence[str], gone: Callable[[], bool]) -> str:
    """What `hushbox doctor --json` says. Ended with the request, and by the kernel with this process."""
    environment = {**os.environ, SUPERVISOR_ENV: str(os.getpid())}
    try:
        doctor = subprocess.Popen(
            [*program(), "doctor", "--json", *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, errors="replace", env=environment, start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        return _json({"failed": str(error)})
    until = time.monotonic() + DOCTOR_S
    try:
        while True:
            try:
                out, err = doctor.communicate(timeout=_LOOK_S)
                return out or _json({"failed": err[-2000:]})
            except subprocess.TimeoutExpired:
                if gone():
                    raise GivenUp("nobody waits for the diagnostics any more") from None
                if time.monotonic() > until:
                    return _json({"failed": f"no answer within {DOCTOR_S:.0f} s"})
    finally:
        if doctor.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(doctor.pid, signal.SIGKILL)  # with what it has started itself
            doctor.communicate()


def _json(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, default=str) + "\n"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        return f"cannot be read: {error.strerror}"
