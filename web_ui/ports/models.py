"""ModelsPort: the models that are installed: which one plays, what each costs here, and how two of them sound."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class TriedView:
    """A try-out that is ready. number: grows with each. gain_db: what each was turned down by, to be equally loud."""

    number: int
    models: tuple[str, ...]
    gain_db: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class WorkView:
    """What is being measured or tried.

    doing: "", "measure" or "try". models: whose work it is, or was. why: the last one failed, in words, else "".
    """

    doing: str
    models: tuple[str, ...]
    why: str
    tried: TriedView | None


class ModelsPort(Protocol):
    """The models, by what their bundles say of themselves."""

    def cards(self) -> Sequence[Mapping[str, Any]]:
        """One card a model. The first call reads every file of every model once: up to seconds on a small board.

        name, version, summary, best_for, scores (sentences), licence, trained_on (a list of {name, licence, what}),
        card (Markdown), runs (the sound that it is for: "voice" or "music"), latency_ms, parameters, size_bytes,
        chosen (None, or how a measurement chose it for this machine: {period_frames, load_p99, fits}),
        in_use, why_not (why it cannot be used now, in words, else ""),
        load (None, or the newest measurement here: {period_frames, p50, p99, fits, at_s}, at_s in seconds since 1970).
        """
        ...

    def use(self, name: str) -> str:
        """Play with this model from now on, and after every start. What is muted stays muted.

        Waits until that is on disk, a few seconds at most. Returns what there is to say about it, else "".
        Raises NotThere, and ControlRefused where `why_not` says why.
        """
        ...

    def measure(self, name: str) -> None:
        """Begin to measure its load here; `work` tells when it is done. Raises NotThere, ControlRefused."""
        ...

    def try_out(self, first: str, second: str) -> None:
        """Begin to play what came in last, ten seconds at most, through two models. Raises NotThere, ControlRefused."""
        ...

    def work(self) -> WorkView: ...

    def tried(self, turn: str) -> bytes:
        """The WAV file of the newest try-out's model: "first" or "second". Raises NotThere."""
        ...
