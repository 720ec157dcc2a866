"""The stages of a voice's lane in their order, ahead of the denoiser and behind it. docs/chain.md tells the reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dsp.effects.automix import AUTOMIX_PARAMS, Automix
from dsp.effects.compressor import COMPRESSOR_PARAMS, Compressor
from dsp.effects.eq import EQ_PARAMS, Eq
from dsp.effects.gate import GATE_PARAMS, Gate
from dsp.effects.leveller import LEVELLER_PARAMS, Leveller
from dsp.effects.transient import TRANSIENT_PARAMS, Transient
from dsp.params import ParamSpec
from dsp.parts.voice_sense import VoiceSense
from dsp.restore.bleed import BLEED_PARAMS, Bleed
from dsp.restore.breath import BREATH_PARAMS, Breath
from dsp.restore.declick import DECLICK_PARAMS, Declick
from dsp.restore.declip import DECLIP_PARAMS, Declip
from dsp.restore.deess import DEESS_PARAMS, Deess
from dsp.restore.dereverb import DEREVERB_PARAMS, Dereverb
from dsp.restore.feedback import FEEDBACK_PARAMS, Feedback
from dsp.restore.hum_stage import HUM_PARAMS, Hum
from dsp.restore.low_cut import LOW_CUT_PARAMS, LowCut
from dsp.restore.plosives import PLOSIVES_PARAMS, Plosives
from dsp.stage import Stage

DENOISE, LIMITER = "denoise", "limiter"

STAGES = (
    "declip", "declick", "plosives", "low_cut", "bleed", "feedback", "hum", DENOISE, "dereverb", "gate", "breath",
    "deess", "eq", "leveller", "compressor", "transient", "automix", LIMITER,
)  # fmt: skip
"""The names of all stages, in the usual order; with the denoiser among them, and the limiter of the mix at the end."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One stage of a voice's lane. make: a fresh one, for a lane whose denoiser tells this VoiceSense."""

    name: str
    params: tuple[ParamSpec, ...]
    make: Callable[[VoiceSense], Stage]


AHEAD: tuple[Kind, ...] = (
    Kind("declip", DECLIP_PARAMS, lambda _: Declip()),
    Kind("declick", DECLICK_PARAMS, lambda _: Declick()),
    Kind("plosives", PLOSIVES_PARAMS, lambda _: Plosives()),
    Kind("low_cut", LOW_CUT_PARAMS, lambda _: LowCut()),
    Kind("bleed", BLEED_PARAMS, lambda _: Bleed()),
    Kind("feedback", FEEDBACK_PARAMS, lambda _: Feedback()),
    Kind("hum", HUM_PARAMS, lambda _: Hum()),  # the last: a denoiser does its work (dsp.restore.hum_stage)
)
"""Ahead of the denoiser, in this order."""

BEHIND: tuple[Kind, ...] = (
    Kind("dereverb", DEREVERB_PARAMS, Dereverb),
    Kind("gate", GATE_PARAMS, Gate),
    Kind("breath", BREATH_PARAMS, lambda _: Breath()),
    Kind("deess", DEESS_PARAMS, lambda _: Deess()),
    Kind("eq", EQ_PARAMS, lambda _: Eq()),
    Kind("leveller", LEVELLER_PARAMS, Leveller),
    Kind("compressor", COMPRESSOR_PARAMS, lambda _: Compressor()),
    Kind("transient", TRANSIENT_PARAMS, lambda _: Transient()),
    Kind("automix", AUTOMIX_PARAMS, Automix),
)
"""Behind the denoiser, in this order while nobody has changed a place."""

MOVABLE = ("deess", "eq", "leveller", "compressor", "transient")
"""These can change places with each other. All others have their place for a reason."""

_PLACE = "Its place among de-esser, tone, leveller, compressor and transients: the lower number comes first."
PLACES = {
    name: ParamSpec(
        f"{name}.place", "", 1.0, float(len(MOVABLE)), float(at), "Place", _PLACE, ("1", "2", "3", "4", "5")
    )
    for at, name in enumerate(MOVABLE, 1)
}
"""The places of the stages that can be moved, by name."""

SOLO = ParamSpec(
    "chain.solo",
    "",
    0.0,
    float(len(STAGES) - 2),
    0.0,
    "Hear alone",
    "Only what this stage takes away. Ends with a restart, and with a preset.",
    ("off", *(name for name in STAGES if name not in (DENOISE, LIMITER))),
)
"""Not of the denoiser, which has `denoise.listen`."""


MENDING = frozenset({"declip", "declick", "plosives", "dereverb", "breath", "deess"})
"""These rest first when there is too much work: they cost the most, and without them a voice is rougher, no louder."""

NEVER_RESTS = frozenset({"feedback"})
"""Without it a loop that it holds would howl."""

CAN_REST = frozenset(kind.name for kind in (*AHEAD, *BEHIND)) - NEVER_RESTS
"""These rest together with the models."""


def switches_of(kind_params: Iterable[ParamSpec], name: str) -> tuple[str, ...]:
    """The parameters of a stage that switch it off when all of them are 0."""
    ids = tuple(spec.id for spec in kind_params)
    return (f"{name}.on",) if f"{name}.on" in ids else ids


def stage_params() -> tuple[ParamSpec, ...]:
    """Every parameter of the stages, in their order."""
    found: list[ParamSpec] = []
    for kind in (*AHEAD, *BEHIND):
        found += [*kind.params, *([PLACES[kind.name]] if kind.name in PLACES else [])]
    return (*found, SOLO)


def made(kinds: Iterable[Kind], voice: VoiceSense) -> list[Stage]:
    """A fresh stage of each kind, for one lane."""
    return [kind.make(voice) for kind in kinds]
