"""What every ControlPort does, the fake and the real one alike."""

import io
import math
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from firmware_app.box_port import BoxPort
from firmware_app.config_panel import PanelConfig
from firmware_app.control import Control
from firmware_app.listen_ring import ListenRing
from firmware_app.panel_bindings import PanelBindings
from firmware_app.param_table import PARAMS
from firmware_app.store import Store
from web_ui.control_port import ControlPort, ControlRefused, NotThere
from web_ui.fake_control import FakeControlPort
from web_ui.views import dumps, panel_json, param_json, status_json, values_json


class _Sounding(BoxPort):
    """A real box whose audio process has played something, though none runs here."""

    def __init__(self, folder: Path) -> None:
        self.control = Control(PARAMS, Store(folder, PARAMS))
        config = PanelConfig(pins="mock")
        self.bindings = PanelBindings(config, self.control)
        self.bindings.start()
        super().__init__("hushbox", self.control, self.bindings, None, folder / "listen")
        ring = ListenRing(folder / "listen", 1, 128)
        for which in (0, 1):
            ring.write(which, np.zeros((48_000, 1), np.float32))

    def close(self) -> None:
        self.bindings.close()
        self.control.close()


@pytest.fixture(params=["fake", "box"])
def port(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ControlPort]:
    if request.param == "fake":
        yield FakeControlPort()
        return
    box = _Sounding(tmp_path)
    yield box
    box.close()


def value_of(port: ControlPort, id: str) -> float:
    return next(view.value for view in port.params() if view.id == id)


def test_it_has_a_name_and_a_version(port: ControlPort):
    assert port.box_name
    assert port.version


def test_parameters_are_well_formed(port: ControlPort):
    views = port.params()
    assert len({view.id for view in views}) == len(views) > 0
    for view in views:
        assert view.low < view.high
        assert view.low <= view.default <= view.high
        assert view.low <= view.value <= view.high
        assert view.label
        assert not view.choices or len(view.choices) == view.high - view.low + 1


def test_the_page_finds_bypass_and_amount(port: ControlPort):
    names = {view.id.split(".")[-1].split("_")[0] for view in port.params()}
    assert {"bypass", "amount", "mute"} <= names


def test_a_set_value_is_returned_listed_and_told(port: ControlPort):
    before = port.wait_for_change(-1, 0.0).seq
    for view in port.params():
        for value in (view.high, view.low):
            assert port.set_param(view.id, value, "page") == pytest.approx(value)
            assert value_of(port, view.id) == pytest.approx(value)
        assert next(v for v in port.params() if v.id == view.id).origin == "page"
    change = port.wait_for_change(before, 5.0)
    assert change.seq > before
    assert change.params == {view.id: pytest.approx(view.low) for view in port.params()}


def test_a_value_out_of_range_changes_nothing(port: ControlPort):
    for view in port.params():
        for value in (view.low - 1.0, view.high + 1.0, math.nan, math.inf):
            with pytest.raises(ControlRefused, match=view.id):
                port.set_param(view.id, value, "page")
        assert value_of(port, view.id) == view.value


def test_between_two_choices_there_is_nothing(port: ControlPort):
    switch = next(view for view in port.params() if view.choices)
    with pytest.raises(ControlRefused):
        port.set_param(switch.id, switch.low + 0.5, "page")


def test_an_unknown_parameter_is_not_there(port: ControlPort):
    with pytest.raises(NotThere, match=r"no\.such"):
        port.set_param("no.such", 1.0, "page")


def test_the_first_wait_returns_at_once_with_everything(port: ControlPort):
    change = port.wait_for_change(-1, 0.0)
    assert set(change.params) == {view.id for view in port.params()}


def test_a_wait_that_times_out_returns_the_newest_state(port: ControlPort):
    change = port.wait_for_change(2**60, 0.01)
    assert change.params
    assert change.status.state


def test_everything_can_be_said_in_json(port: ControlPort):
    change = port.wait_for_change(-1, 0.0)
    for value in (
        status_json(port.status()),
        values_json(change.params),
        [param_json(view) for view in port.params()],
        panel_json(port.simulated_panel()),
        dict(port.model_card()),
    ):
        assert dumps(value)


def test_the_status_is_plausible(port: ControlPort):
    status = port.status()
    assert status.state in ("running", "waiting for device", "down")
    assert (status.state == "down") == (not status.audio_alive)
    assert min(status.xruns, status.late_hops, status.dry_hops) >= 0
    assert status.reduction_db >= 0.0


def test_the_model_card_says_what_it_was_trained_on(port: ControlPort):
    card = port.model_card()
    assert {"name", "version", "summary", "licence", "trained_on", "card"} <= set(card)
    assert all({"name", "licence", "what"} <= set(source) for source in card["trained_on"])


def test_controls_that_are_not_simulated_are_not_there(port: ControlPort):
    with pytest.raises(NotThere, match="no-such-pin"):
        port.press("no-such-pin", True)
    with pytest.raises(NotThere, match="no-such-pin"):
        port.turn("no-such-pin", 0.5)


def test_simulated_controls_are_well_formed_and_move(port: ControlPort):
    pins = port.simulated_panel()
    assert len({pin.name for pin in pins}) == len(pins)
    for pin in pins:
        assert pin.kind in ("switch", "knob", "led")
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


def test_before_and_after_are_as_long_as_each_other(port: ControlPort):
    shapes = set()
    for wav in port.listen_wavs():
        with wave.open(io.BytesIO(wav)) as sound:
            shapes.add((sound.getnframes(), sound.getframerate(), sound.getsampwidth(), sound.getnchannels()))
    assert len(shapes) == 1
    assert min(shapes.pop()) > 0
