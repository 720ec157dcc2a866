"""What every SetupPort and SystemPort does, the fake and the real one alike."""

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from firmware_app.config.panel_keys import PanelConfig
from tests.rigs.panel_box import PanelBox
from web_ui.fakes.box import FakeControlPort
from web_ui.ports.box import ControlPort, ControlRefused, NotThere, PinRefused
from web_ui.ports.system import Caller
from web_ui.views import dumps, setup_news_json


@pytest.fixture(params=["fake", "box"])
def port(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ControlPort]:
    if request.param == "fake":
        yield FakeControlPort()
        return
    box = PanelBox(tmp_path, PanelConfig(pins="mock", midi=False))
    yield box.port
    box.close()


def test_everything_can_be_said_in_json(port: ControlPort):
    for value in (
        asdict(port.setup()),
        setup_news_json(port.setup_news()),
        [asdict(view) for view in port.interfaces()],
        asdict(port.mixer()),
        list(port.models()),
        asdict(port.system()),
        asdict(port.pin()),
    ):
        assert dumps(value)


def test_the_set_up_is_well_formed(port: ControlPort):
    setup = port.setup()
    assert setup.name == port.box_name
    assert setup.audio.state == "settled"
    assert setup.wizard.state == "new"
    assert setup.wizard.step in setup.wizard.steps
    assert setup.measured is None
    assert "demo" in [view.device for view in port.interfaces()]
    assert port.setup_news().check.state == "off"


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
def test_audio_settings_that_cannot_be_are_refused(port: ControlPort, changes: dict[str, object], says: str):
    before = port.setup().audio
    with pytest.raises(ControlRefused, match=says):
        port.set_audio(changes)
    assert port.setup().audio == before


def test_a_sound_check_begins_with_silence(port: ControlPort):
    with pytest.raises(ControlRefused):
        port.check_sound("measure")
    with pytest.raises(ControlRefused, match="allowed hold, measure, end"):
        port.check_sound("shout")
    port.check_sound("end")  # at any time


def test_the_box_gets_another_name(port: ControlPort):
    revision = port.setup_news().revision
    port.rename_box("  Stage left ")
    assert port.box_name == port.setup().name == "Stage left"
    assert port.setup_news().revision > revision
    for wrong in ("", " ", "x" * 41, "a\nb"):
        with pytest.raises(ControlRefused, match="name = "):
            port.rename_box(wrong)
    assert port.box_name == "Stage left"


def test_the_wizard_remembers_its_place(port: ControlPort):
    for step in port.setup().wizard.steps:
        port.set_wizard("begun", step)
        assert (port.setup().wizard.state, port.setup().wizard.step) == ("begun", step)
    for state, step in (("begun", "no-such"), ("no-such", "level")):
        with pytest.raises(ControlRefused, match="wizard"):
            port.set_wizard(state, step)
    port.set_wizard("done", "sound")
    assert port.setup().wizard.state == "done"


def test_a_mixer_control_that_is_not_there_is_not_set(port: ControlPort):
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


def test_models_say_what_they_are(port: ControlPort):
    for card in port.models():
        assert {"runs", "name", "version", "summary", "licence", "trained_on", "card", "latency_ms"} <= set(card)


def test_the_system_is_told(port: ControlPort):
    system = port.system()
    assert system.versions["Hushbox"]
    assert system.versions["Python"]
    assert system.uptime_s >= 0
    assert len(port.log_lines(5)) <= 5


def test_the_diagnostics_are_a_zip(port: ControlPort):
    with zipfile.ZipFile(io.BytesIO(port.diagnostics())) as pack:
        assert pack.testzip() is None
        assert "hushbox-diagnostics/log.txt" in pack.namelist()


def test_a_backup_is_one_file_and_rubbish_is_none(port: ControlPort):
    assert json.loads(port.backup())["hushbox_backup"] == 1
    for rubbish in (b"", b"{}", b"\xff\xfe", b"[]", b'{"hushbox_backup": 99, "files": {}}'):
        with pytest.raises(ControlRefused):
            port.restore_backup(rubbish)


def test_a_pin_guards_until_it_is_taken_away(port: ControlPort):
    assert port.pin().in_force is False
    assert port.knows_session("")
    first = port.set_pin("2468", "")
    assert port.pin().in_force
    assert port.knows_session(first)
    assert not port.knows_session("")
    second = port.unlock("2468")
    assert port.knows_session(second)
    with pytest.raises(PinRefused, match="not the PIN"):
        port.unlock("1111")
    with pytest.raises(PinRefused, match="not the PIN"):
        port.set_pin("1357", "1111")
    for wrong in ("1", "12345678901234", "abcd"):
        with pytest.raises(PinRefused, match="4 to 12 digits"):
            port.set_pin(wrong, "2468")
    port.set_pin("1357", "2468")
    assert not port.knows_session(second)
    assert port.set_pin("", "1357") == ""
    assert port.knows_session("")
    assert not port.pin().in_force


def test_who_logs_out_is_out_and_nobody_else(port: ControlPort):
    first = port.set_pin("2468", "")
    second = port.unlock("2468")
    port.lock(first)
    port.lock("")
    assert not port.knows_session(first)
    assert port.knows_session(second)


def test_the_owner_is_not_locked_out_by_guests(port: ControlPort):
    session = port.set_pin("2468", "")
    port.lock(session)
    for _ in range(5):
        with pytest.raises(PinRefused):
            port.unlock("0000", Caller("192.0.2.1", ""))
    with pytest.raises(PinRefused, match="wait"):
        port.unlock("2468", Caller("192.0.2.1", ""))
    assert port.knows_session(port.unlock("2468", Caller("192.0.2.1", session)))


def test_too_many_wrong_pins_have_to_wait(port: ControlPort):
    port.set_pin("2468", "")
    for _ in range(5):
        with pytest.raises(PinRefused):
            port.unlock("0000")
    with pytest.raises(PinRefused, match="wait") as caught:
        port.unlock("2468")
    assert caught.value.wait_s > 0
