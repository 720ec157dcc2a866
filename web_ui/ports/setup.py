"""SetupPort: setting up the box: interface, levels, sound check, name, wizard."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class InterfaceView:
    """One interface to choose, or the demo."""

    device: str  # what [audio] device is set to: "hw:CARD=USB,DEV=0", "auto", "demo"
    name: str  # "Scarlett 2i2 USB"
    usb: bool
    usable: bool
    why_not: str  # in words, when it is not
    inputs: int  # 0: unknown until it is opened
    outputs: int
    in_force: bool  # it is the one that is open
    server: bool = False  # PipeWire or JACK: what that costs is said


@dataclass(frozen=True, slots=True)
class AudioView:
    """The audio settings in force, and the state of the last change."""

    device: str
    input_channels: tuple[int, ...]
    music_channels: tuple[int, ...]
    output_channels: tuple[int, ...]
    rate_hz: int
    period_frames: int
    periods: int
    device_inputs: int  # of the interface that is open; 0 while there is none
    device_outputs: int
    fixed: tuple[str, ...]  # set on the command line: cannot be changed here
    state: str  # "settled" | "trying" | "refused"
    reason: str  # why it was refused, in words
    capture_device: str = ""  # where it is another than `device`
    playback_device: str = ""


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
    """The interface's own mixer. why_not: why it cannot be set, in words; empty when it can."""

    controls: tuple[MixerControlView, ...]
    monitoring: tuple[str, ...]  # inputs that direct monitoring plays past the box
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class WizardView:
    """The first-run wizard. state: "new", "begun", "skipped" or "done"; step: the one shown last.

    first: nobody has set this box up yet, by wizard or by file: the page opens the wizard.
    """

    state: str
    step: str
    steps: tuple[str, ...]
    first: bool = False


@dataclass(frozen=True, slots=True)
class CarriedView:
    """Processor time of the model's blocks at one period on this machine. fits: it leaves enough for the rest."""

    period_frames: int
    load_p99: float  # share of the deadline
    fits: bool


@dataclass(frozen=True, slots=True)
class SetupView:
    """What Set up shows. measured: on the interface and settings in force; None when it was never measured.

    carries: what this machine carries of the model in use, as far as it was measured.
    """

    name: str
    audio: AudioView
    measured: RoundTripView | None
    wizard: WizardView
    simulated: bool  # no box: pins are mock ones
    carries: tuple[CarriedView, ...] = ()


@dataclass(frozen=True, slots=True)
class SetupNewsView:
    """What every open page gets as it changes. revision: of the set-up; when it has grown, a page fetches it again."""

    revision: int
    audio_state: str
    audio_reason: str
    check: CheckView
    ending: str = ""  # "restart" or "power off", once somebody has asked for it: silence is no trouble then


class SetupPort(Protocol):
    """Setting up the box. Each method may raise NotThere or ControlRefused."""

    @property
    def box_name(self) -> str: ...

    def rename(self, name: str) -> None:
        """Give the box another name."""
        ...

    def view(self) -> SetupView: ...

    def news(self) -> SetupNewsView: ...

    def interfaces(self) -> Sequence[InterfaceView]:
        """What there is to choose from. May take a second, where a built-in card has to be opened."""
        ...

    def set_audio(self, changes: Mapping[str, Any]) -> None:
        """Begin a trial of other audio settings: keys of [audio]. `news` has its outcome."""
        ...

    def check_sound(self, what: str) -> None:
        """Run the sound check: "hold" begins it, or keeps it going for four more seconds; "measure"; "end"."""
        ...

    def mixer(self) -> MixerView: ...

    def set_mixer(self, control_id: str, value: float) -> None: ...

    def stop_monitoring(self) -> None:
        """Switch off all direct monitoring."""
        ...

    def set_wizard(self, state: str, step: str) -> None: ...
