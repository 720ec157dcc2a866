"""The mixer of the stems: a fader, a mute and a solo for each, and what is heard while separation fails."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsp.layouts.stems import STEMS
from dsp.params import ParamSpec, switch


def _strip(stem: str) -> tuple[ParamSpec, ParamSpec, ParamSpec]:
    label = stem.capitalize()
    return (
        ParamSpec(f"stems.{stem}.gain_db", "dB", -60.0, 6.0, 0.0, label, f"Level of the {stem} in the mix."),
        switch(f"stems.{stem}.mute", f"{label} muted", f"Takes the {stem} out of the mix."),
        switch(f"stems.{stem}.solo", f"{label} solo", "Only stems with solo are heard."),
    )


FALLBACK = ParamSpec(
    "stems.fallback",
    "",
    0.0,
    1.0,
    0.0,
    "When separation fails",
    "Dry plays the whole sound, but no louder than the quietest stem is set to: silence while a stem is muted.",
    ("dry", "silence"),
)

STEMS_PARAMS = (*(spec for stem in STEMS for spec in _strip(stem)), FALLBACK)


class StemFaders:
    """The gains that the parameters result in. Audio thread.

    gains: linear, float32 (4,), in the order of STEMS. Mute wins over solo. without_masks: the gain of the whole sound
    while there are no masks to separate it. It is the lowest of the stems' gains, so that a muted stem is not heard.
    """

    def __init__(self) -> None:
        self._values = {spec.id: spec.default for spec in STEMS_PARAMS}
        self.gains: NDArray[np.float32] = np.ones(len(STEMS), np.float32)
        self.without_masks = 1.0

    def set_param(self, param_id: str, value: float) -> None:
        self._values[param_id] = value
        soloed = any(self._values[f"stems.{stem}.solo"] for stem in STEMS)
        for at, stem in enumerate(STEMS):
            self.gains[at] = self._gain(stem, soloed)
        self.without_masks = 0.0 if self._values[FALLBACK.id] else min(1.0, float(self.gains.min()))

    def _gain(self, stem: str, soloed: bool) -> float:
        if self._values[f"stems.{stem}.mute"] or (soloed and not self._values[f"stems.{stem}.solo"]):
            return 0.0
        return float(10.0 ** (self._values[f"stems.{stem}.gain_db"] / 20.0))
