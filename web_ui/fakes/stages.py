"""The stages of a voice's chain in the fake box: their parameters, and meters that move as if they worked."""

from __future__ import annotations

import math
from collections.abc import Mapping

from web_ui.ports.live import STAGES, ParamView, StageView

OFF_ON = ("off", "on")
MOVABLE = ("deess", "eq", "leveller", "compressor", "transient")
SWITCHED = ("declip", "declick", "low_cut", "hum", "plosives", "bleed", "feedback", "gate", "deess", "eq", "leveller",
            "compressor", "automix")  # fmt: skip
AMOUNTS = {"breath": "breath.amount_db", "dereverb": "dereverb.amount", "transient": "transient.attack_db"}
HEARD = tuple(name for name in STAGES if name not in ("denoise", "limiter"))  # alone
HUM_HZ, HOWL_HZ = 50.0, 2130.0


def _switch(id: str, label: str, help: str = "", default: float = 0.0) -> ParamView:
    return ParamView(id, label, "", 0, 1, default, help, OFF_ON, default, "default")


def _number(id: str, unit: str, low: float, high: float, default: float, label: str, help: str = "",
            full: str = "") -> ParamView:  # fmt: skip
    return ParamView(id, label, unit, low, high, default, help, (), default, "default", full)


PARAMS: tuple[ParamView, ...] = (
    ParamView("chain.solo", "Hear alone", "", 0, len(HEARD), 0, "Only what this stage takes away.", ("off", *HEARD), 0,
              "default"),
    _number("limiter.ceiling_db", "dB", -12, 0, -1, "Ceiling", "Nothing leaves the box louder."),
    _switch("limiter.true_peak",
            "True peak", "Counts the peaks between the samples too."),
    _switch("declip.on", "De-clip", "Peaks that were cut off are rebuilt. Adds 5 ms."),
    _number("declip.threshold_db",
            "dB", -30, 0, 0, "Clipped from", "All above it counts as cut off."),
    _switch("declick.on", "De-click", "Clicks of the mouth, crackle and digital ticks are filled in. Adds 5 ms."),
    _number("declick.amount", "%", 0, 100, 50, "Sensitivity", "Higher finds fainter clicks."),
    _switch("low_cut.on", "Low cut", "Takes away rumble, steps and wind below the voice."),
    _switch("low_cut.auto", "Follow the voice", "The corner stays just below the lowest note sung.", 1.0),
    _number("low_cut.hz", "Hz", 20, 200, 80, "Corner", "Where the cut begins while it does not follow."),
    _switch("plosives.on", "Pops", "Bursts of breath from p and b are cut in the lows. Adds 4 ms."),
    _switch("bleed.on",
            "Bleed", "Takes out the music that leaks from headphones or a wedge into the microphone."),
    _number("bleed.amount_db", "dB", 0, 40, 40, "Bleed amount", "How far the music is turned down at most."),
    _switch("feedback.on",
            "Feedback", "Finds howl between loudspeaker and microphone as it starts."),
    _switch("hum.on", "Hum", "Takes the hum of the mains, and rumble too low to be heard, when it finds them.", 1.0),
    _number("dereverb.amount", "", 0, 1, 0, "De-reverb", "How far the room's late echo is turned down."),
    _switch("gate.on", "Gate", "Turns down what is between the phrases."),
    _number("gate.range_db", "dB", 0, 60, 15, "Gate range", "How far the pauses go down."),
    _number("gate.threshold", "dB", -80, -20, -60, "Gate threshold", "It opens only for what is louder than this."),
    _number("breath.amount_db", "dB", 0, 12, 0, "Breaths", "How far breaths between phrases go down."),
    _switch("deess.on", "De-ess", "Softens an s that is too loud beside the vowels."),
    _number("deess.amount_db", "dB", 0, 18, 6, "De-ess amount", "The most by which an s goes down."),
    _switch("eq.on", "Tone", "Shelves, bells and a tilt: how dark or bright, thin or full."),
    _number("eq.tilt_db", "dB", -6, 6, 0, "Tilt", "Brighter or darker as a whole: highs up, lows down."),
    _number("eq.low.gain_db", "dB", -15, 15, 0, "Low shelf", "Boost or cut of this band."),
    _number("eq.low.hz", "Hz", 20, 20000, 120, "Low shelf, frequency"),
    _number("eq.low.q", "", 0.4, 1, 0.7, "Low shelf, width (Q)", "How steep the shelf is."),
    _number("eq.low_mid.gain_db", "dB", -15, 15, 0, "Low mids", "Boost or cut of this band."),
    _number("eq.low_mid.hz", "Hz", 20, 20000, 300, "Low mids, frequency"),
    _number("eq.low_mid.q", "", 0.3, 8, 1, "Low mids, width (Q)", "How narrow the bell is."),
    _number("eq.mid.gain_db", "dB", -15, 15, 0, "Mids", "Boost or cut of this band."),
    _number("eq.mid.hz", "Hz", 20, 20000, 900, "Mids, frequency"),
    _number("eq.mid.q", "", 0.3, 8, 1, "Mids, width (Q)", "How narrow the bell is."),
    _number("eq.high_mid.gain_db", "dB", -15, 15, 0, "High mids", "Boost or cut of this band."),
    _number("eq.high_mid.hz", "Hz", 20, 20000, 2500, "High mids, frequency"),
    _number("eq.high_mid.q", "", 0.3, 8, 1, "High mids, width (Q)", "How narrow the bell is."),
    _number("eq.presence.gain_db", "dB", -15, 15, 0, "Presence", "Boost or cut of this band."),
    _number("eq.presence.hz", "Hz", 20, 20000, 5000, "Presence, frequency"),
    _number("eq.presence.q", "", 0.3, 8, 1, "Presence, width (Q)", "How narrow the bell is."),
    _number("eq.high.gain_db", "dB", -15, 15, 0, "High shelf", "Boost or cut of this band."),
    _number("eq.high.hz", "Hz", 20, 20000, 9000, "High shelf, frequency"),
    _number("eq.high.q", "", 0.4, 1, 0.7, "High shelf, width (Q)", "How steep the shelf is."),
    _switch("leveller.on", "Leveller", "Rides the fader: keeps the voice at one loudness, and leaves pauses alone."),
    _number("leveller.target_lufs",
            "LUFS", -36, -10, -20, "Loudness", "How loud the voice is to be. Speech: -20 to -16."),
    _switch("compressor.on", "Compressor", "Makes loud and soft more alike."),
    _number("compressor.threshold_db", "dB", -60, 0, -20, "Threshold", "Above this level it turns down (of peaks).",
            "Compressor threshold"),
    _number("compressor.ratio", "", 1, 20, 2.5, "Ratio", "So many dB more above the threshold come out as one."),
    _number("compressor.attack_ms", "ms", 0.1, 100, 8, "Attack", "How quickly it turns down."),
    _number("compressor.release_ms", "ms", 10, 1000, 120, "Release", "How quickly it lets go."),
    _number("compressor.knee_db", "dB", 0, 24, 8, "Knee", "How gradually it begins around the threshold."),
    _number("compressor.makeup_db", "dB", 0, 24, 0, "Make-up", "Louder behind the compressor."),
    _switch("compressor.auto_makeup", "Auto make-up", "Keeps the loudness as it was before the compressor.", 1.0),
    _switch("compressor.lookahead", "Look ahead", "Turns down before a peak is heard. It adds 2 ms of latency."),
    _number("transient.attack_db", "dB", -12, 12, 0, "Attack", "The beginning of each sound: sharper or rounder."),
    _number("transient.sustain_db", "dB", -12, 12, 0, "Sustain", "What rings on after it: longer or drier."),
    _switch("automix.on",
            "Automix", "Two to eight microphones to one mix: the one that is spoken into leads, the others wait."),
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
