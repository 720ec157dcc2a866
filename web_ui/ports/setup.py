"""SetupPort: setting the box up, in the page's own words. A part of ControlPort; the same rules hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class InterfaceView:
    """One thing to take sound from."""

    device: str  # what [audio] device is set to: "hw:CARD=USB,DEV=0", "auto", "demo"
    name: str  # "Scarlett 2i2 USB"
    usb: bool
    usable: bool
    why_not: str  # in words, when it is not
    inputs: int  # 0: not known before it is open
    outputs: int
    in_force: bool  # sound goes through it now


@dataclass(frozen=True, slots=True)
class AudioView:
    """The audio settings in force, and what becomes of a change."""

    device: str
    input_channels: tuple[int, ...]
    music_channels: tuple[int, ...]
    output_channels: tuple[int, ...]
    rate_hz: int
    period_frames: int
    periods: int
    device_inputs: int  # of the interface that is open; 0 while there is none
    device_outputs: int
    fixed: tuple[str, ...]  # named on the command line: cannot be changed here
    state: str  # "settled" | "trying" | "refused"
    reason: str  # why it was refused, in words


@dataclass(frozen=True, slots=True)
class RoundTripView:
    """One measurement with a cable. fault: "" or "no cable", "too low", "clips", "unsteady", "interrupted"."""

    fault: str
    interface_ms: float  # the interface's way out and in: converters and periods
    box_ms: float  # what the chain adds
    total_ms: float  # jack to jack
    frames: int  # of the interface, at 48 kHz
    input: int  # where the cable was found, counted from 1
    level_db: float
    inverted: bool


@dataclass(frozen=True, slots=True)
class CheckView:
    """The sound check: outputs silent, every input metered. state: "off", "starting", "listening" or "measuring"."""

    state: str
    inputs_db: tuple[float, ...] = ()  # peaks since the last frame, dBFS
    result: RoundTripView | None = None


@dataclass(frozen=True, slots=True)
class MixerControlView:
    """One control of the interface's own mixer."""

    id: str
    name: str
    role: str  # "input" | "output" | "monitor" | "other"
    kind: str  # "level" | "switch" | "choice"
    value: float
    low: float
    high: float
    unit: str
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MixerView:
    """The interface's own mixer. why_not: when it has none that can be set, in words."""

    controls: tuple[MixerControlView, ...]
    monitoring: tuple[str, ...]  # names of inputs that direct monitoring lets through past the box
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class WizardView:
    """Where the first-run wizard stands. state: "new", "begun", "skipped" or "done"; step: its newest step."""

    state: str
    step: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SetupView:
    """What Set up shows beside the panel. measured: of the interface and settings in force, None when never."""

    name: str
    audio: AudioView
    measured: RoundTripView | None
    wizard: WizardView
    simulated: bool  # no box: pins are mock ones


@dataclass(frozen=True, slots=True)
class SetupNewsView:
    """What every page is told as it happens. revision: grows when the set-up has changed, so that pages look again."""

    revision: int
    audio_state: str
    audio_reason: str
    check: CheckView


class SetupPort(Protocol):
    """Each method may raise NotThere or ControlRefused."""

    def setup(self) -> SetupView: ...

    def setup_news(self) -> SetupNewsView: ...

    def interfaces(self) -> Sequence[InterfaceView]:
        """What there is to choose from. May take a second where a built-in card has to be asked."""
        ...

    def set_audio(self, changes: Mapping[str, Any]) -> None:
        """Begin to try other audio settings: keys of [audio]. What becomes of them is told by setup_news."""
        ...

    def check_sound(self, what: str) -> None:
        """ "hold" begins the sound check or keeps it going for four seconds more; "measure"; "end"."""
        ...

    def mixer(self) -> MixerView: ...

    def set_mixer(self, control_id: str, value: float) -> None: ...

    def stop_monitoring(self) -> None:
        """Switch direct monitoring off wherever it is on."""
        ...

    def rename_box(self, name: str) -> None:
        """Give the box another name."""
        ...

    def set_wizard(self, state: str, step: str) -> None: ...

    def models(self) -> Sequence[Mapping[str, Any]]:
        """Each model: name, version, summary, licence, trained_on (of {name, licence, what}), card (Markdown), runs.

        And latency_ms, parameters, size_bytes. runs: which sound.
        """
        ...
