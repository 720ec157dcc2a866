"""What every SimulatorPort does, the fake and the real one."""

import math

import pytest

from web_ui.ports.box import Box
from web_ui.ports.errors import ControlRefused, NotThere
from web_ui.ports.simulator import SimulatorPort
from web_ui.views import dumps, panel_json


@pytest.fixture
def port(box: Box) -> SimulatorPort:
    return box.simulator


def test_controls_that_are_not_simulated_are_not_there(port: SimulatorPort):
    with pytest.raises(NotThere, match="no-such-pin"):
        port.press("no-such-pin", True)
    with pytest.raises(NotThere, match="no-such-pin"):
        port.turn("no-such-pin", 0.5)


def test_simulated_controls_are_well_formed_and_move(port: SimulatorPort):
    pins = port.pins()
    assert len({pin.name for pin in pins}) == len(pins)
    for pin in pins:
        assert pin.kind in ("switch", "knob", "encoder", "led", "rgb", "meter")
        assert 0.0 <= pin.position <= 1.0
        assert pin.label
        assert pin.does
        if pin.kind == "switch":
            port.press(pin.name, True)
            port.press(pin.name, False)
        if pin.kind == "knob":
            port.turn(pin.name, 1.0)
            for wrong in (-0.1, 1.1, math.nan):
                with pytest.raises(ControlRefused, match=pin.name):
                    port.turn(pin.name, wrong)


def test_an_encoder_that_is_not_there_is_not_turned(port: SimulatorPort):
    with pytest.raises(NotThere, match="amount"):
        port.step("amount", 1)


def test_every_view_can_be_sent_as_json(port: SimulatorPort):
    assert dumps(panel_json(port.pins()))


def test_only_free_sources_can_be_touched(port: SimulatorPort):
    for wrong in ("gpio:17000", "gpio:x", "lasers:1", "gpio:40"):
        with pytest.raises(NotThere):
            port.touch(wrong, 1.0)
    for value in (-1.0, 128.0, math.nan):
        with pytest.raises(ControlRefused, match="allowed 0 to 127"):
            port.touch("gpio:4", value)
