"""ControlPort: everything the page may see and do, in the page's own words.

firmware_app implements it over Control; tests drive the page with `FakeControlPort` (fake_control.py), and both pass
the same contract tests. Every method may be called from any of the web server's threads and returns at once, except
`wait_for_change` and `not_kept`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from web_ui.ports.panel import PanelPort
from web_ui.ports.presets import PresetsPort
from web_ui.ports.setup import SetupPort
from web_ui.ports.sound import SoundPort
from web_ui.ports.system import SystemPort


class ControlRefused(ValueError):
    """A change the box does not accept. The message names the thing, the value and what is allowed."""


class PinRefused(ControlRefused):
    """A PIN that is not the one, or cannot be one. wait_s: until the next try is taken."""

    def __init__(self, message: str, wait_s: float = 0.0) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class NotThere(LookupError):
    """A thing asked for does not exist (parameter, pin, recording). The message names the nearest one."""


@dataclass(frozen=True, slots=True)
class ParamView:
    """One parameter as the page draws it; mirrors dsp's ParamSpec, plus the live value and who set it last."""

    id: str
    label: str
    unit: str
    low: float
    high: float
    default: float
    help: str
    choices: tuple[str, ...]
    value: float
    origin: str  # "default" | "saved" | "page" | "panel" | "preset" | "cli"


@dataclass(frozen=True, slots=True)
class LevelView:
    """Peak and RMS of one channel over the last meter frame, dBFS (-120 is silence)."""

    peak_db: float
    rms_db: float


@dataclass(frozen=True, slots=True)
class StatusView:
    """What the box is doing now; changes 20 times a second while the audio process runs."""

    audio_alive: bool  # False: the page must say that the audio process is down and is being restarted
    state: str  # "running" | "waiting for device" | "checking sound" | "down"
    message: str  # plain words for the warning line, empty when all is well
    device: str  # which device runs, for people
    demo: bool  # the embedded default runs, not an interface
    bundle: str  # name and version of the model that runs
    rate_hz: int
    period_frames: int
    periods: int
    latency_ms: float  # jack to jack: measured with a cable, else an estimate from the periods and the chain
    chain_latency_frames: int
    load_p50: float  # time used / deadline, 0…1
    load_p99: float
    xruns: int
    late_hops: int
    dry_hops: int
    reduction_db: float  # how much the denoiser takes away now, 0 or positive
    inputs: tuple[LevelView, ...] = ()
    outputs: tuple[LevelView, ...] = ()
    stems_db: Mapping[str, float] = field(default_factory=dict)  # RMS of each stem before its fader, dBFS
    uptime_s: float = 0.0
    safe_mode: str = ""  # why only dry sound is played, in words; empty outside safe mode
    shed: str = ""  # what is left out because the board is too busy or too hot, in words
    sheds: int = 0  # how often that became necessary since the audio process started
    temperature_c: float | None = None  # of the board; None: it does not tell
    latency_measured: bool = False  # latency_ms was measured on this interface with these settings


@dataclass(frozen=True, slots=True)
class Change:
    """What `wait_for_change` returns. `seq` grows with every meter frame or parameter change."""

    seq: int
    status: StatusView
    params: Mapping[str, float] = field(default_factory=dict)  # all current values by id


@dataclass(frozen=True, slots=True)
class SimulatedPin:
    """A control of the front panel whose pins are simulated: the page shows it as a thing to press or turn."""

    name: str  # "footswitch", "amount", "status"
    kind: str  # "switch" | "knob" | "pedal" | "encoder" | "led" | "rgb" | "meter" | "relay" | "program"
    label: str
    position: (
        float  # knob, pedal 0…1; switch 1 while closed; light: its brightest part; relay 1 while held; program ÷ 127
    )
    does: str  # plain words: "press: bypass on/off"
    param: str = ""  # the parameter a knob sets, so that the page can mark the value in force on its dial
    levels: tuple[float, ...] = ()  # of a light: each part's brightness (red, green, blue; a meter's LEDs)
    latching: bool = False  # a switch that stays where it is put


class Recording(NamedTuple):
    """Two 16-bit WAV files of the same length."""

    before: bytes  # untouched
    after: bytes


class ControlPort(PanelPort, PresetsPort, SoundPort, SetupPort, SystemPort, Protocol):
    """The box, as the page sees it."""

    version: str

    @property
    def box_name(self) -> str: ...

    def params(self) -> Sequence[ParamView]: ...

    def set_param(self, param_id: str, value: float, origin: str) -> float:
        """Set and return the value now in force. Raises NotThere or ControlRefused."""
        ...

    def not_kept(self, param_id: str = "") -> str:
        """Why what `param_id` mutes, or anything, would not outlive a power cut, in words; empty when it would.

        Waits up to 2 s for the disk, but at once with "" for a parameter that mutes nothing.
        """
        ...

    def status(self) -> StatusView: ...

    def wait_for_change(self, after_seq: int, timeout_s: float) -> Change:
        """Wait for a seq above `after_seq`, or the timeout, and return the newest state."""
        ...

    def simulated_panel(self) -> Sequence[SimulatedPin]:
        """Empty unless pins are simulated."""
        ...

    def press(self, name: str, pressed: bool) -> None:
        """Drive the mock pin of switch `name`. Raises NotThere."""
        ...

    def turn(self, name: str, position: float) -> None:
        """Turn knob or pedal `name` to 0…1 by driving its mock converter. Raises NotThere, ControlRefused."""
        ...

    def step(self, name: str, detents: int) -> None:
        """Turn encoder `name` by clicks, below 0 to the left; "program" by MIDI programs.

        Raises NotThere, ControlRefused.
        """
        ...

    def leave_safe_mode(self) -> None:
        """Start the audio process anew with its models, up to 3 s of silence. Raises ControlRefused outside it."""
        ...

    def listen_wavs(self) -> Recording:
        """The last seconds of sound, before and after, of one moment and aligned to the frame.

        Raises NotThere while there is none.
        """
        ...
