"""The stages of a voice's chain in the fake box: their parameters, and meters that move as if they worked."""

from __future__ import annotations

import math
from collections.abc import Mapping

from web_ui.ports.live import STAGES, ParamView, StageView

OFF_ON = ("off", "on")
MOVABLE = ("deess", "eq", "leveller", "compressor", "transient")
BANDS = {"low": 110.0, "bell1": 250.0, "bell2": 800.0, "bell3": 2500.0, "bell4": 5000.0, "high": 9000.0}
SWITCHED = ("declip", "declick", "low_cut", "hum", "plosives", "bleed", "feedback", "gate", "deess", "eq", "leveller",
            "compressor", "automix")  # fmt: skip
AMOUNTS = {"breath": "breath.amount_db", "dereverb": "dereverb.amount", "transient": "transient.attack_db"}
HEARD = tuple(name for name in STAGES if name not in ("denoise", "limiter"))  # alone
HUM_HZ, HOWL_HZ = 50.0, 2130.0


def _switch(id: str, label: str, help: str = "", default: float = 0.0) -> ParamView:
    return ParamView(id, label, "", 0, 1, default, help, OFF_ON, default, "default")


def _number(id: str, unit: str, low: float, high: float, default: float, label: str, help: str = "") -> ParamView:
    return ParamView(id, label, unit, low, high, default, help, (), default, "default")


PARAMS: tuple[ParamView, ...] = (
    ParamView("chain.solo", "Hear alone", "", 0, len(HEARD), 0, "What one stage takes away, and nothing else.",
              ("off", *HEARD), 0, "default"),
    _switch("declip.on", "De-clip", "Rebuilds clipped peaks."),
    _number("declip.threshold_db", "dB", -12, 0, -0.1, "Clipped from", "Peaks above this are rebuilt."),
    _switch("declick.on", "De-click", "Mends clicks and crackle."),
    _number("declick.amount", "", 0, 1, 0.5, "Clicks found", "More finds fainter clicks."),
    _switch("low_cut.on", "Low cut", "Takes rumble below the voice."),
    _switch("low_cut.auto", "Follow the voice", "The cut stays below the lowest note.", 1.0),
    _number("low_cut.hz", "Hz", 20, 300, 80, "Cut below", "Or the highest that it may follow to."),
    _switch("hum.on", "Hum", "Takes the hum of the mains.", 1.0),
    _switch("plosives.on", "Plosives", "Softens P and B."),
    _switch("bleed.on", "Bleed", "Takes music that leaks into the microphone."),
    _number("bleed.amount_db", "dB", 0, 40, 20, "Bleed reduction", "How far it is turned down."),
    _switch("feedback.on", "Howl", "Notches what begins to howl."),
    _number("dereverb.amount", "", 0, 1, 0, "De-reverb", "Dries the room."),
    _switch("gate.on", "Gate", "Turns pauses down."),
    _number("gate.range_db", "dB", 0, 60, 20, "Gate range", "How far pauses are turned down."),
    _number("gate.threshold", "dBFS", -80, 0, -50, "Gate threshold", "Quieter than this is a pause."),
    _number("breath.amount_db", "dB", 0, 20, 0, "Breaths", "How far breaths are turned down."),
    _switch("deess.on", "De-ess", "Softens sharp S."),
    _number("deess.amount_db", "dB", 0, 20, 8, "De-ess depth", "How far at most."),
    _switch("eq.on", "Tone", "Shelves and bells."),
    *(param for band, hz in BANDS.items() for param in (
        _number(f"eq.{band}.gain_db", "dB", -18, 18, 0, f"Tone {band}"),
        _number(f"eq.{band}.hz", "Hz", 20, 20_000, hz, f"Tone {band} at"),
        _number(f"eq.{band}.q", "", 0.1, 10, 0.7 if band in ("low", "high") else 1.0, f"Tone {band} width"))),
    _number("eq.tilt.gain_db", "dB", -9, 9, 0, "Tilt", "Brighter or darker as a whole."),
    _switch("leveller.on", "Leveller", "Rides the fader."),
    _number("leveller.target_lufs", "LUFS", -36, -10, -20, "Leveller target", "How loud the voice shall be."),
    _switch("compressor.on", "Compressor", "Holds loud notes down."),
    _number("compressor.threshold_db", "dB", -60, 0, -24, "Compressor threshold"),
    _number("compressor.ratio", "", 1, 20, 3, "Compressor ratio"),
    _number("compressor.attack_ms", "ms", 0.1, 100, 8, "Compressor attack"),
    _number("compressor.release_ms", "ms", 10, 1000, 120, "Compressor release"),
    _number("compressor.makeup_db", "dB", 0, 24, 0, "Compressor make-up"),
    _number("transient.attack_db", "dB", -12, 12, 0, "Attack"),
    _number("transient.sustain_db", "dB", -12, 12, 0, "Sustain"),
    _switch("automix.on", "Automix", "Shares the gain among microphones."),
    _number("limiter.ceiling_db", "dB", -12, 0, -1, "Ceiling", "The loudest that leaves the box."),
    _switch("limiter.true_peak", "True peak", "Between the samples, too."),
    *(ParamView(f"{name}.place", "Place", "", 1, 5, place, "The lower number comes first.", ("1", "2", "3", "4", "5"),
                place, "default") for place, name in enumerate(MOVABLE, start=1)),
)  # fmt: skip


def stages_of(values: Mapping[str, float], at_s: float) -> tuple[StageView, ...]:
    """The stages in their order, each with a meter as if somebody sang. values: all in force."""
    moved = sorted(MOVABLE, key=lambda name: values[f"{name}.place"])
    first = STAGES.index(MOVABLE[0])
    order = [*STAGES[:first], *moved, *STAGES[first + len(MOVABLE) :]]
    return tuple(_stage(name, values, at_s) for name in order if name != "automix")


def _stage(name: str, values: Mapping[str, float], at_s: float) -> StageView:
    if name in SWITCHED:
        on = values[f"{name}.on"] >= 0.5
    elif name in AMOUNTS:
        on = values[AMOUNTS[name]] != 0.0
    else:
        on = values["denoise.amount_db"] > 0.0 if name == "denoise" else True
    if not on:
        return StageView(name, on=False, at_work=False, change_db=0.0, minute_db=0.0)
    phase = at_s * 2.3 + STAGES.index(name)
    swing = max(math.sin(phase), 0.0)
    depth = {"denoise": -18.0, "hum": -14.0, "deess": -6.0, "compressor": -5.0, "leveller": 3.0, "eq": 2.0}
    change = depth.get(name, -4.0) * (1.0 if name in ("hum", "eq") else swing)
    detail, says = 0.0, ""
    if name == "hum":
        detail, says = HUM_HZ, f"Strong {HUM_HZ:g} Hz hum: check the ground of the preamp."
    elif name == "feedback":
        detail = HOWL_HZ
    elif name == "limiter":
        change *= 0.1
    return StageView(name, True, True, change, change * 0.5, detail, says)
