"""The stages of the vocal chain, each with settings at which it works hard, for the contract that all of them keep."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from dsp.effects.automix import Automix
from dsp.effects.compressor import Compressor
from dsp.effects.eq import Eq
from dsp.effects.gate import Gate
from dsp.effects.leveller import Leveller
from dsp.effects.transient import Transient
from dsp.restore.bleed import Bleed
from dsp.restore.breath import Breath
from dsp.restore.declick import Declick
from dsp.restore.declip import Declip
from dsp.restore.deess import Deess
from dsp.restore.dereverb import Dereverb
from dsp.restore.feedback import Feedback
from dsp.restore.hum_stage import Hum
from dsp.restore.low_cut import LowCut
from dsp.restore.plosives import Plosives
from dsp.stage import Stage


@dataclass(frozen=True, slots=True)
class StageCase:
    """make: a fresh stage, its parameters at their defaults. on: settings that make it wanted and work hard. off: those
    that switch it off, where its defaults do not.
    """

    name: str
    make: Callable[[], Stage]
    on: Mapping[str, float] = field(default_factory=dict)
    off: Mapping[str, float] = field(default_factory=dict)


CASES: tuple[StageCase, ...] = (
    StageCase("declip", Declip, {"declip.on": 1.0, "declip.threshold_db": -12.0}),
    StageCase("declick", Declick, {"declick.on": 1.0, "declick.amount": 90.0}),
    StageCase("low_cut", LowCut, {"low_cut.on": 1.0}),
    StageCase("plosives", Plosives, {"plosives.on": 1.0}),
    StageCase("hum", Hum, {"hum.on": 1.0}, {"hum.on": 0.0}),
    StageCase("bleed", Bleed, {"bleed.on": 1.0}),
    StageCase("feedback", Feedback, {"feedback.on": 1.0}),
    StageCase("dereverb", Dereverb, {"dereverb.amount": 1.0}),
    StageCase("gate", Gate, {"gate.on": 1.0, "gate.range_db": 40.0}),
    StageCase("breath", Breath, {"breath.amount_db": 12.0}),
    StageCase("deess", Deess, {"deess.on": 1.0, "deess.amount_db": 18.0}),
    StageCase("eq", Eq, {"eq.on": 1.0, "eq.mid.gain_db": -9.0, "eq.high.gain_db": 9.0, "eq.tilt_db": 3.0}),
    StageCase("compressor", Compressor, {"compressor.on": 1.0, "compressor.threshold_db": -30.0}),
    StageCase("leveller", Leveller, {"leveller.on": 1.0, "leveller.target_lufs": -14.0}),
    StageCase("automix", Automix, {"automix.on": 1.0}),
    StageCase("transient", Transient, {"transient.attack_db": 6.0, "transient.sustain_db": -6.0}),
)
"""One line for each stage."""
