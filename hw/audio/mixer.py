"""The interface's own mixer: input gain, output level, switches and direct monitoring, as far as it has them.

It is read again each time, so that changes by alsamixer or on the interface show. Never on the audio thread.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any

import alsaaudio

from hw.audio.quiet_alsa import hush
from hw.errors import HwError

_SILENT_DB = -99_000  # a mixer's lowest dB value, in hundredths, when that means silence
_INPUTS = re.compile(r"^(mic|line ?in|line$|input|digital in|instrument|guitar|inst|aux in|analog(ue)? in)", re.I)
_MONITOR = re.compile(r"direct ?mon|input ?mon|hw ?mon|monitor(ing)?( (mix|switch|enable))?$|zero lat|sidetone", re.I)
_OFF = re.compile(r"^(off|none|disabled?|0)$", re.I)


class MixerError(HwError, OSError):
    """The mixer of an interface cannot be used."""


class MixerRangeError(HwError, ValueError):
    """A control of the mixer does not take this value."""


class NoMixerControlError(HwError, LookupError):
    """The mixer has no such control."""


class Role(Enum):
    """What a control is for, to a musician."""

    INPUT = "input"  # input gain
    OUTPUT = "output"  # output level
    MONITOR = "monitor"  # direct monitoring: the input straight to the output, past the box
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Control:
    """One control. A level goes from low to high in `unit`, a switch is 0 or 1, a choice is an index from 0."""

    id: str  # "Mic,0 capture level"
    name: str  # "Mic"
    role: Role
    kind: str  # "level" | "switch" | "choice"
    value: float
    low: float = 0.0
    high: float = 1.0
    unit: str = ""  # "dB", or "%" where the interface has no dB
    choices: tuple[str, ...] = ()

    @property
    def monitors(self) -> bool:
        """Whether this control lets the untreated input be heard beside the box's sound."""
        if self.role is not Role.MONITOR:
            return False
        return self.value != self.quiet if self.kind != "level" else self.value > self.low

    @property
    def quiet(self) -> float:
        """The value at which nothing passes."""
        if self.kind != "choice":
            return self.low
        return float(next((at for at, choice in enumerate(self.choices) if _OFF.match(choice)), 0))


def control_device(pcm: str) -> str:
    """The mixer of a PCM, by name: "hw:CARD=USB,DEV=0" has "hw:CARD=USB"."""
    match = re.match(r"(?:plug)?hw:(?:CARD=)?([^,]+)", pcm)
    return f"hw:CARD={match[1]}" if match else pcm.partition(",")[0]


def read(device: str) -> list[Control]:
    """Every control of the mixer, inputs first. device: see `control_device`. Raises MixerError."""
    with _explained(device):
        found = [control for mixer in _mixers(device) for control in _controls(mixer)]
    order = list(Role)
    return sorted(found, key=lambda control: order.index(control.role))


def monitoring(controls: Sequence[Control]) -> list[Control]:
    """The controls by which direct monitoring is on. Both the switch and the level of an input must let it pass."""
    on = [control for control in controls if control.monitors]
    shut = {c.name for c in controls if c.role is Role.MONITOR and c.kind == "switch" and not c.monitors}
    silent = {c.name for c in controls if c.role is Role.MONITOR and c.kind == "level" and not c.monitors}
    return [control for control in on if control.name not in shut | silent]


def write(device: str, id: str, value: float) -> None:
    """Set one control, on all its channels. Raises MixerError, MixerRangeError, NoMixerControlError."""
    controls = {control.id: control for control in read(device)}
    control = controls.get(id)
    if control is None:
        raise NoMixerControlError(f"the interface's mixer has no {id!r}; it has {', '.join(controls) or 'nothing'}")
    fits = control.low <= value <= control.high and (control.kind == "level" or value == int(value))
    if not fits:
        allowed = ", ".join(control.choices) or f"{control.low:g} to {control.high:g} {control.unit}".strip()
        raise MixerRangeError(f"{control.name} = {value:g}: allowed {allowed}")
    with _explained(device):
        _set(next(m for m in _mixers(device) if id.startswith(_name(m) + " ")), control, value)


def stop_monitoring(device: str) -> list[Control]:
    """Switch direct monitoring off, by switches and choices where there are any, else by levels. Returns them."""
    on = monitoring(read(device))
    switched = []
    for control in on:
        beside = [other for other in on if other.name == control.name and other.kind != "level"]
        if control.kind != "level" or not beside:
            write(device, control.id, control.quiet)
            switched.append(control)
    return switched


@contextmanager
def _explained(device: str) -> Iterator[None]:
    hush()
    try:
        yield
    except alsaaudio.ALSAAudioError as error:
        raise MixerError(f"the mixer of {device}: {str(error).split(' [')[0]}") from None


def _mixers(device: str) -> list[Any]:
    names = alsaaudio.mixers(device=device)
    return [alsaaudio.Mixer(name, names[:at].count(name), device=device) for at, name in enumerate(names)]


def _name(mixer: Any) -> str:
    return f"{mixer.mixer()},{mixer.mixerid()}"


def _controls(mixer: Any) -> Iterator[Control]:
    name, id = mixer.mixer(), _name(mixer)
    choice = mixer.getenum()
    if choice:
        current, choices = choice
        role = Role.MONITOR if _MONITOR.search(name) else Role.OTHER
        yield Control(
            f"{id} choice", name, role, "choice", float(choices.index(current)), high=len(choices) - 1.0,
            choices=tuple(choices),
        )  # fmt: skip
        return
    volumes, switches = mixer.volumecap(), mixer.switchcap()
    # What an input passes to playback is direct monitoring, whatever its name is.
    out = Role.MONITOR if _MONITOR.search(name) or _INPUTS.match(name) else Role.OUTPUT
    if "Capture Volume" in volumes:
        yield _level(mixer, id, name, Role.INPUT, alsaaudio.PCM_CAPTURE, "capture")
    if "Capture Mute" in switches:
        yield Control(f"{id} capture switch", name, Role.INPUT, "switch", float(any(mixer.getrec())))
    if "Playback Volume" in volumes:
        yield _level(mixer, id, name, out, alsaaudio.PCM_PLAYBACK, "playback")
    if "Playback Mute" in switches:
        yield Control(f"{id} playback switch", name, out, "switch", float(not all(mixer.getmute())))


def _level(mixer: Any, id: str, name: str, role: Role, direction: int, word: str) -> Control:
    id = f"{id} {word} level"
    lowest, highest = mixer.getrange(direction, alsaaudio.VOLUME_UNITS_DB)
    if lowest < highest <= 10_000:
        values = mixer.getvolume(direction, alsaaudio.VOLUME_UNITS_DB)
        lowest = max(lowest, -12_000) if lowest <= _SILENT_DB else lowest
        value = min(max(max(values), lowest), highest)
        return Control(id, name, role, "level", value / 100, lowest / 100, highest / 100, "dB")
    values = mixer.getvolume(direction, alsaaudio.VOLUME_UNITS_PERCENTAGE)
    return Control(id, name, role, "level", float(max(values)), 0.0, 100.0, "%")


def _set(mixer: Any, control: Control, value: float) -> None:
    direction = alsaaudio.PCM_CAPTURE if " capture " in control.id else alsaaudio.PCM_PLAYBACK
    everywhere = alsaaudio.MIXER_CHANNEL_ALL
    if control.kind == "choice":
        mixer.setenum(int(value))
    elif control.kind == "switch" and direction == alsaaudio.PCM_CAPTURE:
        mixer.setrec(int(value), everywhere)
    elif control.kind == "switch":
        mixer.setmute(int(not value), everywhere)
    elif control.unit == "dB":
        mixer.setvolume(round(100 * value), everywhere, direction, alsaaudio.VOLUME_UNITS_DB)
    else:
        mixer.setvolume(round(value), everywhere, direction, alsaaudio.VOLUME_UNITS_PERCENTAGE)
