"""The takes on disk: what a person does with them changes no sound, and nothing is gone before it says so."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import soundfile

from firmware_app.link.take_ring import LaneForm
from firmware_app.takes import peaks
from firmware_app.takes import take as takes
from firmware_app.takes.bin import BIN_DAYS
from firmware_app.takes.library import TakeLibrary, outline, sheet
from firmware_app.takes.take import Gap, Take, TakeError
from firmware_app.takes.writer import TakeWriter

BEGUN = datetime(2026, 5, 4, 10, 0, 0)
LANES = (LaneForm("dry", 1), LaneForm("wet", 2))


def recorded(root: Path, frames: int = 9000, begun: datetime = BEGUN, *, close: bool = True) -> str:
    take = Take(begun.isoformat(), "pressed", LANES, preset="Singing", params={"denoise.amount_db": 24.0})
    writer = TakeWriter(root, begun, take)
    sound = np.linspace(-0.5, 0.5, frames, dtype=np.float32)[:, None]
    writer.append([sound, np.repeat(-sound, 2, axis=1)])
    if close:
        writer.close()
    else:
        writer.leave()
    return writer.folder.name


@pytest.fixture
def library(tmp_path: Path) -> TakeLibrary:
    return TakeLibrary(tmp_path / "takes", now=lambda: BEGUN)


def test_the_newest_take_comes_first_and_a_damaged_one_is_listed_with_its_problem(library: TakeLibrary) -> None:
    assert library.listed() == []
    ids = [recorded(library.root, begun=BEGUN + timedelta(minutes=at)) for at in range(3)]
    (library.root / ids[1] / takes.FILE).write_text("{}")
    (library.root / "a file").write_text("")
    listed = library.listed()
    assert [each.id for each in listed] == ids[::-1]
    assert "take.json" in listed[1].problem
    assert listed[0].take is not None
    assert listed[0].take.frames == 9000
    assert listed[0].bytes > 9000 * 9


def test_two_takes_of_one_second_have_folders_of_their_own(library: TakeLibrary) -> None:
    assert recorded(library.root) != recorded(library.root)


def test_name_star_and_trim_leave_the_sound_as_it_is(library: TakeLibrary) -> None:
    id = recorded(library.root)
    sounds = [soundfile.read(library.root / id / f"{lane.name}.wav", dtype="int32")[0] for lane in LANES]
    library.rename(id, "  Second   verse ")
    library.star(id, True)
    library.trim(id, 100, 5000)
    take = library.take(id)
    assert (take.name, take.star, take.trim) == ("Second verse", True, (100, 5000))
    for lane, sound in zip(LANES, sounds, strict=True):
        path = library.root / id / f"{lane.name}.wav"
        assert np.array_equal(soundfile.read(path, dtype="int32")[0], sound)
        assert b"<PROJECT>Second verse</PROJECT>" in path.read_bytes()
    library.trim(id, 0, 0)
    assert library.take(id).trim == (0, 0)


@pytest.mark.parametrize("span", [(5, 5), (5, 4), (-1, 10), (0, 9001)])
def test_a_trim_outside_the_take_is_refused(library: TakeLibrary, span: tuple[int, int]) -> None:
    id = recorded(library.root)
    with pytest.raises(TakeError, match=f"trim {span[0]} to {span[1]}: allowed are frames 0 to 9000"):
        library.trim(id, *span)


@pytest.mark.parametrize("id", ["", "..", "../takes", "/etc", "nobody's", ".bin"])
def test_only_a_take_s_own_name_leads_to_it(library: TakeLibrary, id: str) -> None:
    recorded(library.root)
    with pytest.raises(TakeError, match="there is no take"):
        library.folder(id)
    with pytest.raises(TakeError, match="in the bin"):
        library.take_out_of_bin(id)


def test_a_take_that_is_being_recorded_is_left_alone(library: TakeLibrary) -> None:
    id = recorded(library.root, close=False)
    with pytest.raises(TakeError, match="still being recorded"):
        library.rename(id, "x")
    with pytest.raises(TakeError, match="still being recorded"):
        library.put_into_bin(id)


def test_the_bin_gives_back_everything_and_forgets_after_its_days(library: TakeLibrary) -> None:
    first, second = recorded(library.root), recorded(library.root)
    library.put_into_bin(first)
    library.put_into_bin(second)
    assert library.listed() == []
    assert [each.id for each in library.binned()] == sorted((first, second), reverse=True)
    library.take_out_of_bin(first)
    assert [each.id for each in library.listed()] == [first]
    assert sorted(path.name for path in (library.root / first).iterdir()) == [
        "dry.wav", "peaks.bin", "take.json", "wet.wav",
    ]  # fmt: skip
    later = TakeLibrary(library.root, now=lambda: BEGUN + timedelta(days=BIN_DAYS, seconds=-1))
    assert later.forget_old() == []
    later = TakeLibrary(library.root, now=lambda: BEGUN + timedelta(days=BIN_DAYS))
    assert later.forget_old() == [second]
    assert later.binned() == []


@pytest.mark.parametrize("wrong", [datetime(1970, 1, 1), datetime(2099, 1, 1)])
def test_a_clock_that_was_wrong_deletes_nothing(library: TakeLibrary, wrong: datetime) -> None:
    id = recorded(library.root)
    TakeLibrary(library.root, now=lambda: wrong).put_into_bin(id)
    assert TakeLibrary(library.root, now=lambda: datetime(1970, 2, 1)).forget_old() == []
    assert library.forget_old() == []  # now the clock is right, and the days begin
    assert TakeLibrary(library.root, now=lambda: BEGUN + timedelta(days=BIN_DAYS - 1)).forget_old() == []
    assert TakeLibrary(library.root, now=lambda: BEGUN + timedelta(days=BIN_DAYS)).forget_old() == [id]


def test_a_name_that_is_taken_in_the_bin_loses_neither(library: TakeLibrary) -> None:
    id = recorded(library.root)
    library.put_into_bin(id)
    assert recorded(library.root) == id
    with pytest.raises(TakeError, match="already"):
        library.take_out_of_bin(id)
    assert library.empty_bin() > 9000
    assert len(library.listed()) == 1


def test_the_zip_holds_the_sounds_and_a_sheet_to_read(library: TakeLibrary) -> None:
    id = recorded(library.root)
    library.change(
        id,
        lambda take: replace(
            take, changes=((4800, "denoise.amount_db", 6.0),), gaps=(Gap(1, 2, "an xrun"),), marks=((480, "Chorus"),)
        ),
    )
    with zipfile.ZipFile(io.BytesIO(b"".join(library.packed(id)))) as packed:
        assert packed.testzip() is None
        assert {Path(name).name for name in packed.namelist()} == {"settings.txt", "dry.wav", "wet.wav", "take.json"}
        assert packed.read(f"{id}/wet.wav") == (library.root / id / "wet.wav").read_bytes()
        text = packed.read(f"{id}/settings.txt").decode()
    assert text == sheet(library.take(id))
    for said in ("preset Singing", "denoise.amount_db = 24", "0.10 s  denoise.amount_db = 6", "an xrun", "Chorus"):
        assert said in text


@pytest.mark.parametrize("frames", [1, peaks.EVERY_FRAMES, peaks.EVERY_FRAMES * 3 + 5])
def test_the_outline_is_the_same_written_live_and_made_from_the_files(library: TakeLibrary, frames: int) -> None:
    id = recorded(library.root, frames)
    folder, take = library.folder(id), library.take(id)
    live = outline(folder, take)
    assert len(live) == 2 * 2 * -(-frames // peaks.EVERY_FRAMES)
    (folder / peaks.FILE).unlink()
    assert outline(folder, take) == live
    (folder / peaks.FILE).write_bytes(b"odd")
    assert outline(folder, take) == live
