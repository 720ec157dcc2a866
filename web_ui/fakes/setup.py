"""FakeSetup: setting up a box that is not there."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from web_ui.ports.errors import ControlRefused, NotThere
from web_ui.ports.limits import LONGEST_BOX_NAME, SOUND_CHECK_HOLD_S
from web_ui.ports.setup import (
    AudioView,
    CarriedView,
    CheckView,
    InterfaceView,
    MixerControlView,
    MixerView,
    RoundTripView,
    SetupNewsView,
    SetupView,
    WizardView,
)

STEPS = ("purpose", "interface", "microphone", "level", "latency", "switches", "name", "country", "pin", "sound")
STATES = ("new", "begun", "skipped", "done")
MEASURE_S = 0.3
INTERFACES = (
    InterfaceView("hw:CARD=USB,DEV=0", "Scarlett 2i2 USB", True, True, "", 2, 2, True),
    InterfaceView("hw:CARD=PCH,DEV=0", "Built-in audio", False, False, "it does not record", 0, 2, False),
    InterfaceView("pipewire", "PipeWire", False, True, "", 64, 64, False, True),
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
CARRIES = (
    CarriedView(32, 0.82, False), CarriedView(64, 0.41, True), CarriedView(128, 0.2, True), CarriedView(256, 0.2, True),
)  # fmt: skip
_ALLOWED: Mapping[str, Callable[[Any], bool]] = {
    "device": lambda value: isinstance(value, str) and bool(value),
    "rate_hz": lambda value: value in (44100, 48000, 96000),
    "period_frames": lambda value: type(value) is int and 32 <= value <= 1024,
    "periods": lambda value: type(value) is int and 2 <= value <= 8,
    **dict.fromkeys(("capture_device", "playback_device"), lambda value: isinstance(value, str)),
    **dict.fromkeys(("input_channels", "music_channels", "output_channels"), lambda value: isinstance(value, list)),
}


class FakeSetup:
    """A SetupPort in memory. It accepts each usable interface that it lists, with two inputs."""

    def __init__(self, changed: Callable[[], None]) -> None:
        """changed: called after each change."""
        self.box_name = "hushbox"
        self.set_up_by_file = True
        self._changed = changed
        self._revision = 1
        self._audio = AudioView(
            "hw:CARD=USB,DEV=0", (1,), (), (1, 2), 48000, 64, 3, 2, 2, (), "settled", ""
        )  # fmt: skip
        self._mixer = {control.id: control for control in MIXER}
        self._wizard = WizardView("new", STEPS[0], STEPS)
        self._measured: RoundTripView | None = None
        self._result: RoundTripView | None = None
        self._check_until = self._measure_until = 0.0
        self._ending = ""

    def end_measuring(self) -> None:
        """Have the measurement done now (tests)."""
        self._measure_until = min(self._measure_until, time.monotonic())

    def end(self, how: str) -> None:
        """Somebody has asked for a restart, or to power off: FakeSystem tells."""
        self._ending = how
        self._changed()

    def view(self) -> SetupView:
        wizard = replace(self._wizard, first=self._wizard.state == "new" and not self.set_up_by_file)
        return SetupView(self.box_name, self._audio, self._measured, wizard, True, CARRIES)

    def news(self) -> SetupNewsView:
        return SetupNewsView(self._revision, self._audio.state, self._audio.reason, self._check(), self._ending)

    def interfaces(self) -> Sequence[InterfaceView]:
        return [replace(view, in_force=view.device == self._audio.device) for view in INTERFACES]

    def set_audio(self, changes: Mapping[str, Any]) -> None:
        if not changes:
            raise ControlRefused("changes = {}: at least one key of [audio] is expected")
        for key, value in changes.items():
            if key not in _ALLOWED:
                raise ControlRefused(f"[audio] {key[:40]}: cannot be set here")
            if not _ALLOWED[key](value):
                raise ControlRefused(f"[audio] {key} = {json.dumps(value)[:40]}: true or false is allowed")
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in changes.items()
        }
        wanted = replace(self._audio, **values)
        reason = ""
        if not any(view.device == wanted.device and view.usable for view in INTERFACES):
            reason = f"audio interface {wanted.device}: no capture there; there is: no audio interface at all"
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
            self._check_until = now + SOUND_CHECK_HOLD_S
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

    def rename(self, name: str) -> None:
        if not name.strip() or len(name) > LONGEST_BOX_NAME or not name.isprintable():
            raise ControlRefused(f"name = {name[:40]!r}: 1 to {LONGEST_BOX_NAME} printable characters are allowed")
        self.box_name = name.strip()
        self._note()

    def set_wizard(self, state: str, step: str) -> None:
        if state not in STATES or step not in STEPS:
            allowed = f"state is one of {', '.join(STATES)}, step one of {', '.join(STEPS)}"
            raise ControlRefused(f"wizard = {state[:20]!r}, {step[:20]!r}: {allowed}")
        self._wizard = WizardView(state, step, STEPS)
        self._note()

    def _note(self) -> None:
        self._revision += 1
        self._changed()
