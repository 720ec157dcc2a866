"""What control asks the recorder for: a take, the last minutes, a mark; with the real recorder process behind it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dsp.params import table
from firmware_app.control.control import Control
from firmware_app.control.recording import NoTakeError, Recording
from firmware_app.kept.param_table import PARAMS
from firmware_app.kept.store import Store
from firmware_app.kept.takes import TakeSettingError, TakeSettings, TakeSettingsStore
from firmware_app.takes.wire import SOCKET
from tests.rigs.take_box import TakeBox, take_box


@pytest.fixture
def box(tmp_path: Path) -> Iterator[TakeBox]:
    with take_box(tmp_path) as made:
        yield made


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Control]:
    made = Control(table(PARAMS.values()), Store(tmp_path / "state", PARAMS))
    yield made
    made.close(5.0)


@pytest.fixture
def recording(box: TakeBox, control: Control, tmp_path: Path) -> Iterator[Recording]:
    made = Recording(box.runtime / SOCKET, control, TakeSettingsStore(tmp_path / "state"), lambda: "Singing")
    made.start()
    box.until(lambda: made.state is not None and bool(made.state.has))
    yield made
    made.stop()


def test_a_take_holds_the_preset_and_what_was_changed_while_it_was_recorded(
    box: TakeBox, control: Control, recording: Recording
) -> None:
    control.set_param("denoise.amount_db", 18.0, "page")
    time.sleep(0.5)  # the recorder is up to two steps behind the sound
    recording.press()
    box.until(lambda: recording.state is not None and recording.state.frames > 24_000)
    control.set_param("denoise.amount_db", 6.0, "page")
    recording.mark("Chorus")
    box.until(lambda: recording.state is not None and recording.state.frames > 48_000)
    recording.press()
    box.until(lambda: recording.done == 1)
    [(_, take)] = box.takes()
    assert take.preset == "Singing"
    assert take.params["denoise.amount_db"] == 18.0
    assert take.params.keys() == PARAMS.keys()
    assert [(id, value) for _, id, value in take.changes] == [("denoise.amount_db", 6.0)]
    assert 20_000 < take.changes[0][0] < 48_000
    assert [name for _, name in take.marks] == ["Chorus"]


def test_what_cannot_be_done_is_said(box: TakeBox, recording: Recording) -> None:
    with pytest.raises(NoTakeError, match="no take is being recorded"):
        recording.end()
    with pytest.raises(NoTakeError, match="no take is being recorded"):
        recording.mark()
    recording.act("mark_take")
    assert recording.said[-1].words == "no take is being recorded"
    recording.record()
    box.until(lambda: recording.state is not None and recording.state.recording)
    with pytest.raises(NoTakeError, match="already"):
        recording.record()


def test_nothing_waits_in_memory_once_that_is_off(box: TakeBox, recording: Recording) -> None:
    box.until(lambda: recording.state is not None and recording.state.kept_s >= 1)
    recording.set_minutes(0)
    box.until(lambda: recording.state is not None and recording.state.kept_s == 0)
    with pytest.raises(NoTakeError, match="it is off"):
        recording.keep()
    recording.set_minutes(1)
    box.until(lambda: recording.state is not None and recording.state.kept_s >= 1)
    recording.keep()
    box.until(lambda: recording.done == 1)


def test_a_recorder_that_is_gone_is_said_and_found_again(box: TakeBox, recording: Recording) -> None:
    box.kill()
    box.until(lambda: recording.state is None)
    with pytest.raises(NoTakeError, match="recorder is not there"):
        recording.record()
    box.start_recorder()
    box.until(lambda: recording.state is not None)
    recording.record()
    box.until(lambda: recording.state is not None and recording.state.recording)


# --- the settings ---


def test_settings_outlive_a_restart(tmp_path: Path) -> None:
    store = TakeSettingsStore(tmp_path)
    assert store.now == TakeSettings(10, ("dry", "wet", "stems"))
    store.set_minutes(3)
    store.set_what(("wet", "dry"))
    assert store._write() == ""
    assert TakeSettingsStore(tmp_path).now == TakeSettings(3, ("dry", "wet"))


@pytest.mark.parametrize("minutes", [-1, 31, 2.5, True, "10", None])
def test_minutes_are_a_whole_number(tmp_path: Path, minutes: object) -> None:
    with pytest.raises(TakeSettingError, match="allowed 0"):
        TakeSettingsStore(tmp_path).set_minutes(minutes)  # type: ignore[arg-type]


@pytest.mark.parametrize("what", [(), ("drums",), "dry", [["dry"]]])
def test_a_take_holds_something(tmp_path: Path, what: object) -> None:
    with pytest.raises(TakeSettingError, match="allowed are"):
        TakeSettingsStore(tmp_path).set_what(what)  # type: ignore[arg-type]
