"""LivePort: the parameters, and what the box is doing now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

OUTPUTS = ("muted", "nothing", "bypassed", "overloaded", "model off", "removed", "comparing", "processing")
"""What can leave the box, the most serious first: the first one that is true counts, on the page and on every light."""

STAGES = (
    "declip", "declick", "plosives", "low_cut", "bleed", "feedback", "hum", "denoise", "dereverb", "gate", "breath",
    "deess", "eq", "leveller", "compressor", "transient", "automix", "limiter",
)  # fmt: skip
"""The stages of a voice's chain, in the usual order. Each one's name is the first word of its parameters' ids."""


@dataclass(frozen=True, slots=True)
class ParamView:
    """One parameter as the page draws it: dsp's ParamSpec, the value in force and who set it last."""

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
    full: str = ""  # the label with its stage's, "Compressor threshold"; "" where the label says enough


@dataclass(frozen=True, slots=True)
class LevelView:
    """Peak and RMS of one channel over the last meter frame, dBFS (-120 is silence)."""

    peak_db: float
    rms_db: float


@dataclass(frozen=True, slots=True)
class StageView:
    """One stage of the chain that is heard, and what it does now."""

    name: str  # one of STAGES
    on: bool
    at_work: bool  # on, or not yet faded out
    change_db: float  # below 0 it takes away, above 0 it adds
    minute_db: float  # the mean of that over the last minute
    detail: float = 0.0  # one number more: a frequency found, a share of frames; 0 for nothing
    says: str = ""  # one sentence where it works hard, and what would help


@dataclass(frozen=True, slots=True)
class StatusView:
    """What the box is doing now. It changes 20 times a second while the audio process runs."""

    audio_alive: bool  # False: the page must say that the audio process is down and is being restarted
    state: str  # "running" | "waiting for device" | "checking sound" | "down"
    message: str  # plain words for the warning line, empty when all is well
    device: str  # the interface that is open, for people
    demo: bool  # the built-in demo plays, no interface
    bundle: str  # name and version of the model that runs
    rate_hz: int
    period_frames: int
    periods: int
    latency_ms: float  # jack to jack: measured with a cable, else an estimate from the periods and the chain
    chain_latency_frames: int
    load_p50: float  # time used / deadline, 0…1, of the last minute or so
    load_p99: float
    load_mean: float  # of the last second: what "load" means on the page
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
    sheds: int = 0  # how often work was left out since the audio process started
    temperature_c: float | None = None  # of the board; None where it cannot be read
    output: str = "processing"  # what leaves the box: one of OUTPUTS
    silent_stems: tuple[str, ...] = ()  # not heard: muted, or another one has solo
    chains: tuple[str, ...] = ("voice", "music")  # the choices of box.chain that are possible here
    latency_measured: bool = False  # latency_ms was measured on this interface with these settings
    calm: bool = False  # `message` is information: nothing is wrong
    stages: tuple[StageView, ...] = ()  # of the chain that is heard, in its order; empty where it has none


@dataclass(frozen=True, slots=True)
class StepView:
    """One change of the sound that can be undone, or was undone."""

    number: int
    kind: str  # "param", "preset" (loaded), "scene" (recalled), "room" (used) or "list" (an undo of presets)
    name: str  # the parameter's id; the preset's or scene's name; "load Karaoke"
    who: str  # "page", "panel:left", "midi:cc-64"
    ago_s: float
    changes: Mapping[str, tuple[float, float]]  # id: (before, after); of one that was undone: what that has changed


@dataclass(frozen=True, slots=True)
class Change:
    """What `wait_for_change` returns. `seq` grows with every meter frame and every parameter change."""

    seq: int
    status: StatusView
    params: Mapping[str, float] = field(default_factory=dict)  # all current values by id


class LivePort(Protocol):
    """Parameters and status."""

    def params(self) -> Sequence[ParamView]: ...

    def set_param(self, param_id: str, value: float, origin: str) -> float:
        """Set a parameter and return the value in force. Raises NotThere or ControlRefused."""
        ...

    def not_kept(self, param_id: str = "") -> str:
        """Why a mute would not outlive a power cut, in words; empty when it would.

        param_id: the parameter that may have muted something; "" for any. Waits up to 2 s for the disk, but returns ""
        at once for a parameter that mutes nothing.
        """
        ...

    def status(self) -> StatusView: ...

    def wait_for_change(self, after_seq: int, timeout_s: float) -> Change:
        """Wait for a seq above `after_seq`, at most `timeout_s`, and return the newest state."""
        ...

    def steps(self) -> Sequence[StepView]:
        """The last changes that `undo` can take back, newest first: 30 at most, by whoever they were made."""
        ...

    def undo(self, number: int) -> Sequence[StepView]:
        """Take back the step with this number and all newer ones, and return them. Raises NotThere.

        A mute that somebody else has set since stays.
        """
        ...

    def leave_safe_mode(self) -> None:
        """Restart the audio process with its models: up to 3 s of silence. Raises ControlRefused outside safe mode."""
        ...
