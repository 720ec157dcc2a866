"""FakeModels: two models with example cards."""

from collections.abc import Mapping, Sequence
from typing import Any

CARD = {
    "name": "voice",
    "version": "1.2.0",
    "summary": "Keeps a close voice and takes away everything behind it.",
    "licence": "Apache-2.0",
    "trained_on": [
        {"name": "Example voices", "licence": "CC-BY-4.0", "what": "read speech of 100 people"},
        {"name": "Example noises", "licence": "CC0-1.0", "what": "streets, kitchens, fans"},
    ],
    "card": "# voice\n\nAn example card.\n\n## Limits\n\nNot for *drums*.\n",
}
CHOSEN = {"period_frames": 64, "load_p99": 0.41, "fits": True}

MODELS: list[Mapping[str, Any]] = [
    {**CARD, "runs": "voice", "latency_ms": 5.33, "parameters": 1_300_000, "size_bytes": 1_400_000, "chosen": CHOSEN},
    {
        **CARD,
        "runs": "music",
        "name": "stems",
        "latency_ms": 21.3,
        "parameters": 5_000_000,
        "size_bytes": 5_200_000,
        "chosen": None,
    },
]


class FakeModels:
    """A ModelsPort."""

    def cards(self) -> Sequence[Mapping[str, Any]]:
        return MODELS
