"""What every SetupPort does, the fake and the real one."""

from dataclasses import asdict

import pytest

from web_ui.ports.box import Box
from web_ui.ports.errors import ControlRefused, NotThere
from web_ui.ports.setup import SetupPort
from web_ui.views import dumps, setup_news_json


@pytest.fixture
def port(box: Box) -> SetupPort:
    return box.setup


def test_the_set_up_is_well_formed(port: SetupPort):
    setup = port.view()
    assert setup.name == port.box_name
    assert setup.audio.state == "settled"
    assert setup.wizard.state == "new"
    assert setup.wizard.step in setup.wizard.steps
    assert setup.measured is None
    assert "demo" in [view.device for view in port.interfaces()]
    assert port.news().check.state == "off"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, "at least one key"),
        ({"record_to": "/etc/passwd"}, "record_to: cannot be set here"),
        ({"period_frames": 1}, "period_frames = 1"),
        ({"rate_hz": "fast"}, "rate_hz = "),
        ({"input_channels": 1}, "input_channels = 1"),
    ],
)
def test_audio_settings_that_cannot_be_are_refused(port: SetupPort, changes: dict[str, object], says: str):
    before = port.view().audio
    with pytest.raises(ControlRefused, match=says):
        port.set_audio(changes)
    assert port.view().audio == before


def test_a_sound_check_begins_with_silence(port: SetupPort):
    with pytest.raises(ControlRefused):
        port.check_sound("measure")
    with pytest.raises(ControlRefused, match="allowed hold, measure, end"):
        port.check_sound("shout")
    port.check_sound("end")  # at any time


def test_the_box_gets_another_name(port: SetupPort):
    revision = port.news().revision
    port.rename("  Stage left ")
    assert port.box_name == port.view().name == "Stage left"
    assert port.news().revision > revision
    for wrong in ("", " ", "x" * 41, "a\nb"):
        with pytest.raises(ControlRefused, match="name = "):
            port.rename(wrong)
    assert port.box_name == "Stage left"


def test_the_wizard_remembers_its_place(port: SetupPort):
    for step in port.view().wizard.steps:
        port.set_wizard("begun", step)
        assert (port.view().wizard.state, port.view().wizard.step) == ("begun", step)
    for state, step in (("begun", "no-such"), ("no-such", "level")):
        with pytest.raises(ControlRefused, match="wizard"):
            port.set_wizard(state, step)
    port.set_wizard("done", "sound")
    assert port.view().wizard.state == "done"


def test_a_mixer_control_that_is_not_there_is_not_set(port: SetupPort):
    view = port.mixer()
    assert view.controls or view.why_not
    with pytest.raises(NotThere):
        port.set_mixer("No such control", 1.0)
    for control in view.controls:
        with pytest.raises(ControlRefused, match=control.name):
            port.set_mixer(control.id, control.high + 1.0)
        port.set_mixer(control.id, control.high)
        assert next(c.value for c in port.mixer().controls if c.id == control.id) == pytest.approx(control.high)
    if view.controls:
        assert port.mixer().monitoring
        port.stop_monitoring()
        assert port.mixer().monitoring == ()


def test_every_view_can_be_sent_as_json(port: SetupPort):
    for value in (
        asdict(port.view()),
        setup_news_json(port.news()),
        [asdict(view) for view in port.interfaces()],
        asdict(port.mixer()),
    ):
        assert dumps(value)
