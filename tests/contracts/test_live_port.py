"""What every LivePort does, the fake and the real one."""

import math

import pytest

from tests.contracts.hands import value_of
from web_ui.ports.box import Box
from web_ui.ports.errors import ControlRefused, NotThere
from web_ui.ports.live import OUTPUTS, LivePort
from web_ui.views import dumps, param_json, status_json, values_json


@pytest.fixture
def port(box: Box) -> LivePort:
    return box.live


def test_a_mute_is_kept_when_it_is_answered(port: LivePort):
    assert port.set_param("box.mute", 1, "page") == 1
    assert port.not_kept("box.mute") == ""
    assert port.not_kept("denoise.amount_db") == ""
    assert port.not_kept() == ""


def test_parameters_are_well_formed(port: LivePort):
    views = port.params()
    assert len({view.id for view in views}) == len(views) > 0
    for view in views:
        assert view.low < view.high
        assert view.low <= view.default <= view.high
        assert view.low <= view.value <= view.high
        assert view.label
        assert not view.choices or len(view.choices) == view.high - view.low + 1


def test_the_page_finds_bypass_and_amount(port: LivePort):
    names = {view.id.split(".")[-1].split("_")[0] for view in port.params()}
    assert {"bypass", "amount", "mute"} <= names


def test_a_set_value_is_returned_listed_and_sent(box: Box):
    before = box.live.wait_for_change(-1, 0.0).seq
    for view in box.live.params():
        for value in (view.high, view.low):
            assert box.live.set_param(view.id, value, "page") == pytest.approx(value)
            assert value_of(box, view.id) == pytest.approx(value)
        assert next(v for v in box.live.params() if v.id == view.id).origin == "page"
    change = box.live.wait_for_change(before, 5.0)
    assert change.seq > before
    assert change.params == {view.id: pytest.approx(view.low) for view in box.live.params()}


def test_a_value_out_of_range_changes_nothing(box: Box):
    for view in box.live.params():
        for value in (view.low - 1.0, view.high + 1.0, math.nan, math.inf):
            with pytest.raises(ControlRefused, match=view.id):
                box.live.set_param(view.id, value, "page")
        assert value_of(box, view.id) == view.value


def test_between_two_choices_there_is_nothing(port: LivePort):
    switch = next(view for view in port.params() if view.choices)
    with pytest.raises(ControlRefused):
        port.set_param(switch.id, switch.low + 0.5, "page")


def test_an_unknown_parameter_is_not_there(port: LivePort):
    with pytest.raises(NotThere, match=r"no\.such"):
        port.set_param("no.such", 1.0, "page")


def test_the_first_wait_returns_at_once_with_everything(port: LivePort):
    change = port.wait_for_change(-1, 0.0)
    assert set(change.params) == {view.id for view in port.params()}


def test_a_wait_that_times_out_returns_the_newest_state(port: LivePort):
    change = port.wait_for_change(2**60, 0.01)
    assert change.params
    assert change.status.state


def test_the_status_is_plausible(port: LivePort):
    status = port.status()
    assert status.state in ("running", "waiting for device", "checking sound", "down")
    assert (status.state == "down") == (not status.audio_alive)
    assert min(status.xruns, status.late_hops, status.dry_hops) >= 0
    assert status.reduction_db >= 0.0


def test_every_view_can_be_sent_as_json(port: LivePort):
    change = port.wait_for_change(-1, 0.0)
    for value in (status_json(port.status()), values_json(change.params), [param_json(view) for view in port.params()]):
        assert dumps(value)


def test_safe_mode_is_left_only_from_within(port: LivePort):
    with pytest.raises(ControlRefused, match="not in safe mode"):
        port.leave_safe_mode()


def test_the_newest_change_is_undone_with_its_sweep(port: LivePort):
    assert list(port.steps()) == []
    port.set_param("box.wet_percent", 50.0, "page")
    for value in (12.0, 11.0, 10.0):
        port.set_param("denoise.amount_db", value, "panel:amount")
    port.set_param("box.match_db", -3.0, "compare")
    newest, oldest = port.steps()
    assert (newest.kind, newest.name, newest.who) == ("param", "denoise.amount_db", "panel:amount")
    assert newest.changes == {"denoise.amount_db": (24.0, 10.0)}
    (undone,) = port.undo(newest.number)
    assert undone.changes == {"denoise.amount_db": (10.0, 24.0)}
    assert [step.number for step in port.steps()] == [oldest.number]
    with pytest.raises(NotThere, match="undone already"):
        port.undo(newest.number)


def test_a_preset_is_undone_as_one(box: Box):
    before = value_of(box, "denoise.amount_db")
    box.presets.load("Gentle")
    (step,) = box.live.steps()
    assert (step.kind, step.name, step.who) == ("preset", "Gentle", "page")
    box.live.undo(step.number)
    assert value_of(box, "denoise.amount_db") == before


def test_the_output_is_the_most_serious_state(port: LivePort):
    assert set(OUTPUTS) >= {port.status().output}
    for id in ("denoise.listen", "box.bypass", "box.mute"):
        port.set_param(id, 1.0, "page")
    assert port.status().output == "muted"
    assert {"voice", "music"} <= set(port.status().chains)
