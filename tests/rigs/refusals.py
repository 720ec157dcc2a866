"""Requests that make the box speak: refused ones of every subject, and changes about which it has something to say."""

from typing import Any

Request = tuple[str, str, Any]  # method, path below /api/v1, body

WRONG: tuple[Any, ...] = (
    None, True, 7, -1e6, "Qqq", "", "Q" * 190, {}, [], {"Qqq": 1}, {"do": "toggle"}, [7], "\u0007",
)  # fmt: skip
"""What no field of a body takes all of."""

_TOGGLE = {"do": "toggle", "param": "box.mute"}
_HOLD = {"do": "momentary", "param": "box.mute"}
_STEP = {"do": "step", "param": "denoise.amount_db", "by": 3}
_SWEEP = {"do": "sweep", "param": "box.wet_percent"}
_FORM = "hushbox presets 1"


def _mapped(on: str, gesture: str, action: Any, replace: bool = True) -> Request:
    return "PUT", "panel/mappings", {"on": on, "gesture": gesture, "action": action, "replace": replace}


def _checked(on: str, gesture: str, action: Any) -> Request:
    return "POST", "panel/mappings/check", {"on": on, "gesture": gesture, "action": action}


def _control(kind: str, **settings: Any) -> Request:
    return "POST", "panel/controls", {"kind": kind, "settings": settings}


def _audio(**changes: Any) -> Request:
    return "PUT", "setup/audio", {"changes": changes}


def _presets(*presets: Any, form: str = _FORM) -> Request:
    return "POST", "presets/import", {"form": form, "presets": list(presets)}


def _backup(mark: int, **files: Any) -> Request:
    return "PUT", "system/backup.json", {"hushbox_backup": mark, "files": files}


REFUSED: tuple[Request, ...] = (
    _mapped("footswitch", "press", _TOGGLE, replace=False),
    _mapped("amount", "turn", _TOGGLE, replace=False),
    _mapped("status", "press", _TOGGLE, replace=False),
    _checked("footswitch", "double_press", _TOGGLE),
    _checked("amount", "turn", _SWEEP),
    _control("switches", name="third", gpio=17),
    _control("switches", name="third", gpio=99),
    _control("switches", name="Third", gpio=23),
    _control("qqq"),
    _control("encoders", name="dial", gpio_a=5, gpio_b=6),
    _control("pedals", name="pedal", channel=1),
    _control("leds", name="lamp", gpio=24, shows="box.mute"),
    _control("rgb_leds", name="state", gpio_red=12, gpio_green=13, gpio_blue=16),
    _control("meters", name="bar", gpios=[19, 20]),
    _control("midi_switches", name="cc", channel=1, number=7, press_only=True),
    _control("hid_keys", name="key", device="1a86-e026", key="KEY_A"),
    _mapped("cc", "press", _HOLD),
    _mapped("footswitch", "release", _STEP),
    _checked("footswitch", "release", _TOGGLE),
    _audio(period_frames=3),
    _audio(input_channels=[1], music_channels=[1]),
    _audio(Qqq=3),
    ("POST", "setup/check", {"do": "measure"}),
    ("PUT", "pin", {"pin": "12", "old": ""}),
    ("POST", "pin/unlock", {"pin": "99999"}),
    _presets(),
    _presets(7, form="Qqq"),
    _presets({"name": "Qqq", "about": "", "params": {"Qqq": 1}}),
    _presets({"name": "Qqq", "about": "", "params": {"box.mute": 0, "Qqq": 1}}),
    ("POST", "presets/rename", {"name": "Singer live", "to": "Gentle"}),
    ("POST", "presets/save", {"name": "Gentle", "about": ""}),
    ("POST", "presets/delete", {"name": "Gentle"}),
    ("PUT", "models/use", {"name": "Qqq"}),
    ("PUT", "models/try", {"first": "Qqq", "second": "Qqq"}),
    ("PUT", "system/backup.json", {"Qqq": 1}),
    _backup(1, Qqq={}, **{"state.json": {"schema": 1, "params": 7}}),
    _backup(9),
    ("POST", "system/undo_restore", {"undo": True}),
    ("PUT", "safe_mode", {"on": False}),
    ("PUT", "safe_mode", {"on": True}),
    ("PATCH", "status", {}),
    ("GET", "Qqq", None),
    ("GET", "history?after=Qqq", None),
    ("GET", "live/Qqq.mp3", None),
    ("GET", "listen/Qqq.wav", None),
    ("GET", "models/tried/Qqq.wav", None),
    ("GET", "models/tried/first.wav", None),
    ("GET", "presets/export?name=Qqq", None),
)
