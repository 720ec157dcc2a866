"""RealSetup: setting up the box, over BoxSetup."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from firmware_app.config.audio_rules import AudioSettingsError
from firmware_app.kept.setup_notes import STEPS, WIZARD_STATES, check_name
from firmware_app.setup.audio_settings import TrialError
from firmware_app.setup.box import BoxSetup
from firmware_app.setup.sound_check import Result, SoundCheckError
from hw.audio import devices, mixer
from hw.audio.devices import Interface
from hw.audio.mixer import MixerError, MixerRangeError, NoMixerControlError
from hw.audio.sound_servers import SERVERS
from hw.errors import HwError
from web_ui.ports.errors import ControlRefused, NotThere
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

_SILENCE_DB = -120.0
CHECKS = ("hold", "measure", "end")


class RealSetup:
    """Implements SetupPort. Any thread."""

    def __init__(self, box: BoxSetup, simulated: bool) -> None:
        """simulated: the pins are mock ones."""
        self._box = box
        self._is_simulated = simulated

    @property
    def box_name(self) -> str:
        return self._box.name

    def view(self) -> SetupView:
        box = self._box
        audio, info = box.audio.in_force, box.control.latest.info
        measured = box.measured_now()
        notes = box.store.now
        return SetupView(
            name=box.name,
            audio=AudioView(
                audio.device, audio.input_channels, audio.music_channels, audio.output_channels, audio.rate_hz,
                audio.period_frames, audio.periods, info.device_inputs, info.device_outputs, box.audio.fixed,
                box.audio.trial.state, box.audio.trial.reason, audio.capture_device, audio.playback_device,
            ),
            measured=_view(Result("", measured.frames, info.chain_latency_frames)) if measured else None,
            wizard=WizardView(notes.wizard, notes.step, STEPS, notes.wizard == "new" and not box.set_up_by_file),
            simulated=self._is_simulated,
            carries=tuple(CarriedView(load.period_frames, load.p99, load.fits) for load in box.choice.loads),
        )  # fmt: skip

    def news(self) -> SetupNewsView:
        box = self._box
        check = box.sound_check
        return SetupNewsView(
            box.revision,
            box.audio.trial.state,
            box.audio.trial.reason,
            CheckView(check.state, tuple(map(_db, check.peaks)), _view(check.result) if check.result else None),
            box.ending,
        )

    def interfaces(self) -> Sequence[InterfaceView]:
        box = self._box
        wanted, info = box.audio.in_force.device, box.control.latest.info
        # The server that plays is not asked: opening it once more could cost a dropout.
        servers = devices.list_servers(but=_alsa_name(info.device))
        found = [_interface(each, info.device) for each in (*devices.list_interfaces(), *servers)]
        if wanted not in ("auto", "demo") and not any(view.device == wanted for view in found):
            there = _alsa_name(info.device) == wanted
            why = "" if there else info.message or "it is not there"
            name = SERVERS.get(wanted, info.device if there else wanted)
            found.insert(0, InterfaceView(wanted, name, False, there, why, info.device_inputs, info.device_outputs,
                                          there, wanted in SERVERS))  # fmt: skip
        demo = InterfaceView("demo", "", False, True, "", 1, 2, info.demo)
        return [*found, demo]

    def set_audio(self, changes: Mapping[str, Any]) -> None:
        if not changes:
            raise ControlRefused("changes = {}: at least one key of [audio] is expected")
        try:
            self._box.audio.change(changes)
        except (AudioSettingsError, TrialError) as error:
            raise ControlRefused(str(error)) from None

    def check_sound(self, what: str) -> None:
        if what not in CHECKS:
            raise ControlRefused(f"do = {what[:40]!r}: allowed {', '.join(CHECKS)}")
        try:
            {
                "hold": self._box.sound_check.hold,
                "measure": self._box.sound_check.measure,
                "end": self._box.sound_check.end,
            }[what]()
        except SoundCheckError as error:
            raise ControlRefused(str(error)) from None

    def mixer(self) -> MixerView:
        device = self._mixer_device()
        if not device:
            return MixerView((), (), "The demo plays: there is no interface whose levels could be set.")
        try:
            controls = mixer.read(device)
        except MixerError:
            return MixerView((), (), "This interface has no mixer that could be set from here: use its own knobs.")
        views = [MixerControlView(**{**asdict(control), "role": control.role.value}) for control in controls]
        on = dict.fromkeys(control.name for control in mixer.monitoring(controls))
        why_not = "" if views else "This interface has no levels that could be set from here: use its own knobs."
        return MixerView(tuple(views), tuple(on), why_not)

    def set_mixer(self, control_id: str, value: float) -> None:
        self._with_mixer(lambda device: mixer.write(device, control_id, value))
        self._box.changed()

    def stop_monitoring(self) -> None:
        self._with_mixer(mixer.stop_monitoring)
        self._box.changed()

    def rename(self, name: str) -> None:
        name = name.strip()
        wrong = check_name(name)
        if wrong:
            raise ControlRefused(f"name = {name[:40]!r}: {wrong}")
        self._box.store.change(name=name)
        self._box.changed()

    def set_wizard(self, state: str, step: str) -> None:
        if state not in WIZARD_STATES or step not in STEPS:
            allowed = f"state is one of {', '.join(WIZARD_STATES)}, step one of {', '.join(STEPS)}"
            raise ControlRefused(f"wizard = {state[:20]!r}, {step[:20]!r}: {allowed}")
        self._box.store.change(wizard=state, step=step)
        self._box.changed()

    def _mixer_device(self) -> str:
        """The ALSA name of the open interface's mixer, "" without an interface."""
        info = self._box.control.latest.info
        if info.demo or not info.device or info.device == "none":
            return ""
        return mixer.control_device(self._box.audio.in_force.capture_device or _alsa_name(info.device))

    def _with_mixer(self, do: Callable[[str], object]) -> None:
        """Call `do` with the mixer's ALSA name. Raises NotThere, ControlRefused."""
        device = self._mixer_device()
        if not device:
            raise NotThere("the demo plays: there is no interface whose levels could be set")
        try:
            do(device)
        except NoMixerControlError as error:
            raise NotThere(str(error)) from None
        except MixerRangeError as error:
            raise ControlRefused(str(error)) from None
        except HwError as error:
            raise NotThere(str(error)) from None


def _alsa_name(shown: str) -> str:
    """The ALSA name in "Scarlett 2i2 USB (hw:CARD=USB,DEV=0)"; all of it when nothing stands in brackets."""
    match = re.search(r"\(([^()]+)\)$", shown)
    return match[1] if match else shown


def _interface(each: Interface, open_now: str) -> InterfaceView:
    in_force = _alsa_name(open_now) == each.device
    why_not = each.why_not or (f"in use by {each.in_use_by}" if each.in_use_by and not in_force else "")
    return InterfaceView(
        each.device,
        each.name,
        each.usb,
        not why_not,
        why_not,
        max(each.capture.channels, default=0) if each.capture else 0,
        max(each.playback.channels, default=0) if each.playback else 0,
        in_force,
        each.device in SERVERS,
    )


def _view(result: Result) -> RoundTripView:
    interface_ms, box_ms = result.frames / 48.0, result.chain_frames / 48.0
    return RoundTripView(
        result.fault, interface_ms, box_ms, interface_ms + box_ms, result.frames, result.input, result.level_db,
        result.inverted,
    )  # fmt: skip


def _db(peak: float) -> float:
    return max(_SILENCE_DB, 20 * math.log10(peak)) if peak > 1e-6 else _SILENCE_DB
