"""Control: one owner, every change checked, told and saved."""

import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dsp.params import ParamRangeError, ParamSpec, UnknownParamError, switch, table
from firmware_app.config import places
from firmware_app.control.control import Control
from firmware_app.control.performer import Performer
from firmware_app.kept.library import PresetLibrary, library_in
from firmware_app.kept.mutes import MutesFile
from firmware_app.kept.param_table import PARAMS
from firmware_app.kept.scenes import Scenes
from firmware_app.kept.store import Store
from firmware_app.link.wire import InfoFrame, MeterFrame

SPECS = table([ParamSpec("a.level_db", "dB", -60, 12, 0, "Level"), switch("a.mute", "Mute")])


def presets_in(folder: Path) -> PresetLibrary:
    return library_in(places.find().factory_presets, folder, PARAMS)


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Control]:
    control = Control(SPECS, Store(tmp_path, SPECS))
    yield control
    control.close()


def test_a_change_reaches_link_and_listeners_but_not_its_origin(control: Control) -> None:
    sent, phone, panel = [], [], []
    control.connect(lambda id, value: sent.append((id, value)))
    control.listen("page", lambda *change: phone.append(change))
    control.listen("panel", lambda *change: panel.append(change))
    assert control.set_param("a.level_db", -6, "page") == -6.0
    assert sent == [("a.level_db", -6.0)]
    assert panel == [("a.level_db", -6.0, "page")]
    assert phone == []
    assert control.value("a.level_db") == -6.0
    assert control.origin("a.level_db") == "page"


def test_what_is_not_allowed_changes_nothing(control: Control) -> None:
    sent = []
    control.connect(lambda id, value: sent.append(id))
    with pytest.raises(ParamRangeError, match=r"a.level_db = 60 dB: allowed -60 to 12"):
        control.set_param("a.level_db", 60, "page")
    with pytest.raises(ParamRangeError):
        control.set_param("a.level_db", float("nan"), "page")
    with pytest.raises(UnknownParamError, match=r"did you mean a\.mute"):
        control.set_param("a.mut", 1, "page")
    assert (sent, control.values()) == ([], {"a.level_db": 0.0, "a.mute": 0.0})


def test_toggles_from_many_threads_all_count(control: Control) -> None:
    threads = [
        threading.Thread(target=lambda: [control.toggle("a.mute", "panel") for _ in range(101)]) for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert control.value("a.mute") == 1.0  # 505 presses


def test_last_state_survives_a_restart(tmp_path: Path) -> None:
    first = Control(SPECS, Store(tmp_path, SPECS))
    first.set_param("a.level_db", -12.5, "page")
    first.set_param("a.mute", 1, "panel")
    first.close()
    second = Control(SPECS, Store(tmp_path, SPECS))
    assert second.values() == {"a.level_db": -12.5, "a.mute": 1.0}
    assert second.origin("a.mute") == "saved"
    second.close()


def test_a_mute_is_on_disk_at_once(tmp_path: Path) -> None:
    store = Store(tmp_path, SPECS)
    saved = threading.Event()
    control = Control(SPECS, store)
    real_save = store.save

    def save(values):
        try:
            return real_save(values)
        finally:
            saved.set()

    store.save = save  # type: ignore[method-assign]
    control.set_param("a.mute", 1, "panel")
    assert saved.wait(5)
    assert json.loads((tmp_path / "state.json").read_text())["params"]["a.mute"] == 1.0
    control.close()


def test_waiting_sees_each_kind_of_news(control: Control) -> None:
    for news in (
        lambda: control.take_meter(MeterFrame(xruns=5)),
        lambda: control.take_info(InfoFrame(device="x")),
        control.audio_down,
        lambda: control.set_param("a.mute", 1, "page"),
    ):
        seq = control.seq
        threading.Timer(0.01, news).start()
        assert control.wait(seq, 5.0) > seq
    seq = control.seq
    assert control.wait(seq, 0.01) == seq
    assert control.latest.meter is None
    assert control.latest.info.device == "x"


def test_a_change_during_the_last_save_is_saved_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path, SPECS)
    saving, go_on = threading.Event(), threading.Event()
    save = Store.save

    def slow(self: Store, values: dict[str, float]) -> bool:
        saving.set()
        assert go_on.wait(5)
        return save(self, values)

    monkeypatch.setattr(Store, "save", slow)
    control = Control(SPECS, store)
    control.set_param("a.mute", 1, "page")
    assert saving.wait(5)
    control.set_param("a.level_db", -6, "page")
    threading.Timer(0.2, go_on.set).start()
    control.close()
    assert store.load().values == {"a.mute": 1.0, "a.level_db": -6.0}


def test_a_preset_made_while_the_last_save_runs_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saving, go_on = threading.Event(), threading.Event()
    save = Store.save

    def slow(self: Store, values: dict[str, float]) -> bool:
        saving.set()
        assert go_on.wait(30)
        return save(self, values)

    monkeypatch.setattr(Store, "save", slow)
    control = Control(PARAMS, Store(tmp_path, PARAMS))
    presets, scenes = presets_in(tmp_path), Scenes(tmp_path, PARAMS)
    Performer(control, presets, scenes)
    control.set_param("box.bypass", 1, "page")
    assert saving.wait(30)
    ending = threading.Thread(target=lambda: lost.extend(control.close(30.0)))
    lost: list[str] = []
    ending.start()
    presets.keep("Chapel", control.values())
    scenes.keep("A", control.values())
    go_on.set()
    ending.join(30)
    assert lost == []
    assert "Chapel" in presets_in(tmp_path).names
    assert Scenes(tmp_path, PARAMS).filled()["A"]


def test_one_broken_thing_ends_neither_the_saving_nor_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    control = Control(PARAMS, Store(tmp_path, PARAMS))
    presets, scenes = presets_in(tmp_path), Scenes(tmp_path, PARAMS)
    Performer(control, presets, scenes)
    told: list[str] = []
    control.on_trouble = told.append
    dump = json.dumps

    def broken(tree: dict[str, object], **words: object) -> str:
        if "presets" in tree:
            raise RecursionError("too deep")
        return dump(tree, **words)  # type: ignore[arg-type]

    monkeypatch.setattr(json, "dumps", broken)
    presets.recalled("Singer live", control.values())
    assert "RecursionError: too deep" in presets.save_job.wait(30)
    scenes.keep("A", control.values())
    control.set_param("denoise.amount_db", 7, "page")
    assert "too deep" in control.flush(30)
    assert json.loads((tmp_path / "state.json").read_text())["params"]["denoise.amount_db"] == 7
    assert Scenes(tmp_path, PARAMS).filled()["A"]
    assert "presets are kept in memory only" in control.save_problem
    assert told == [control.save_problem]
    assert sum("presets are kept in memory only" in record.getMessage() for record in caplog.records) == 1
    monkeypatch.undo()
    assert presets.save_job.wait(0.0)  # still not on disk, and tried again by itself
    assert control.close(30.0) == ()
    assert presets_in(tmp_path).current == "Singer live"


def test_a_disk_that_hangs_at_the_end_is_told_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    control = Control(PARAMS, Store(tmp_path, PARAMS))
    assert (control.mutes_not_kept(), control.flush(30)) == ("", "")
    told: list[str] = []
    control.on_trouble = told.append
    hanging = threading.Event()
    monkeypatch.setattr(os, "fsync", lambda descriptor: hanging.wait(60))
    control.set_param("denoise.amount_db", 7, "page")
    control.hurry()
    began = time.monotonic()
    assert control.close(2.0) == ("settings",)
    assert time.monotonic() - began < 30
    assert "settings" in told[-1]
    assert "settings" in MutesFile(tmp_path).load().unsaved  # for the next start
    hanging.set()
