"""FakeModels: three models with example cards, under the real rules. What is asked of it is done at once."""

import io
import math
import struct
import time
import wave
from collections.abc import Mapping, Sequence
from typing import Any

from web_ui.ports.errors import ControlRefused, NotThere
from web_ui.ports.models import TriedView, WorkView

TURNS = ("first", "second")
CARD = {
    "version": "1.2.0",
    "licence": "Apache-2.0",
    "trained_on": [
        {"name": "LibriSpeech", "licence": "CC-BY-4.0", "what": "speech, about 100 speakers"},
        {"name": "berlin_noise", "licence": "CC0-1.0", "what": "street noise"},
    ],
    "card": "# voice\n\nAn example card.\n\n## Limits\n\nNot for *drums*.\n",
    "chosen": None,
    "why_not": "",
    "load": None,
}
CHOSEN = {"period_frames": 64, "load_p99": 0.41, "fits": True}
LOAD = {"period_frames": 128, "p50": 0.12, "p99": 0.31, "fits": True, "at_s": 1_790_000_000.0}
MODELS: dict[str, Mapping[str, Any]] = {
    "voice": {
        **CARD, "runs": "voice", "summary": "Live voice denoiser, full band, 5.3 ms algorithmic latency",
        "best_for": "Singing and speaking that you hear through the box", "latency_ms": 5.33, "parameters": 1_300_000,
        "scores": ["Noise alone goes down by 38 dB.", "A voice in noise comes out 6 dB clearer."],
        "size_bytes": 1_400_000, "chosen": CHOSEN, "load": LOAD,
    },
    "studio": {
        **CARD, "runs": "voice", "summary": "Voice denoiser for recording, full band, 20 ms algorithmic latency",
        "best_for": "Takes and streams that nobody hears through the box while singing",
        "scores": ["Noise alone goes down by 44 dB."],
        "latency_ms": 20.0, "parameters": 3_400_000, "size_bytes": 3_500_000,
    },
    "stems": {
        **CARD, "runs": "music",
        "summary": "Live separation into vocals, drums, bass and other, 21.3 ms algorithmic latency",
        "best_for": "Turning a voice or an instrument down while a song plays", "scores": [],
        "latency_ms": 21.3, "parameters": 5_000_000, "size_bytes": 5_200_000,
    },
}  # fmt: skip


class FakeModels:
    """A ModelsPort. One thread at a time."""

    def __init__(self) -> None:
        self.in_use = {"voice": "voice", "music": "stems"}
        self.not_loaded: dict[str, str] = {}
        self._loads: dict[str, Mapping[str, Any]] = {}
        self._work = WorkView("", (), "", None)

    def cards(self) -> Sequence[Mapping[str, Any]]:
        return [
            {
                **card,
                "name": name,
                "in_use": self.in_use[card["runs"]] == name,
                "why_not": self.not_loaded.get(name, ""),
                "load": self._loads.get(name, card["load"]),
            }
            for name, card in MODELS.items()
        ]

    def use(self, name: str) -> str:
        card = self._found(name)
        if name in self.not_loaded:
            raise ControlRefused(f"{name}: {self.not_loaded[name]}")
        self.in_use[card["runs"]] = name
        return ""

    def measure(self, name: str) -> None:
        self._found(name)
        self._loads[name] = {**LOAD, "at_s": time.time()}
        self._work = WorkView("", (name,), "", self._work.tried)

    def try_out(self, first: str, second: str) -> None:
        if first == second or len({self._found(name)["runs"] for name in (first, second)}) > 1:
            raise ControlRefused(f"{first} and {second}: two different models for the same sound are expected")
        number = self._work.tried.number + 1 if self._work.tried else 1
        self._work = WorkView("", (first, second), "", TriedView(number, (first, second), (0.0, -1.2)))

    def work(self) -> WorkView:
        return self._work

    def tried(self, turn: str) -> bytes:
        if turn not in TURNS:
            raise NotThere(f"no turn {turn[:40]!r}: there are {' and '.join(TURNS)}")
        if self._work.tried is None:
            raise NotThere("no models have been tried yet")
        return _tone(440.0 * (1 + TURNS.index(turn)))

    def _found(self, name: str) -> Mapping[str, Any]:
        if name not in MODELS:
            raise NotThere(f"no model {name[:80]!r}: there are {', '.join(MODELS)}")
        return MODELS[name]


def _tone(hz: float) -> bytes:
    with io.BytesIO() as out:
        with wave.open(out, "wb") as wav:
            wav.setnchannels(1)
            wav.setsampwidth(2)
            wav.setframerate(48_000)
            wav.writeframes(b"".join(struct.pack("<h", round(8000 * math.sin(hz * n / 7639.4))) for n in range(24_000)))
        return out.getvalue()
