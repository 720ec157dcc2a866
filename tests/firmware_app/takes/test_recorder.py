"""The recorder: what is played is what is on disk, aligned to the sample, whatever happens to device or disk."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile

from firmware_app.link.take_ring import LaneForm
from firmware_app.takes import take as takes
from firmware_app.takes import writer
from firmware_app.takes.disk import Disk
from firmware_app.takes.recorder import Wanted
from firmware_app.takes.shelf import Shelf
from firmware_app.takes.take import Take
from hw.audio.files.growing_bwf import GrowingBwf
from tests.firmware_app.takes.conftest import BEGUN, Stage
from tests.rigs.take_box import number_of, saw


def finished(stage: Stage) -> list[tuple[Path, Take]]:
    """The takes on disk, oldest first, once the disk is done."""
    assert stage.recorder.close(60.0)
    return [(folder, takes.load(folder)) for folder in reversed(takes.folders(stage.root))]


def lanes_of(folder: Path, take: Take) -> list[np.ndarray]:
    return [
        soundfile.read(takes.lane_file(folder, lane.name), dtype="float32", always_2d=True)[0] for lane in take.lanes
    ]


def assert_is_from(sounds: list[np.ndarray], first: int) -> None:
    """Every lane is the song from that number on."""
    wanted = saw(np.arange(first, first + len(sounds[0]))).astype(np.float32)
    for sound in sounds:
        for column in sound.T:
            assert np.array_equal(column, wanted)


def test_a_take_holds_what_was_played_from_press_to_press(stage: Stage) -> None:
    stage.play(2.0)
    assert stage.recorder.start(Wanted(preset="Singer live"))
    assert not stage.recorder.start(Wanted())
    stage.play(3.0)
    stage.recorder.stop()
    stage.play(1.0)
    [(folder, take)] = finished(stage)
    sounds = lanes_of(folder, take)
    assert [sound.shape[1] for sound in sounds] == [1, 2]
    assert take.state == takes.WHOLE
    assert take.preset == "Singer live"
    assert take.frames == len(sounds[0]) == len(sounds[1])
    assert take.frames == pytest.approx(3 * 48_000, abs=4800)
    first = number_of(sounds[0][0, 0])
    assert first == pytest.approx(2 * 48_000, abs=4800)
    assert_is_from(sounds, first)
    assert not take.gaps


def test_pre_roll_begins_before_the_press_without_a_seam(stage: Stage) -> None:
    stage.play(7.0)
    stage.recorder.start(Wanted(), pre_roll_s=2.5)
    stage.play(1.0)
    stage.recorder.stop()
    [(folder, take)] = finished(stage)
    assert take.frames == pytest.approx(3.5 * 48_000, abs=9600)
    sounds = lanes_of(folder, take)
    assert_is_from(sounds, number_of(sounds[0][0, 0]))
    assert take.begun.startswith("2026-05-04T10:00:04.")


def test_keep_that_makes_a_take_of_what_nobody_recorded(stage: Stage) -> None:
    stage.play(3.0, loud=False)
    stage.play(6.0)
    assert stage.recorder.keep(Wanted(how="kept"))
    stage.play(1.0)
    [(folder, take)] = finished(stage)
    sounds = lanes_of(folder, take)
    assert take.how == "kept"
    assert take.frames == pytest.approx(6 * 48_000, abs=48_000)
    assert np.abs(sounds[0]).max() > 0.5
    start = take.frames - 4 * 48_000
    assert_is_from([sound[start:] for sound in sounds], number_of(sounds[0][start, 0]))


def test_no_more_than_the_last_minutes_is_kept(stage: Stage) -> None:
    stage.play(35.0)
    assert len(stage.recorder.minutes) == 20
    stage.recorder.keep(Wanted())
    [(_, take)] = finished(stage)
    assert 20 * 48_000 <= take.frames <= 21 * 48_000


def test_silence_alone_is_not_kept(stage: Stage) -> None:
    assert not stage.recorder.keep(Wanted())
    stage.play(5.0, loud=False)
    assert not stage.recorder.keep(Wanted())
    assert finished(stage) == []


def test_only_the_lanes_that_were_asked_for_are_written(stage: Stage) -> None:
    stage.play(1.0)
    stage.recorder.start(Wanted(lanes=("wet", "vocals")))
    stage.play(1.0)
    [(folder, take)] = finished(stage)
    assert take.lanes == (LaneForm("wet", 2),)
    assert sorted(path.name for path in folder.iterdir()) == ["peaks.bin", "take.json", "wet.wav"]


def test_every_change_of_a_parameter_is_in_the_take_with_its_frame(stage: Stage) -> None:
    stage.recorder.params({"denoise.amount_db": 24.0})
    stage.play(2.0)
    stage.recorder.param("denoise.amount_db", 12.0, round(stage.time_s * 1e9))
    stage.play(1.0)
    stage.recorder.start(Wanted())
    stage.play(1.0)
    stage.recorder.param("denoise.amount_db", 6.0, round(stage.time_s * 1e9))
    stage.play(1.0)
    stage.recorder.stop()
    stage.recorder.keep(Wanted())
    (_, first), (_, second) = sorted(finished(stage), key=lambda each: each[1].frames)
    assert first.params == {"denoise.amount_db": 12.0}
    [(at, param_id, value)] = first.changes
    assert (param_id, value) == ("denoise.amount_db", 6.0)
    assert at == pytest.approx(48_000, abs=9600)
    assert second.params == {"denoise.amount_db": 24.0}
    assert [value for _, _, value in second.changes] == [12.0, 6.0]


def test_marks_and_xruns_are_noted(stage: Stage) -> None:
    stage.play(1.0)
    stage.recorder.start(Wanted())
    stage.play(1.0)
    stage.recorder.mark("Chorus")
    stage.ring.gap()
    stage.play(1.0)
    [(_, take)] = finished(stage)
    assert take.marks == ((pytest.approx(48_000, abs=9600), "Chorus"),)
    assert [(gap.frames, gap.why) for gap in take.gaps] == [(0, "an xrun")]


def test_an_interface_that_comes_back_goes_on_in_the_same_take(stage: Stage) -> None:
    stage.play(1.0)
    stage.recorder.start(Wanted())
    stage.play(2.0)
    stage.time_s += 4.0
    stage.open()
    stage.play(2.0)
    [(folder, take)] = finished(stage)
    assert take.frames == pytest.approx(8 * 48_000, abs=9600)
    [gap] = take.gaps
    assert gap.why == "the interface was away"
    assert gap.frames == pytest.approx(4 * 48_000, abs=9600)
    sound = lanes_of(folder, take)[0][:, 0]
    assert not np.any(sound[gap.frame : gap.frame + gap.frames])


def test_an_interface_with_other_channels_begins_another_take(stage: Stage) -> None:
    stage.play(1.0)
    stage.recorder.start(Wanted())
    stage.play(2.0)
    stage.open((LaneForm("dry", 4), LaneForm("wet", 2)))
    stage.play(2.0)
    (_, first), (_, second) = finished(stage)
    assert first.lanes[0].channels == 1
    assert second.lanes[0].channels == 4
    assert second.state == takes.WHOLE


def test_a_box_without_sound_for_long_ends_the_take(stage: Stage) -> None:
    stage.play(1.0)
    stage.recorder.start(Wanted())
    stage.play(1.0)
    stage.time_s += 60.0
    stage.recorder.step()
    assert stage.recorder.recording is None
    [(_, take)] = finished(stage)
    assert take.state == takes.WHOLE


def test_a_recorder_held_up_loses_only_what_the_ring_forgot_and_says_so(stage: Stage) -> None:
    stage.play(1.0)
    stage.recorder.start(Wanted())
    stage.play(1.0)
    stage.play(8.0, step=False)
    stage.recorder.step()
    assert not stage.recorder.said
    stage.play(25.0, step=False)
    stage.recorder.step()
    stage.play(1.0)
    [said] = stage.recorder.said
    assert "held up" in said
    [(folder, take)] = finished(stage)
    [gap] = take.gaps
    assert gap.frames == pytest.approx(24 * 48_000, abs=48_000)
    sound = lanes_of(folder, take)[0]
    after = gap.frame + gap.frames
    first = number_of(sound[0, 0])
    assert_is_from([sound[after:]], first + after)  # time goes on as if nothing had been lost


def test_what_was_taken_away_is_what_came_in_less_what_is_heard(stage: Stage) -> None:
    """Here wet is dry: nothing was taken away. The lane is aligned, or something would be left."""
    stage.play(2.0)
    assert stage.recorder.has == ("dry", "wet", "removed")
    stage.recorder.start(Wanted(lanes=("dry", "removed")))
    stage.play(1.0)
    [(folder, take)] = finished(stage)
    assert take.lanes == (LaneForm("dry", 1), LaneForm("removed", 2))
    dry, removed = lanes_of(folder, take)
    assert np.abs(dry).max() > 0.1
    assert not np.any(removed)


def test_where_inputs_and_outputs_do_not_match_nothing_can_be_said_of_what_was_taken_away(stage: Stage) -> None:
    stage.open((LaneForm("dry", 4), LaneForm("wet", 2)))
    stage.play(1.0)
    assert stage.recorder.has == ("dry", "wet")


def test_a_take_begins_by_itself_before_the_first_sound_and_ends_after_the_silence(stage: Stage) -> None:
    stage.recorder.arm(20.0, 2.0, Wanted(how="heard", preset="Singing"))
    stage.play(6.0, loud=False)
    assert stage.recorder.recording is None
    stage.play(4.0, music=True)
    assert stage.recorder.recording is not None
    stage.play(4.0, loud=False)
    assert stage.recorder.recording is None
    [(folder, take)] = finished(stage)
    assert (take.how, take.preset) == ("heard", "Singing")
    assert take.frames == pytest.approx((3.0 + 4.0 + 2.0) * 48_000, abs=24_000)
    dry = np.abs(lanes_of(folder, take)[0][:, 0])
    assert np.argmax(dry > 0.02) == pytest.approx(3.0 * 48_000, abs=9600)


def test_an_armed_recorder_leaves_a_take_alone_that_somebody_began(stage: Stage) -> None:
    stage.recorder.arm(20.0, 2.0, Wanted(how="heard"))
    stage.play(3.0, loud=False)
    stage.recorder.start(Wanted())
    stage.play(3.0, music=True)
    stage.play(6.0, loud=False)
    assert stage.recorder.recording is not None
    stage.recorder.stop()
    stage.recorder.disarm()
    stage.play(3.0, music=True)
    [(_, take)] = finished(stage)
    assert take.how == "pressed"


# --- the disk ---


def test_a_disk_that_stalls_loses_nothing(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """As memory cards do: a sync that takes seconds, while the sound goes on."""
    stalled, go_on = threading.Event(), threading.Event()

    def keep(file: GrowingBwf) -> None:
        stalled.set()
        go_on.wait(30.0)

    stage.play(1.0)
    monkeypatch.setattr(writer, "KEEP_S", 0.0)
    monkeypatch.setattr(GrowingBwf, "keep", keep)
    stage.recorder.start(Wanted())
    stage.play(1.0)
    assert stalled.wait(30.0)
    stage.play(5.0)
    assert stage.recorder.recording is not None
    assert stage.recorder.recording.waiting_bytes > 4 * 48_000 * 12
    go_on.set()
    [(folder, take)] = finished(stage)
    assert not take.gaps
    sounds = lanes_of(folder, take)
    assert take.frames == pytest.approx(6 * 48_000, abs=9600)
    assert_is_from(sounds, number_of(sounds[0][0, 0]))


def test_a_disk_that_stalls_for_ever_drops_what_memory_cannot_hold_and_tells_when(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(writer, "KEEP_S", 0.0)
    monkeypatch.setattr(GrowingBwf, "keep", lambda file: go_on.wait(30.0))
    lanes = (LaneForm("dry", 1),)
    disk = Disk(Shelf(tmp_path), BEGUN, Take("2026-01-01", "pressed", lanes), 600_000)
    chunks = [saw(np.arange(at, at + 4800)).astype(np.float32)[:, None] for at in range(0, 480_000, 4800)]
    for chunk in chunks[:70]:
        disk.append([chunk])
    assert "too slow" in disk.trouble
    go_on.set()
    while disk.waiting_bytes:
        pass
    for chunk in chunks[70:]:
        disk.append([chunk])
    disk.end()
    assert disk.ended(60.0)
    [part] = disk.parts
    assert part.take.frames == 480_000
    [gap] = part.take.gaps
    assert "too slow" in gap.why
    sound = soundfile.read(part.folder / "dry.wav", dtype="float32", always_2d=True)[0]
    assert_is_from([sound[gap.frame + gap.frames :]], gap.frame + gap.frames)


def test_a_full_disk_is_told_and_what_comes_later_is_written_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    really, full = GrowingBwf._write, threading.Event()

    def write(file: GrowingBwf, data: bytes) -> None:
        if full.is_set():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        really(file, data)

    monkeypatch.setattr(GrowingBwf, "_write", write)
    stage.play(1.0)
    stage.recorder.start(Wanted())
    stage.play(1.0)
    disk = stage.recorder.recording
    assert disk is not None
    drained(disk)
    full.set()
    stage.play(2.0)
    drained(disk)
    assert disk.trouble == f"{stage.root}: No space left on device"
    full.clear()
    stage.play(1.0)
    drained(disk)
    assert disk.trouble == ""
    [(folder, take)] = finished(stage)
    [gap] = take.gaps
    assert "No space" in gap.why
    assert gap.frames == pytest.approx(2 * 48_000, abs=9600)
    sounds = lanes_of(folder, take)
    assert take.frames == len(sounds[0]) == len(sounds[1])
    after = gap.frame + gap.frames
    first = number_of(sounds[0][0, 0])
    assert_is_from([sound[after:] for sound in sounds], first + after)


def test_a_place_that_cannot_be_written_is_tried_again(stage: Stage) -> None:
    stage.root.write_text("a file stands in the way")
    stage.play(1.0)
    stage.recorder.start(Wanted())
    stage.play(1.0)
    disk = stage.recorder.recording
    assert disk is not None
    while not disk.trouble:
        pass
    assert str(stage.root) in disk.trouble
    stage.root.unlink()
    stage.play(1.0)
    [(folder, take)] = finished(stage)
    assert not take.gaps  # it waited in memory
    sounds = lanes_of(folder, take)
    assert_is_from(sounds, number_of(sounds[0][0, 0]))


def drained(disk: Disk) -> None:
    while disk.waiting_bytes:
        pass
