"""The diagnostics bundle: one zip for remote help, without secrets.

Settings and kept files are parsed, and only known keys go in. Secrets are removed from every text and from the log.
"""

import contextlib
import io
import json
import os
import signal
import subprocess
import time
import tomllib
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from firmware_app.config.keys import REPEATED, TABLES
from firmware_app.errors import AppError
from firmware_app.kept.kept_file import LARGEST_BYTES
from firmware_app.kept.shapes import SHAPES, chosen
from firmware_app.link.wire import InfoFrame
from firmware_app.running.realtime import SUPERVISOR_ENV
from firmware_app.running.supervisor import program
from firmware_app.system import scrub

DOCTOR_S = 60.0
_LOOK_S = 0.1  # how often it looks whether the client still waits
Meters = Callable[[], Sequence[Mapping[str, Any]]]
"""The meters of the last minutes, oldest first."""


class GivenUp(AppError, RuntimeError):
    """The client has gone before the diagnostics were ready."""


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
    """The zip. Takes seconds: the doctor runs first, in a process of its own.

    gone: whether the client has gone. Then the doctor is ended, and GivenUp raised.
    """
    trees: dict[str, Any] = {
        "versions.json": versions,
        "what-runs.json": asdict(info),
        "meters.json": list(history),
        "doctor.json": _doctor(doctor_arguments, gone),
    }
    if config_file is not None:
        trees["settings.json"] = settings(config_file)
    trees |= {f"state/{name}": tree for name, tree in _state(state).items()}
    files = {name: _json(scrub.tree(tree)) for name, tree in trees.items()}
    files["log.txt"] = "\n".join(scrub.lines(log)) + "\n"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, text in files.items():
            pack.writestr(f"hushbox-diagnostics/{name}", text)
    return out.getvalue()


def settings(config_file: Path) -> dict[str, Any]:
    """The settings in hushbox.toml: only known keys, each only with an allowed value.

    Everything else is left out and counted.
    """
    try:
        tree = tomllib.loads(config_file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        why = error.strerror if isinstance(error, OSError) else "not TOML; the doctor says where"
        return {"file": str(config_file), "cannot be read": why}
    left_out = [name for name in tree if name not in TABLES]
    sections = {name: _table(cls, name, tree[name], left_out) for name, cls in TABLES.items() if name in tree}
    return {"file": str(config_file), "settings": sections, "left out": len(left_out)}


def _table(cls: type, section: str, found: Any, left_out: list[str]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    keys = {field.name: field.metadata["key"] for field in fields(cls) if "key" in field.metadata}
    for name, value in found.items() if isinstance(found, dict) else [(section, found)]:
        inner = REPEATED.get(f"{section}.{name}")
        if inner is not None and isinstance(value, list):
            shown[name] = [_table(inner, f"{section}.{name}", entry, left_out) for entry in value]
        elif inner is None and name in keys and keys[name].check(value) is None:
            shown[name] = value
        else:
            left_out.append(name)
    return shown


def _state(folder: Path) -> dict[str, Any]:
    """The kept files, each reduced to its known keys."""
    found: dict[str, Any] = {}
    for name in SHAPES:
        try:
            tree = json.loads((folder / name).read_bytes()[:LARGEST_BYTES])
        except FileNotFoundError:
            continue
        except (OSError, ValueError, RecursionError) as error:
            found[name] = {"cannot be read": error.strerror if isinstance(error, OSError) else "it is damaged"}
            continue
        found[name] = chosen(name, tree) or {"cannot be read": "it is shaped otherwise"}
    return found


def _doctor(arguments: Sequence[str], gone: Callable[[], bool]) -> Any:
    """The output of `hushbox doctor --json`. It is ended when the client goes, and by the kernel with this process."""
    environment = {**os.environ, SUPERVISOR_ENV: str(os.getpid())}
    try:
        doctor = subprocess.Popen(
            [*program(), "doctor", "--json", *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, errors="replace", env=environment, start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        return {"failed": str(error)}
    until = time.monotonic() + DOCTOR_S
    try:
        while True:
            try:
                out, err = doctor.communicate(timeout=_LOOK_S)
                return _answer(out, err)
            except subprocess.TimeoutExpired:
                if gone():
                    raise GivenUp("nobody waits for the diagnostics any more") from None
                if time.monotonic() > until:
                    return {"failed": f"no answer within {DOCTOR_S:.0f} s"}
    finally:
        if doctor.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(doctor.pid, signal.SIGKILL)  # with its own child processes
            doctor.communicate()


def _answer(out: str, err: str) -> Any:
    try:
        return json.loads(out)
    except ValueError:
        return {"failed": (out + err)[-2000:]}


def _json(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, default=str) + "\n"
