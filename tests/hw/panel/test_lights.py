"""Lights on mock PWM pins: what they show is what the pins say."""

import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.controls.events import DARK, Light
from hw.controls.kinds import LedSpec, MeterSpec, RelaySpec, RgbLedSpec
from hw.controls.spec import AnyLight, PanelSpec, PanelSpecError, UnknownControlError
from hw.panel.lights import blink_is_lit, next_change_s
from hw.panel.panel import Panel

LONG_S = 20.0


@pytest.fixture
def lights() -> Iterator[Callable[..., Panel]]:
    panels: list[Panel] = []

    def start(*leds: AnyLight, relay: RelaySpec | None = None) -> Panel:
        panel = Panel(PanelSpec(leds=leds, relay=relay, pins="mock"))
        panels.append(panel)
        panel.start()
        return panel

    yield start
    for panel in panels:
        panel.close()


def pin(panel: Panel, gpio: int) -> float:
    return float(panel.choice.factory.pin(gpio).state)


def test_an_rgb_light_mixes_its_colour_and_level(lights: Callable[..., Panel]):
    panel = lights(RgbLedSpec("status", 5, 6, 13))
    panel.show("status", Light(0.5, colour=(1.0, 0.5, 0.0)))
    assert [pin(panel, gpio) for gpio in (5, 6, 13)] == [0.5, 0.25, 0.0]
    assert panel.lit("status") == (0.5, 0.25, 0.0)
    panel.show("status", DARK)
    assert panel.lit("status") == (0.0, 0.0, 0.0)


def test_a_common_anode_is_lit_by_pulling_down(lights: Callable[..., Panel]):
    panel = lights(RgbLedSpec("status", 5, 6, 13, active_high=False), LedSpec("tap", 19, active_high=False))
    panel.show("status", Light(colour=(1.0, 0.0, 0.25)))
    panel.show("tap", Light())
    assert [pin(panel, gpio) for gpio in (5, 6, 13, 19)] == [0.0, 1.0, 0.75, 0.0]
    assert panel.lit("status") == (1.0, 0.0, 0.25)


def test_a_meter_fills_from_its_first_led(lights: Callable[..., Panel]):
    panel = lights(MeterSpec("level", (5, 6, 13, 19)), MeterSpec("one", (26,)))
    panel.show("level", Light(0.625))
    panel.show("one", Light(0.625))
    assert panel.lit("level") == (1.0, 1.0, 0.5, 0.0)
    assert panel.lit("one") == (0.625,)
    panel.show("level", Light(7.0))
    assert panel.lit("level") == (1.0, 1.0, 1.0, 1.0)


def test_a_blinking_light_goes_on_and_off_by_itself(lights: Callable[..., Panel]):
    panel = lights(LedSpec("tap", 27))
    panel.show("tap", Light(blink_s=0.02, blink_from_s=time.monotonic()))
    seen: set[tuple[float, ...]] = set()
    end = time.monotonic() + LONG_S
    while len(seen) < 2 and time.monotonic() < end:
        seen.add(panel.lit("tap"))
    assert seen == {(0.0,), (1.0,)}
    panel.show("tap", Light(0.5))
    assert panel.lit("tap") == (0.5,)


def test_an_unknown_light_is_named_and_a_missing_pin_is_skipped(lights: Callable[..., Panel]):
    panel = lights(RgbLedSpec("status", 5, 6, 99))
    assert "RGB LED 'status' (GPIO5, GPIO6, GPIO99) is off: this board has no such pin" in panel.problems[0]
    panel.show("status", Light())
    assert panel.lit("status") == ()
    with pytest.raises(UnknownControlError, match="no LED 'statues'"):
        panel.show("statues", Light())
    with pytest.raises(PanelSpecError, match="meter level: 0 gpios: allowed 1 to 16"):
        MeterSpec("level", ())


beats = st.builds(
    Light, blink_s=st.floats(0.01, 3.0), blink_from_s=st.floats(0.0, 1000.0), blink_lit=st.floats(0.05, 0.95)
)


@given(beats, st.floats(1000.0, 2000.0))
def test_it_is_lit_on_the_beat_and_changes_when_it_says(light: Light, now_s: float):
    beat_s = light.blink_from_s + 5 * light.blink_s
    assert blink_is_lit(light, beat_s + 0.01 * light.blink_s)
    assert not blink_is_lit(light, beat_s + 0.99 * light.blink_s)
    wait_s = next_change_s(light, now_s)
    assert 0.0 < wait_s <= light.blink_s
    if wait_s > 0.002:  # below, it waits a little longer rather than spin
        assert blink_is_lit(light, now_s + 0.9 * wait_s) == blink_is_lit(light, now_s)
        assert blink_is_lit(light, now_s + wait_s + 0.0001) != blink_is_lit(light, now_s)


def test_the_relay_s_pin_toggles_with_progress_and_with_nothing_else(lights: Callable[..., Panel]):
    panel = lights(relay=RelaySpec("bypass", 16))
    levels = []
    for progress in (7, 8, 9, 9, 9, 10):
        panel.beat(progress)
        levels.append(pin(panel, 16))
    assert levels == [0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    assert panel.problems == []


def test_a_panel_without_a_relay_has_nothing_to_beat(lights: Callable[..., Panel]):
    lights().beat(1)
