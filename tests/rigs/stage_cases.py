"""The stages of the vocal chain, each with settings at which it works hard, for the contract that all of them keep."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from dsp.stage import Stage


@dataclass(frozen=True, slots=True)
class StageCase:
    """make: a fresh stage, its parameters at their defaults. on: settings that make it wanted and work hard."""

    name: str
    make: Callable[[], Stage]
    on: Mapping[str, float] = field(default_factory=dict)


CASES: tuple[StageCase, ...] = ()
"""One line for each stage."""
