"""What the panel's lights show: the true state, from wherever it was changed."""

from collections.abc import Mapping

from dsp.params import find
from firmware_app.config.panel_keys import LedConfig, MeterConfig, RgbLedConfig
from firmware_app.control.control import Control
from firmware_app.control.output import Output, output_of
from firmware_app.control.performer import Performer
from firmware_app.link.wire import MeterFrame, State
from hw.controls.events import DARK, Light

CLIP_DB = -0.1
FLOOR_DB = -60.0
BEAT_LIT = 0.2  # of a beat
SAFE_BLINK_S = 1.0  # in safe mode: there is sound, but without the model

Colour = tuple[float, float, float]
GREEN: Colour = (0.0, 1.0, 0.0)
AMBER: Colour = (1.0, 0.4, 0.0)
RED: Colour = (1.0, 0.0, 0.0)
WHITE: Colour = (1.0, 1.0, 1.0)
BLUE: Colour = (0.1, 0.4, 1.0)
_STATE: Mapping[Output, Colour] = {
    Output.MUTED: RED,
    Output.BYPASSED: AMBER,
    Output.OVERLOADED: AMBER,
    Output.MODEL_OFF: AMBER,
    Output.REMOVED: BLUE,
    Output.COMPARING: GREEN,
    Output.PROCESSING: GREEN,
}
_BLINKS = frozenset({Output.OVERLOADED, Output.MODEL_OFF})  # dry, though nobody asked for it
_PROCESSED = frozenset({Output.REMOVED, Output.COMPARING, Output.PROCESSING})
_COLOURS: Mapping[str, Colour] = {"bypass": AMBER, "mute": RED, "clip": RED, "tempo": WHITE}


def light_for(
    config: LedConfig | RgbLedConfig | MeterConfig, control: Control, performer: Performer, meter: MeterFrame | None
) -> Light:
    """What one light shows now. meter: the audio process's newest frame, None while it is down."""
    if isinstance(config, MeterConfig):
        return Light(_level(config.shows, meter))
    if config.shows == "processing":
        return _state(config, control, meter)
    if config.shows == "tempo":
        return _beat(performer)
    lit = {
        "bypass": bool(control.value("box.bypass")),
        "mute": bool(control.value("box.mute")),
        "clip": meter is not None and max(meter.in_peak_db) >= CLIP_DB,
        "alive": meter is not None,
        "scene_a": performer.scenes.live == "A",
        "scene_b": performer.scenes.live == "B",
    }
    level = float(lit[config.shows]) if config.shows in lit else _share(control, config.shows)
    return Light(level, _COLOURS.get(config.shows, GREEN))


def _state(config: LedConfig | RgbLedConfig, control: Control, meter: MeterFrame | None) -> Light:
    """What leaves the box, as the page says it.

    With one colour: lit while it is processed sound, blinking while it is dry and nobody asked for that.
    """
    output = output_of(control.values(), meter, control.health, comparing=control.comparing)
    blink_s = SAFE_BLINK_S if output in _BLINKS else 0.0
    if isinstance(config, RgbLedConfig):
        return Light(1.0, _STATE[output], blink_s=blink_s) if output in _STATE else DARK
    return Light(float(output in _PROCESSED or output in _BLINKS), GREEN, blink_s=blink_s)


def _beat(performer: Performer) -> Light:
    bpm = performer.tempo.bpm
    if bpm is None:
        return DARK
    return Light(1.0, WHITE, blink_s=60.0 / bpm, blink_from_s=performer.tempo.beat_at_s, blink_lit=BEAT_LIT)


def _share(control: Control, id: str) -> float:
    spec = find(control.specs, id)
    return (control.value(id) - spec.low) / (spec.high - spec.low)


def _level(shows: str, meter: MeterFrame | None) -> float:
    if meter is None or meter.state != State.RUNNING:
        return 0.0
    if shows == "reduction":
        return min(max(meter.reduction_db / -FLOOR_DB, 0.0), 1.0)
    peaks = meter.in_peak_db if shows == "input" else meter.out_peak_db
    return min(max(1.0 - max(peaks[: meter.channels]) / FLOOR_DB, 0.0), 1.0)
