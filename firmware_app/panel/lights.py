"""What the panel's lights and the lamps of MIDI controllers show: the true state, from wherever it was changed."""

from collections.abc import Mapping

from dsp.params import find
from firmware_app.config.actions import Action
from firmware_app.config.panel_keys import LedConfig, MeterConfig, MidiKnobConfig, MidiSwitchConfig, RgbLedConfig
from firmware_app.control.control import Control
from firmware_app.control.output import Output
from firmware_app.control.performer import PANIC_PARAM, Performer
from firmware_app.link.wire import MeterFrame, State
from hw.controls.events import DARK, Light

CLIP_DB = -0.1
FLOOR_DB = -60.0
BEAT_LIT = 0.2  # of a beat
SAFE_BLINK_S = 1.0  # dry, though nobody asked for it

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
_SAID = {"box.bypass": "bypass", "box.mute": "mute"}
_COLOURS: Mapping[str, Colour] = {"bypass": AMBER, "mute": RED, "clip": RED, "tempo": WHITE}


def light_for(config: LedConfig | RgbLedConfig | MeterConfig, control: Control, performer: Performer) -> Light:
    """What one light shows now."""
    if isinstance(config, MeterConfig):
        return Light(_level(config.shows, control.live_meter))
    if isinstance(config, RgbLedConfig) and config.shows == "processing":
        return _coloured(control.output)
    return _shown(config.shows, control, performer)


def lamp_shows(config: MidiSwitchConfig | MidiKnobConfig, action: Action | None) -> str:
    """What the lamp of a MIDI controller shows: one of SHOWS, or a parameter; "" for nothing. action: what it does."""
    own = config.shows if isinstance(config, MidiSwitchConfig) else ""
    if own or action is None:
        return own
    if action.do in ("scene", "tap_tempo"):
        return {"A": "scene_a", "B": "scene_b", "": "tempo"}.get(action.scene, "")
    param = action.param or PANIC_PARAM.get(action.do, "")
    # A ring or a motor stands where the setting does; a lamp says what is heard.
    return _SAID.get(param, param) if isinstance(config, MidiSwitchConfig) else param


def lamp_light(shows: str, action: Action | None, control: Control, performer: Performer) -> Light:
    """What a lamp that shows `shows` looks like now."""
    if action is not None and action.param and action.param == shows:
        return Light(performer.position(action, control.value(shows)))
    return _shown(shows, control, performer)


def _shown(shows: str, control: Control, performer: Performer) -> Light:
    """A light of one colour that shows one of SHOWS, or a parameter."""
    if shows == "tempo":
        return _beat(performer)
    meter, output = control.live_meter, control.output
    forced = output in _BLINKS and shows in ("processing", "bypass")
    match shows:
        case "processing":
            level = float(output in _PROCESSED or forced)
        case "bypass":
            level = float(bool(control.value("box.bypass")) or forced)
        case "mute":
            level = float(output is Output.MUTED)
        case "clip":
            level = float(meter is not None and max(meter.in_peak_db) >= CLIP_DB)
        case "alive":
            level = float(meter is not None)
        case "scene_a" | "scene_b":
            level = float(performer.scenes.live == shows[-1].upper())
        case _:
            level = _share(control, shows)
    return Light(level, _COLOURS.get(shows, GREEN), blink_s=SAFE_BLINK_S * forced)


def _coloured(output: Output) -> Light:
    """What leaves the box, in the colours of the page."""
    return Light(1.0, _STATE[output], blink_s=SAFE_BLINK_S * (output in _BLINKS)) if output in _STATE else DARK


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
