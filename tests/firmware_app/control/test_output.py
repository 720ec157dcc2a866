"""One true state: every combination says the most serious one, in words, on the page and on the lights."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_app.config.panel_keys import LedConfig, RgbLedConfig
from firmware_app.control.control import Control
from firmware_app.control.output import DRY, Output, output_of, silent_stems
from firmware_app.kept.param_table import PARAMS
from firmware_app.kept.store import Store
from firmware_app.link.shed import Shed
from firmware_app.link.wire import HealthFrame, MeterFrame, State
from firmware_app.panel import lights
from web_ui.ports.live import OUTPUTS

VOICE, MUSIC, BOTH = 0.0, 1.0, 2.0
RUNNING = MeterFrame(state=State.RUNNING)
# What makes each state true, the most serious first; PROCESSING is what is left.
CAUSES = {
    Output.MUTED: {"box.mute": 1.0},
    Output.NOTHING: "waiting",
    Output.BYPASSED: {"box.bypass": 1.0},
    Output.OVERLOADED: "overload",
    Output.MODEL_OFF: "model off",
    Output.REMOVED: {"denoise.listen": 1.0},
    Output.COMPARING: "comparing",
}


def test_the_order_is_the_ports():
    assert tuple(Output) == OUTPUTS
    assert [*CAUSES, Output.PROCESSING] == list(Output)


@pytest.mark.parametrize("true", list(itertools.product((False, True), repeat=len(CAUSES))))
def test_the_most_serious_state_wins_in_every_combination(true: tuple[bool, ...]):
    causes = [cause for cause, on in zip(CAUSES.values(), true, strict=True) if on]
    values = {id: value for cause in causes if isinstance(cause, dict) for id, value in cause.items()}
    meter = MeterFrame(state=State.WAITING if "waiting" in causes else State.RUNNING, model_off="model off" in causes)
    health = HealthFrame(shed=Shed.DRY if "overload" in causes else Shed.NOTHING)
    expected = next((output for output, on in zip(CAUSES, true, strict=True) if on), Output.PROCESSING)
    assert output_of(values, meter, health, comparing="comparing" in causes) is expected


def test_without_an_audio_process_nothing_is_heard_but_a_mute_is_still_said():
    assert output_of({}, None, HealthFrame()) is Output.NOTHING
    assert output_of({"box.bypass": 1.0}, None, HealthFrame()) is Output.NOTHING
    assert output_of({"box.mute": 1.0}, None, HealthFrame()) is Output.MUTED


def test_safe_mode_is_a_model_that_is_off():
    assert output_of({}, RUNNING, HealthFrame(safe=True, why="x")) is Output.MODEL_OFF


@pytest.mark.parametrize(
    ("chain", "shed", "expected"),
    [
        (VOICE, Shed.STEMS, Output.PROCESSING),
        (VOICE, Shed.LIGHTER, Output.PROCESSING),
        (VOICE, Shed.DRY, Output.OVERLOADED),
        (MUSIC, Shed.LISTEN, Output.PROCESSING),
        (MUSIC, Shed.STEMS, Output.OVERLOADED),  # music has nothing else that could be processed
        (BOTH, Shed.STEMS, Output.PROCESSING),
        (BOTH, Shed.DRY, Output.OVERLOADED),
    ],
)
def test_a_chain_is_dry_when_all_its_models_rest(chain: float, shed: Shed, expected: Output):
    assert output_of({"box.chain": chain}, RUNNING, HealthFrame(shed=shed)) is expected


def test_music_has_no_noise_to_hear_alone():
    assert output_of({"box.chain": MUSIC, "denoise.listen": 1.0}, RUNNING, HealthFrame()) is Output.PROCESSING
    assert output_of({"box.chain": MUSIC, "chain.solo": 2.0}, RUNNING, HealthFrame()) is Output.PROCESSING


def test_what_one_stage_takes_away_is_the_removed():
    assert output_of({"chain.solo": 2.0}, RUNNING, HealthFrame()) is Output.REMOVED


def test_stems_are_silent_when_muted_or_when_another_has_solo():
    assert silent_stems({"box.chain": VOICE, "stems.vocals.mute": 1.0}) == ()
    assert silent_stems({"box.chain": MUSIC, "stems.vocals.mute": 1.0}) == ("vocals",)
    assert silent_stems({"box.chain": BOTH, "stems.bass.solo": 1.0}) == ("vocals", "drums", "other")


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Control]:
    control = Control(PARAMS, Store(tmp_path, PARAMS))
    yield control
    control.close()


@pytest.mark.parametrize("output", list(Output))
def test_the_lights_and_control_follow_the_same_function(control: Control, output: Output):
    cause = CAUSES.get(output, {})
    for id, value in cause.items() if isinstance(cause, dict) else ():
        control.set_param(id, value, "panel")
    control.comparing = cause == "comparing"
    control.take_meter(
        MeterFrame(state=State.WAITING if cause == "waiting" else State.RUNNING, model_off=cause == "model off")
    )
    control.take_health(HealthFrame(shed=Shed.DRY if cause == "overload" else Shed.NOTHING))
    assert control.output is output
    colour = lights.light_for(RgbLedConfig("x", 5, 6, 13), control, None)
    single = lights.light_for(LedConfig("x", 5, "processing"), control, None)
    blinks = output in (Output.OVERLOADED, Output.MODEL_OFF)
    assert bool(colour.level) is (output is not Output.NOTHING)
    if colour.level:
        assert colour.colour == lights._STATE[output]
    assert bool(single.level) is (output in (Output.REMOVED, Output.COMPARING, Output.PROCESSING) or blinks)
    assert bool(colour.blink_s) is bool(single.blink_s) is blinks
    assert (colour.colour == lights.GREEN) is (output in (Output.COMPARING, Output.PROCESSING))
    assert output not in DRY or colour.colour == lights.AMBER
