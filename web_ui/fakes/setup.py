"""FakeSetupPort and FakeSystemPort: setting up a box that is not there. Parts of FakeControlPort."""

import io
import json
import secrets
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from web_ui.ports.box import ControlRefused, NotThere, PinRefused
from web_ui.ports.setup import (
    AudioView,
    CheckView,
    InterfaceView,
    MixerControlView,
    MixerView,
    RoundTripView,
    SetupNewsView,
    SetupView,
    WizardView,
)
from web_ui.ports.system import ANYBODY, Caller, PinView, SystemView

STEPS = ("interface", "microphone", "level", "latency", "switches", "name", "pin", "sound")
STATES = ("new", "begun", "skipped", "done")
CHECK_S = 4.0
MEASURE_S = 0.3
INTERFACES = (
    InterfaceView("hw:CARD=USB,DEV=0", "Scarlett 2i2 USB", True, True, "", 2, 2, True),
    InterfaceView("hw:CARD=PCH,DEV=0", "Built-in audio", False, False, "it does not record", 0, 2, False),
    InterfaceView("demo", "", False, True, "", 1, 2, False),
)
MIXER = (
    MixerControlView("Mic,0 capture level", "Mic", "input", "level", 20.0, 0.0, 60.0, "dB", ()),
    MixerControlView("PCM,0 playback level", "PCM", "output", "level", 0.0, -63.5, 0.0, "dB", ()),
    MixerControlView("PCM,0 playback switch", "PCM", "output", "switch", 1.0, 0.0, 1.0, "", ()),
    MixerControlView(
        "Direct Monitor,0 choice", "Direct Monitor", "monitor", "choice", 1.0, 0.0, 2.0, "", ("Off", "Mono", "Stereo")
    ),
)
_ALLOWED: Mapping[str, Callable[[Any], bool]] = {
    "device": lambda value: isinstance(value, str) and bool(value),
    "rate_hz": lambda value: value in (44100, 48000, 96000),
    "period_frames": lambda value: type(value) is int and 32 <= value <= 1024,
    "periods": lambda value: type(value) is int and 2 <= value <= 8,
    **dict.fromkeys(("input_channels", "music_channels", "output_channels"), lambda value: isinstance(value, list)),
}


class FakeSetupPort:
    """A SetupPort in memory. It takes any device that it lists, and two inputs."""

    def __init__(self, box_name: str, changed: Callable[[], None], models: Sequence[Mapping[str, Any]]) -> None:
        """changed: called after each change of the set-up."""
        self.box_name = box_name
        self._setup_changed = changed
        self._cards = models
        self._revision = 1
        self._audio = AudioView(
            "hw:CARD=USB,DEV=0", (1,), (), (1, 2), 48000, 64, 3, 2, 2, (), "settled", ""
        )  # fmt: skip
        self._mixer = {control.id: control for control in MIXER}
        self._wizard = WizardView("new", STEPS[0], STEPS)
        self._measured: RoundTripView | None = None
        self._result: RoundTripView | None = None
        self._check_until = self._measure_until = 0.0

    def setup(self) -> SetupView:
        return SetupView(self.box_name, self._audio, self._measured, self._wizard, True)

    def setup_news(self) -> SetupNewsView:
        return SetupNewsView(self._revision, self._audio.state, self._audio.reason, self._check())

    def interfaces(self) -> Sequence[InterfaceView]:
        return [replace(view, in_force=view.device == self._audio.device) for view in INTERFACES]

    def set_audio(self, changes: Mapping[str, Any]) -> None:
        if not changes:
            raise ControlRefused("changes = {}: at least one key of [audio] is expected")
        for key, value in changes.items():
            if key not in _ALLOWED:
                raise ControlRefused(f"[audio] {key[:40]}: cannot be set here")
            if not _ALLOWED[key](value):
                raise ControlRefused(f"[audio] {key} = {json.dumps(value)[:40]}: this is not allowed")
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in changes.items()
        }
        wanted = replace(self._audio, **values)
        reason = ""
        if not any(view.device == wanted.device and view.usable for view in INTERFACES):
            reason = f"audio interface {wanted.device}: no capture there"
        elif max(wanted.input_channels, default=0) > 2:
            reason = f"input channel {max(wanted.input_channels)}: {wanted.device} has 1 to 2"
        self._audio = replace(
            self._audio if reason else wanted, state="refused" if reason else "settled", reason=reason
        )
        self._note()

    def check_sound(self, what: str) -> None:
        now = time.monotonic()
        if what not in ("hold", "measure", "end"):
            raise ControlRefused(f"do = {what[:40]!r}: allowed hold, measure, end")
        if what == "end":
            self._check_until = 0.0
        elif what == "measure" and self._check().state != "listening":
            raise ControlRefused("the outputs have to be silent first")
        else:
            self._check_until = now + CHECK_S
            if what == "measure":
                self._measure_until = now + MEASURE_S
        self._note()

    def _check(self) -> CheckView:
        now = time.monotonic()
        if now >= self._check_until:
            return CheckView("off", (), self._result)
        if now < self._measure_until:
            return CheckView("measuring", (-120.0, -120.0), None)
        if self._measure_until:
            self._measure_until = 0.0
            self._measured = self._result = RoundTripView("", 8.4, 4.0, 12.4, 403, 1, -22.0, False)
        return CheckView("listening", (-18.0 - 6.0 * (now % 1.0), -71.0), self._result)

    def mixer(self) -> MixerView:
        on = tuple(control.name for control in self._mixer.values() if control.role == "monitor" and control.value)
        return MixerView(tuple(self._mixer.values()), on)

    def set_mixer(self, control_id: str, value: float) -> None:
        control = self._mixer.get(control_id)
        if control is None:
            raise NotThere(f"the interface's mixer has no {control_id!r}; it has {', '.join(self._mixer)}")
        if not control.low <= value <= control.high or (control.kind != "level" and value != int(value)):
            raise ControlRefused(f"{control.name} = {value:g}: allowed {control.low:g} to {control.high:g}")
        self._mixer[control_id] = replace(control, value=value)
        self._note()

    def stop_monitoring(self) -> None:
        for control in self._mixer.values():
            if control.role == "monitor":
                self._mixer[control.id] = replace(control, value=control.low)
        self._note()

    def rename_box(self, name: str) -> None:
        if not name.strip() or len(name) > 40 or not name.isprintable():
            raise ControlRefused(f"name = {name[:40]!r}: a text of 1 to 40 printable characters is allowed")
        self.box_name = name.strip()
        self._note()

    def set_wizard(self, state: str, step: str) -> None:
        if state not in STATES or step not in STEPS:
            raise ControlRefused(f"wizard = {state[:20]!r}, {step[:20]!r}: no such state or step")
        self._wizard = WizardView(state, step, STEPS)
        self._note()

    def models(self) -> Sequence[Mapping[str, Any]]:
        return self._cards

    def _note(self) -> None:
        self._revision += 1
        self._setup_changed()


class FakeSystemPort:
    """A SystemPort in memory. It is switched off and started again by remembering that it was asked to."""

    version: str

    def __init__(self, kept: Callable[[], Mapping[str, Any]]) -> None:
        """kept: what a backup holds."""
        self.asked: list[str] = []  # "restart", "power_off", "restore": for tests
        self.no_power_off = ""
        self._kept = kept
        self._pin_now = ""
        self._sessions: set[str] = set()
        self._devices: set[str] = set()  # what was a session once
        self._wrong: Counter[str] = Counter()

    def system(self) -> SystemView:
        versions = {"Hushbox": self.version, "Board": "Raspberry Pi 5 Model B Rev 1.0", "Python": "3.13.5"}
        return SystemView(versions, "", 51.0, 3605.0, "", self.no_power_off)

    def log_lines(self, most: int) -> Sequence[str]:
        lines = [f"2026-01-01 12:00:{second:02d},000 audio: line {second}" for second in range(40)]
        return lines[-most:]

    def diagnostics(self, gone: Callable[[], bool] = bool) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as pack:
            pack.writestr("hushbox-diagnostics/log.txt", "\n".join(self.log_lines(100)))
        return out.getvalue()

    def backup(self) -> bytes:
        return json.dumps({"hushbox_backup": 1, "files": dict(self._kept())}).encode()

    def restore_backup(self, backup: bytes) -> None:
        try:
            tree = json.loads(backup)
        except ValueError:
            raise ControlRefused("this is not a Hushbox backup: it is not JSON") from None
        if not isinstance(tree, dict) or tree.get("hushbox_backup") != 1:
            raise ControlRefused("this is not a Hushbox backup")
        self.asked.append("restore")

    def restart_box(self) -> None:
        self.asked.append("restart")

    def power_off(self) -> None:
        if self.no_power_off:
            raise ControlRefused(self.no_power_off)
        self.asked.append("power_off")

    def pin(self) -> PinView:
        return PinView(bool(self._pin_now), False)

    def unlock(self, pin: str, who: Caller = ANYBODY) -> str:
        self._check_pin(pin, who)
        return self._session()

    def lock(self, session: str) -> None:
        self._sessions.discard(session)

    def knows_session(self, session: str) -> bool:
        return not self._pin_now or session in self._sessions

    def set_pin(self, pin: str, old: str, who: Caller = ANYBODY) -> str:
        if pin and not (pin.isascii() and pin.isdigit() and 4 <= len(pin) <= 12):
            raise PinRefused("a PIN has 4 to 12 digits")
        self._check_pin(old, who)
        self._pin_now = pin
        self._sessions.clear()
        return self._session()

    def _check_pin(self, pin: str, who: Caller) -> None:
        if not self._pin_now:
            return
        budget = who.session if who.session in self._devices else who.address
        if self._wrong[budget] >= 5:
            raise PinRefused("too many wrong PINs: wait 2 s and try again", 2.0)
        if not secrets.compare_digest(pin.encode(), self._pin_now.encode()):
            self._wrong[budget] += 1
            raise PinRefused("this is not the PIN")
        self._wrong[budget] = 0

    def _session(self) -> str:
        if not self._pin_now:
            return ""
        session = secrets.token_hex(16)
        self._sessions.add(session)
        self._devices.add(session)
        return session
