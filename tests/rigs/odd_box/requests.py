"""A good request of every kind that the page takes: what the fuzz begins from."""

from __future__ import annotations

from typing import Any

from flask import Flask

_MUTE = {"do": "toggle", "param": "box.mute"}
_CHORUS = {"do": "preset", "preset": "Chorus"}
FIRST: tuple[tuple[str, str, Any], ...] = (
    ("PUT", "params/denoise.amount_db", {"value": 11}),
    ("POST", "presets/save", {"name": "Chapel", "about": "wide"}),
    ("POST", "presets/duplicate", {"name": "Singer live"}),
    ("POST", "presets/rename", {"name": "Chapel", "to": "Chorus"}),
    ("POST", "scenes/keep", {"scene": "A"}),
    ("PUT", "params/denoise.amount_db", {"value": 17}),
    ("POST", "scenes/keep", {"scene": "B"}),
    ("POST", "panel/controls", {"kind": "switches", "settings": {"name": "second", "gpio": 22}}),
    ("PUT", "panel/mappings", {"on": "second", "gesture": "press", "action": _MUTE, "replace": True}),
    ("PUT", "panel/mappings",
     {"on": "footswitch+second", "gesture": "together", "action": _CHORUS, "replace": True}),
    ("PUT", "panel/mappings",
     {"on": "program:1:5", "gesture": "program", "action": {"do": "scene", "scene": "other"}, "replace": True}),
    ("POST", "panel/mappings/remove", {"key": "footswitch long_press"}),
    ("PUT", "setup/name", {"name": "Left wing"}),
    ("PUT", "setup/wizard", {"state": "begun", "step": "level"}),
)  # fmt: skip
"""What a box has that somebody has set up."""

_MORE: tuple[tuple[str, str, Any], ...] = (
    ("POST", "presets/load", {"name": "Chorus"}),
    ("POST", "presets/step", {"by": 1}),
    ("POST", "presets/delete", {"name": "Chorus"}),
    ("PUT", "presets/order", {"names": ["Chorus", "Singer live 2"]}),
    ("POST", "presets/undo", {"undo": True}),
    ("POST", "scenes/recall", {"scene": "A"}),
    ("POST", "panel/mappings/check", {"on": "footswitch", "gesture": "press", "action": _MUTE}),
    ("POST", "panel/restore", {"key": "mapping footswitch long_press"}),
    ("POST", "panel/controls/remove", {"name": "second"}),
    ("POST", "panel/pedals/calibrate", {"name": "pedal", "step": "start"}),
    ("PUT", "panel/learn", {"action": _MUTE}),
    ("POST", "panel/learn/cancel", {"cancel": True}),
    ("POST", "panel/touch", {"source": "gpio:23", "value": 1}),
    ("POST", "panel/touch", {"source": "midi:fake:cc:1:7", "value": 90}),
    ("POST", "panel/footswitch/press", {"pressed": True}),
    ("POST", "panel/pedal/turn", {"position": 0.5}),
    ("POST", "panel/dial/step", {"detents": 2}),
    ("PUT", "setup/audio", {"changes": {"period_frames": 64, "input_channels": [1, 2]}}),
    ("POST", "setup/check", {"do": "hold"}),
    ("PUT", "setup/mixer", {"id": "Mic,0 capture level", "value": 20}),
    ("POST", "setup/mixer/stop_monitoring", {"stop": True}),
    ("PUT", "models/use", {"name": "denoise-live"}),
    ("POST", "undo", {"undo": True}),
    ("PUT", "compare", {"on": False}),
    ("PUT", "safe_mode", {"on": False}),
    ("POST", "pin/unlock", {"pin": "1234", "name": "Ben's"}),
    ("PUT", "pin", {"pin": "", "old": ""}),
    ("PUT", "pin", {"pin": "1234", "old": ""}),
    ("POST", "pairing/claim", {"code": "AAAAA-AAAAA", "name": "Ben's"}),
    ("POST", "pairing/ask", {"name": "Ben's"}),
    ("POST", "pairing/leave", {"leave": True}),
    ("POST", "phones/invite", {"role": "player", "hours": 4}),
    ("POST", "phones/invite", {"role": "owner", "hours": None}),
    ("PUT", "phones/open_play", {"on": True}),
    ("PATCH", "phones/0123abcd", {"name": "Ben's", "role": "engineer"}),
    ("DELETE", "phones/0123abcd", {"revoke": True}),
    ("PUT", "params/output.gain_db", {"value": -3.5}),
    ("GET", "presets/export?name=Chorus", None),
    ("GET", "history?after=3", None),
    ("GET", "listen/before.wav?take=1", None),
)


def requests(app: Flask) -> list[tuple[str, str, Any]]:
    """(method, path, good body) of all that may be sent, as far as `app` has it."""
    paths = {str(rule).partition("<")[0] for rule in app.url_map.iter_rules()}
    return [
        one for one in (*FIRST, *_MORE) if any(f"/api/v1/{one[1]}".startswith(path) for path in paths if path != "/")
    ]
