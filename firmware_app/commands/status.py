"""Say what the running box does: its sound, preset, load, dropouts and device.

The load is the mean of the last second as a share of the time there is; p99
is what the busiest blocks of the last minute take.

Exit code 1: no box answers on this machine.

examples:
    hushbox status
    hushbox status --json
"""

import argparse
import json
import urllib.request
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.error import HTTPError

from firmware_app.commands.common import add_settings, settings
from firmware_app.config.keys import PageConfig
from firmware_app.config.places import Places
from firmware_app.page import address
from web_ui.ports.pairing import COOKIE

OK, SILENT = 0, 1
_ANSWER_S = 3.0
_LONGEST_ANSWER = 2_000_000  # bytes


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print as JSON")
    add_settings(parser)


def run(args: argparse.Namespace) -> int:
    config, places = settings(args)
    base = _base(config.page, places)
    session = address.session_left(places.runtime)
    try:
        status, presets = (_asked(base, what, session) for what in ("status", "presets"))
    except PermissionError:
        words = "the box shows its status to paired phones and its own user: sudo -u hushbox hushbox status"
        print(json.dumps({"running": True, "page": base, "problem": words}, indent=2) if args.json else words)
        return SILENT
    if status is None:
        if args.json:
            print(json.dumps({"running": False, "page": base}, indent=2))
        else:
            print(f"No box answers at {base}: start it with `hushbox run`, or look at `hushbox doctor`.")
        return SILENT
    preset = (presets or {}).get("current", "")
    if args.json:
        print(json.dumps({"running": True, "page": base, "preset": preset, **status}, indent=2))
    else:
        print("\n".join(_lines(status, preset, base)))
    return OK


def _base(page: PageConfig, places: Places) -> str:
    """The page's address from this machine. A running box may have another port than the file: --port, or 0."""
    host, port = address.left(places.runtime) or (page.host, page.port)
    near = {"::": "::1"}.get(host, "127.0.0.1") if host in address.ANY else host.strip("[]")
    return f"http://{f'[{near}]' if ':' in near else near}:{port}/"


def _asked(base: str, what: str, session: str) -> Mapping[str, Any] | None:
    """The answer of the box; None when it does not answer. Raises PermissionError when it refuses."""
    request = urllib.request.Request(f"{base}api/v1/{what}", headers={"Cookie": f"{COOKIE}={session}"})
    try:
        with urllib.request.urlopen(request, timeout=_ANSWER_S) as answer:
            tree = json.loads(answer.read(_LONGEST_ANSWER))
    except HTTPError as error:
        if error.code == HTTPStatus.UNAUTHORIZED:
            raise PermissionError from None
        return None
    except (OSError, ValueError):  # URLError is an OSError
        return None
    return tree if isinstance(tree, dict) else None


def _lines(now: Mapping[str, Any], preset: str, base: str) -> list[str]:
    """The status in words."""
    alive = now["audio_alive"]
    sound = now["output"] if alive and now["state"] == "running" else now["state"]
    rows = [("sound", sound), ("preset", preset or "-"), ("device", _device(now))]
    if alive:
        how = "measured" if now["latency_measured"] else "estimated"
        rows += [
            ("model", now["bundle"] or "none"),
            ("latency", f"{now['latency_ms']:.1f} ms, {how}"),
            ("load", f"{100 * now['load_mean']:.0f} % mean, {100 * now['load_p99']:.0f} % p99"),
            ("dropouts", f"{now['xruns']} xruns, {now['late_hops']} late hops, {now['dry_hops']} dry hops"),
        ]
        if now["temperature_c"] is not None:
            rows.append(("temperature", f"{now['temperature_c']:.0f} °C"))
        rows.append(("on for", _duration(now["uptime_s"])))
    rows += [(name, now[key]) for name, key in (("safe mode", "safe_mode"), ("left out", "shed")) if now[key]]
    rows.append(("page", base))
    return [f"{name:<12} {words}" for name, words in rows] + [now["message"]] * bool(now["message"])


def _device(now: Mapping[str, Any]) -> str:
    name = "the demo" if now["demo"] else now["device"] or "none"
    if not now["rate_hz"]:
        return str(name)
    return f"{name}, {now['rate_hz'] / 1000:g} kHz, {now['period_frames']} frames x {now['periods']}"


def _duration(seconds: float) -> str:
    minutes = int(seconds) // 60
    return f"{minutes // 60} h {minutes % 60} min"
