"""One line of the table: what a degradation costs, and how much of it a stage takes back."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """nothing, ours, other: the measure for the degraded sound, for our stage's, and for a public tool's or a published
    method's on the same input. None where there is no other.
    """

    stage: str  # "declick"
    what: str  # the degradation: "200 clicks in 10 s of singing"
    measure: str  # with its unit: "SI-SDR, dB"
    nothing: float
    ours: float
    other: float | None = None
    other_name: str = ""  # "SoX noisered", "Godsill and Rayner 1998"
    more_is_better: bool = True
