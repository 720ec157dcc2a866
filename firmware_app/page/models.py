"""RealModels: the models that the box runs, over their bundles."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dsp.inference.bundle import Bundle
from dsp.inference.handed_in import HandedInError, read_file
from firmware_app.kept.choice import ChoiceStore
from firmware_app.models.choice import Choice

MAX_CARD_BYTES = 100_000


class RealModels:
    """Implements ModelsPort. Any thread."""

    def __init__(self, bundles: Mapping[str, Bundle | None], choice: ChoiceStore) -> None:
        """bundles: by the sound that they are for ("voice", "music"); None for one that could not be loaded.

        choice: the voice's, where no person has named its bundle.
        """
        self._bundles, self._choice = bundles, choice

    def cards(self) -> Sequence[Mapping[str, Any]]:
        return [
            _card(sound, bundle) | {"chosen": _chosen(self._choice.now) if sound == "voice" else None}
            for sound, bundle in self._bundles.items()
            if bundle is not None
        ]


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


def _chosen(choice: Choice | None) -> dict[str, Any] | None:
    """What was measured. Another period that a person has set since does not change why this bundle runs."""
    if choice is None:
        return None
    return {"period_frames": choice.period_frames, "load_p99": choice.load_p99, "fits": choice.fits}


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
