"""RealModels: the models that the box runs, over their bundles."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dsp.inference.bundle import Bundle
from dsp.inference.handed_in import HandedInError, read_file

MAX_CARD_BYTES = 100_000


class RealModels:
    """Implements ModelsPort. Any thread."""

    def __init__(self, bundles: Mapping[str, Bundle | None]) -> None:
        """bundles: by the sound that they are for ("voice", "music"); None for one that could not be loaded."""
        self._bundles = bundles

    def cards(self) -> Sequence[Mapping[str, Any]]:
        return [_card(sound, bundle) for sound, bundle in self._bundles.items() if bundle is not None]


def _card(sound: str, bundle: Bundle) -> dict[str, Any]:
    return {
        "runs": sound,
        "name": bundle.name,
        "version": bundle.version,
        "summary": bundle.summary,
        "licence": bundle.licence,
        "trained_on": [asdict(source) for source in bundle.trained_on],
        "card": _text(bundle.folder / "CARD.md"),
        "latency_ms": round(1000 * bundle.algorithmic_latency_frames / bundle.rate_hz, 2),
        "parameters": bundle.parameters,
        "size_bytes": max(_size(file.path) for file in bundle.files.values()),
    }


def _text(card: Path) -> str:
    """The text of a bundle's card; empty when it cannot be read."""
    try:
        return read_file(card, MAX_CARD_BYTES, within=card.parent).decode(errors="replace")
    except (HandedInError, OSError):
        return ""


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # deleted while the box runs: the model is in memory
        return 0
