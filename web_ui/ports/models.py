"""ModelsPort: the models that the box runs."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class ModelsPort(Protocol):
    """The models, by what their bundles say of themselves."""

    def cards(self) -> Sequence[Mapping[str, Any]]:
        """One card a model.

        name, version, summary, licence, trained_on (a list of {name, licence, what}), card (Markdown), runs (the sound
        that it is for: "voice" or "music"), latency_ms, parameters, size_bytes, chosen (None, or how a measurement
        chose it for this machine: {period_frames, load_p99, fits}).
        """
        ...
