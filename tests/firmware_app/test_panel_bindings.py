"""The panel's lights and the page say what is true, also of an audio process that is not there or does not answer."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_app import box_port
from firmware_app.box_port import BoxPort
from firmware_app.config_panel import PanelConfig
from firmware_app.control import Control
from firmware_app.link import MeterFrame, State
from firmware_app.panel_bindings import PanelBindings
from firmware_app.param_table import PARAMS
from firmware_app.store import Store


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Control]:
    control = Control(PARAMS, Store(tmp_path, PARAMS))
    yield control
    control.close()


@pytest.fixture
def bindings(control: Control) -> Iterator[PanelBindings]:
    made = PanelBindings(PanelConfig(pins="mock"), control)
    made.start()
    yield made
    made.close()


def lit(bindings: PanelBindings) -> bool:
    return bindings.panel.simulator.led("status") == 1.0


def test_the_processing_light_is_lit_only_while_sound_is_processed(control: Control, bindings: PanelBindings) -> None:
    assert not lit(bindings)
    for state, expected in ((State.RUNNING, True), (State.WAITING, False), (State.RUNNING, True)):
        control.take_meter(MeterFrame(state=state))
        bindings.light_leds(control.latest.meter)
        assert lit(bindings) is expected
    control.set_param("box.bypass", 1, "page")
    assert not lit(bindings)
    control.set_param("box.bypass", 0, "page")
    assert lit(bindings)
    bindings.light_leds(None)  # the audio process went
    assert not lit(bindings)


def test_an_audio_process_that_hangs_is_not_shown_as_running(
    control: Control, bindings: PanelBindings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = BoxPort("hushbox", control, bindings, None, tmp_path / "listen")
    control.take_meter(MeterFrame(state=State.RUNNING, in_peak_db=(-6.0, -6.0)))
    assert page.status().state == "running"
    later = time.monotonic() + box_port.SILENT_S + 0.1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    status = page.status()
    assert not status.audio_alive
    assert status.state == "down"
    assert status.inputs[0].peak_db < -100
    assert "does not answer" in status.message
