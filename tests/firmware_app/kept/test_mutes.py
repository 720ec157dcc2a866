"""What is muted stays so: the record survives torn writes and full disks, and a start never unmutes by mistake."""

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dsp.rack.dry_path import MUTE
from firmware_app.config import places
from firmware_app.config.keys import Config
from firmware_app.control.control import Control
from firmware_app.kept import mutes
from firmware_app.kept.mutes import BLOCK_BYTES, MutesFile, silences
from firmware_app.kept.param_table import PARAMS
from firmware_app.kept.start_from import forget_last_run, live_values, mutes_of, to_start_from
from firmware_app.kept.store import Loaded, Store
from firmware_app.link.shared_state import SharedState
from firmware_app.link.wire import params_hash
from firmware_app.setup.backup import Backups, apply_staged
from firmware_app.setup.backup_reading import start_reader
from tests.rigs.hardships import small_disk
from tests.rigs.mutes import fill
from tests.rigs.panel_box import first_code_of, ports_of
from tests.rigs.panel_hands import PanelHands
from web_ui.app import create_app
from web_ui.ports.pairing import COOKIE

START_READER = start_reader(Config(), places.find().factory_presets)
VOCALS, DRUMS = "stems.vocals.mute", "stems.drums.mute"
ALL_LIVE = {id: spec.default for id, spec in PARAMS.items()}


def started(folder: Path, in_force: dict[str, float] | None = None) -> Control:
    return Control(PARAMS, Store(folder, PARAMS), in_force)


def is_muted(folder: Path, id: str = MUTE.id, in_force: dict[str, float] | None = None) -> bool:
    """After a start of the control process, and for the audio process, which starts by itself."""
    values = to_start_from(Store(folder, PARAMS).load(look_only=True), in_force or {})
    control = started(folder, in_force)
    both = {bool(control.value(id)), bool(values.get(id, 0.0))}
    assert control.close(20.0) == ()
    assert len(both) == 1
    return both.pop()


# --- the file ---


def test_a_solo_silences_the_others() -> None:
    assert silences({"stems.vocals.solo": 1.0, VOCALS: 0.0}) == {f"stems.{s}.mute" for s in ("drums", "bass", "other")}
    assert silences({"stems.vocals.solo": 1.0, VOCALS: 1.0, MUTE.id: 1.0}) >= {VOCALS, MUTE.id}
    assert silences(ALL_LIVE) == frozenset()


def test_a_write_torn_at_any_byte_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    file = MutesFile(tmp_path)
    old = {VOCALS}
    assert file.save(old) == ""
    before = file.path.read_bytes()
    for new in ({MUTE.id}, set(), {MUTE.id, DRUMS}):
        assert file.save(new) == ""
        after = file.path.read_bytes()
        assert len(after) == 2 * BLOCK_BYTES
        changed = [at for at in range(len(after)) if after[at] != before[at]]
        for torn in range(changed[0], changed[-1] + 1):
            file.path.write_bytes(after[:torn] + before[torn:])
            found = MutesFile(tmp_path).load().silent
            assert found in (old, new)  # what follows the line does not count, so the new one is whole before the end
            old = new if found == new else old
        file.path.write_bytes(after)
        assert MutesFile(tmp_path).load().silent == new
        old, before = new, after


def test_a_torn_write_never_loses_what_was_there_before(tmp_path: Path) -> None:
    file = MutesFile(tmp_path)
    file.save([])
    file.save([MUTE.id])
    number = max(file._records())
    block = (number + 1) % 2 * BLOCK_BYTES
    with file.path.open("r+b") as damaged:
        damaged.seek(block)
        damaged.write(b"\xff" * BLOCK_BYTES)
    assert MutesFile(tmp_path).load().silent == {MUTE.id}


def test_it_is_on_disk_before_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = MutesFile(tmp_path)
    file.save([])
    calls: list[str] = []
    pwrite, sync = os.pwrite, os.fdatasync
    monkeypatch.setattr(os, "pwrite", lambda *args: (calls.append("write"), pwrite(*args))[1])
    monkeypatch.setattr(os, "fdatasync", lambda fd: (calls.append("sync"), sync(fd))[1])
    monkeypatch.setattr(os, "replace", lambda *args: calls.append("replace"))
    assert file.save([MUTE.id]) == ""
    assert calls == ["write", "sync"]  # in place: no new name, no new room


def test_a_full_disk_takes_a_mute(tmp_path: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can mount a small disk")
    with small_disk(tmp_path / "state", 64) as folder:
        store = Store(folder, PARAMS)
        assert store.save_mutes({}) == ""
        fill(folder)
        assert not store.save({MUTE.id: 1.0})
        assert store.save_mutes({MUTE.id: 1.0, "stems.vocals.mute": 1.0}) == ""
        assert is_silent_on_disk(folder) == {MUTE.id, VOCALS}


def is_silent_on_disk(folder: Path) -> set[str]:
    return set(MutesFile(folder).load().silent or ())


# --- Control ---


def test_a_mute_is_answered_when_it_is_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    control = started(tmp_path)
    assert control.mutes_not_kept() == ""
    syncing, go_on = threading.Event(), threading.Event()
    sync = os.fdatasync

    def slow(descriptor: int) -> None:
        syncing.set()
        assert go_on.wait(30)
        sync(descriptor)

    monkeypatch.setattr(os, "fdatasync", slow)
    sent: list[tuple[str, float]] = []
    control.connect(lambda id, value: sent.append((id, value)))
    began = time.monotonic()
    control.set_param(MUTE.id, 1.0, "panel")  # a foot does not wait for the disk
    assert time.monotonic() - began < 10
    assert sent == [(MUTE.id, 1.0)]
    assert syncing.wait(30)
    answers: list[str] = []
    asking = threading.Thread(target=lambda: answers.append(control.mutes_not_kept()))
    asking.start()
    time.sleep(0.2)
    assert answers == []
    go_on.set()
    asking.join(30)
    assert answers == [""]
    assert is_silent_on_disk(tmp_path) == {MUTE.id}
    assert control.close(20.0) == ()


def test_a_disk_that_hangs_is_said_in_the_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firmware_app.control.control.ANSWER_WITHIN_S", 0.1)
    control = started(tmp_path)
    control.mutes_not_kept()
    go_on = threading.Event()
    monkeypatch.setattr(os, "fdatasync", lambda fd: go_on.wait(30))
    control.set_param(MUTE.id, 1.0, "page")
    assert "mutes are not on disk" in control.mutes_not_kept()
    go_on.set()
    control.close(20.0)


def test_a_disk_that_refuses_is_said_and_the_next_start_is_muted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    control = started(tmp_path)
    assert control.mutes_not_kept() == ""
    assert control.flush(20.0) == ""

    def broken(*_: object) -> int:
        raise OSError(5, "Input/output error")

    told: list[str] = []
    control.on_trouble = told.append
    monkeypatch.setattr(os, "pwrite", broken)
    monkeypatch.setattr(os, "fsync", broken)
    control.set_param(MUTE.id, 1.0, "page")
    assert "would not outlive a power cut" in control.mutes_not_kept()
    assert "Input/output error" in control.save_problem
    assert "mutes" in control.close(20.0)
    assert told[-1]
    monkeypatch.undo()
    assert is_muted(tmp_path)


def test_the_answer_of_the_page_says_what_would_be_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every way in which the page mutes: a switch, a preset, the next preset, a scene, undo."""
    hands = PanelHands(tmp_path)
    ports = ports_of(tmp_path, hands.control, hands.setup)
    page = create_app(ports).test_client()
    page.set_cookie(COOKIE, ports.pairing.claim(first_code_of(ports), "The test"))
    token = page.get("/api/v1/session").get_json()["token"]

    def change(method: str, path: str, body: object) -> tuple[int, str]:
        answer = page.open(f"/api/v1/{path}", method=method, json=body, headers={"X-CSRF-Token": token})
        return answer.status_code, (answer.get_json(silent=True) or {}).get("problem", "")

    ways = [
        ("PUT", "params/stems.bass.mute", {"value": 1}),
        ("POST", "presets/load", {"name": hands.performer.presets.names[0]}),
        ("POST", "presets/step", {"by": 1}),
        ("POST", "presets/undo", {"undo": True}),
        ("POST", "scenes/recall", {"scene": "A"}),
    ]
    assert change("POST", "scenes/keep", {"scene": "A"}) == (204, "")
    assert [change(*way) for way in ways] == [(200, ""), (204, ""), (204, ""), (200, ""), (204, "")]

    def broken(*_: object) -> int:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "pwrite", broken)
    monkeypatch.setattr(os, "fsync", broken)
    hands.control.set_param(MUTE.id, 1.0, "panel")
    for way in ways:
        status, problem = change(*way)
        assert status == 200
        assert "what is muted would not outlive a power cut" in problem
    assert change("PUT", "params/denoise.amount_db", {"value": 3}) == (200, "")  # which mutes nothing
    assert "would not outlive a power cut" in page.get("/api/v1/status").get_json()["message"]
    monkeypatch.undo()
    hands.close()


def test_settings_are_never_ahead_of_the_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    control = started(tmp_path)
    control.mutes_not_kept()
    control.flush(20.0)
    order: list[str] = []
    save, save_mutes = Store.save, Store.save_mutes

    def slow_mutes(self: Store, *args: object) -> str:
        time.sleep(0.2)
        order.append("mutes")
        return save_mutes(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(Store, "save_mutes", slow_mutes)
    monkeypatch.setattr(Store, "save", lambda self, values: (order.append("settings"), save(self, values))[1])
    control.set_param(VOCALS, 1.0, "page")
    control.flush(20.0)
    assert order[:2] == ["mutes", "settings"]
    control.close(20.0)


# --- the next start ---


def test_when_the_last_save_failed_the_box_starts_muted_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    control = started(tmp_path)
    control.mutes_not_kept()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    control.set_param("denoise.amount_db", 7.0, "page")
    assert "No space" in control.flush(20.0)
    deadline = time.monotonic() + 20
    while "settings" not in MutesFile(tmp_path).load().unsaved:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    # Killed: nothing is closed. The next start:
    assert to_start_from(Store(tmp_path, PARAMS).load(look_only=True), {})[MUTE.id] == 1.0
    monkeypatch.undo()
    control.close(20.0)  # of the test's own thread
    MutesFile(tmp_path).save([], ["settings", "presets"])
    again = started(tmp_path)
    assert again.value(MUTE.id) == 1.0
    assert "started muted" in again.started_muted
    assert any("presets could not be saved" in note for note in again.notes)
    again.set_param(MUTE.id, 0.0, "page")
    assert again.started_muted == ""
    assert again.close(20.0) == ()
    assert not is_muted(tmp_path)  # all is on disk again


def damage_everything(folder: Path) -> None:
    for path in folder.iterdir():
        path.write_bytes(b"\0" * 100)


def damage_settings(folder: Path) -> None:
    for name in ("state.json", "state.json.1"):
        (folder / name).write_bytes(b"{")


def take_older_settings(folder: Path) -> None:
    """The newest is damaged, and the one before knows of no mute."""
    damage_settings(folder)
    body = {id: 0.0 for id in ALL_LIVE if id.endswith("mute")}
    (folder / "state.json.1").write_text(json.dumps({"schema": 1, "params": body}))


def settings_away(folder: Path) -> None:
    for path in folder.glob("state.json*"):
        path.unlink()


def record_away(folder: Path) -> None:
    (folder / mutes.NAME).unlink()


def no_number(folder: Path) -> None:
    record_away(folder)
    body = {MUTE.id: "on", VOCALS: 0.4}
    (folder / "state.json").write_text(json.dumps({"schema": 1, "params": body}))


def restore(folder: Path) -> None:
    """A backup in which nothing is muted."""
    body = dict(ALL_LIVE)
    backups = Backups(folder, "1", START_READER)
    backups.stage(json.dumps({"hushbox_backup": 1, "files": {"state.json": {"schema": 1, "params": body}}}).encode())
    assert apply_staged(folder, START_READER)


@pytest.mark.parametrize(
    "reset", [damage_everything, damage_settings, take_older_settings, settings_away, record_away, no_number, restore]
)
@pytest.mark.parametrize("muted", [MUTE.id, VOCALS])
def test_no_reset_unmutes(tmp_path: Path, reset: Callable[[Path], object], muted: str) -> None:
    control = started(tmp_path)
    control.set_param(muted, 1.0, "page")
    assert control.close(20.0) == ()
    reset(tmp_path)
    silent = is_muted(tmp_path, muted) or is_muted(tmp_path)
    assert silent


def test_a_restore_brings_its_own_mutes(tmp_path: Path) -> None:
    control = started(tmp_path)
    control.close(20.0)
    body = {**ALL_LIVE, VOCALS: 1.0}
    backups = Backups(tmp_path, "1", START_READER)
    backups.stage(json.dumps({"hushbox_backup": 1, "files": {"state.json": {"schema": 1, "params": body}}}).encode())
    assert apply_staged(tmp_path, START_READER)
    assert is_muted(tmp_path, VOCALS, mutes_of({**ALL_LIVE, DRUMS: 1.0}))


def test_a_healthy_box_starts_as_it_was(tmp_path: Path) -> None:
    control = started(tmp_path)
    control.set_param(MUTE.id, 1.0, "page")
    control.set_param(MUTE.id, 0.0, "page")
    control.set_param("stems.drums.solo", 1.0, "page")
    control.close(20.0)
    again = started(tmp_path)
    assert (again.value(MUTE.id), again.value("stems.drums.solo"), again.value(VOCALS)) == (0.0, 1.0, 0.0)
    assert again.started_muted == ""
    again.close(20.0)


def test_the_first_start_of_all_is_not_muted(tmp_path: Path) -> None:
    assert not is_muted(tmp_path / "state")
    (tmp_path / "old").mkdir()  # of a version that kept no record
    (tmp_path / "old" / "state.json").write_text(json.dumps({"schema": 1, "params": ALL_LIVE}))
    assert not is_muted(tmp_path / "old")


# --- memory and disk ---


@pytest.mark.parametrize(
    ("saved", "live", "muted"),
    [
        (Loaded({MUTE.id: 1.0}, ()), {}, True),
        (Loaded({MUTE.id: 0.0}, ()), {}, False),
        (Loaded({MUTE.id: 0.0}, ()), {MUTE.id: 1.0}, True),
        (
            Loaded({MUTE.id: 0.0}, (), frozenset({MUTE.id})),
            {**ALL_LIVE, MUTE.id: 0.0},
            True,
        ),  # set while audio was down
        (Loaded({MUTE.id: 1.0}, (), frozenset()), ALL_LIVE, False),  # lifted while the disk was full; control fell
        (Loaded({MUTE.id: 1.0}, (), None), ALL_LIVE, True),
        (Loaded({}, (), frozenset(), "why"), {}, True),
        (Loaded({}, (), frozenset(), "why"), ALL_LIVE, False),  # control alone fell: the sound knows
        (Loaded({}, (), None, "why"), {VOCALS: 1.0}, True),
    ],
)
def test_a_mute_in_any_place_holds(saved: Loaded, live: dict[str, float], muted: bool) -> None:
    assert to_start_from(saved, live).get(MUTE.id, 0.0) == float(muted)


def test_a_solo_of_one_place_does_not_unmute_what_another_silenced() -> None:
    values = to_start_from(Loaded({}, (), silences({"stems.drums.solo": 1.0})), {**ALL_LIVE, "stems.vocals.solo": 1.0})
    assert {VOCALS, DRUMS} <= silences(values)


def test_a_new_run_forgets_all_but_mutes(tmp_path: Path) -> None:
    values = {**ALL_LIVE, "denoise.amount_db": 3.0, VOCALS: 1.0}
    SharedState(tmp_path / "audio.shm", params_hash(PARAMS), list(values.values()))
    assert live_values(tmp_path, PARAMS) == values
    forget_last_run(tmp_path, PARAMS)
    assert live_values(tmp_path, PARAMS) == {VOCALS: 1.0}
    SharedState(tmp_path / "audio.shm", params_hash(PARAMS), list(ALL_LIVE.values())).set(
        list(PARAMS).index(VOCALS), 0.0
    )
    forget_last_run(tmp_path, PARAMS)
    assert not (tmp_path / "audio.shm").exists()
