"""What is done while nothing is recorded: packing bit for bit, and a bin that tells what it forgets."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import soundfile

from firmware_app.takes import bin as bin_of_takes
from firmware_app.takes import pack
from firmware_app.takes import take as takes
from firmware_app.takes.bin import BIN, BIN_DAYS
from firmware_app.takes.chores import FIRST_S, Chores
from firmware_app.takes.library import TakeLibrary
from firmware_app.takes.listing import FILE as LIST
from firmware_app.takes.take import Take, TakeError
from firmware_app.takes.writer import TakeWriter
from tests.firmware_app.takes.test_library import BEGUN, LANES


def recorded(root: Path, minute: int = 0, format: str = "flac") -> Path:
    begun = BEGUN + timedelta(minutes=minute)
    writer = TakeWriter(root, begun, Take(begun.isoformat(), "pressed", LANES, preset="Singing", format=format))
    noise = np.random.default_rng(minute).standard_normal((90_000, 2)).astype(np.float32) * 0.1
    writer.append([noise[:, :1], noise])
    writer.close()
    return writer.folder


class Idle:
    def __init__(self, root: Path) -> None:
        self.idle, self.time_s, self.now = True, 0.0, BEGUN
        self.chores = Chores([root].copy, lambda: self.idle, now=lambda: self.now, clock=lambda: self.time_s)


def test_a_take_is_packed_bit_for_bit_with_its_tags(tmp_path: Path) -> None:
    folder = recorded(tmp_path)
    before = {lane.name: soundfile.read(folder / f"{lane.name}.wav", dtype="int32")[0] for lane in LANES}
    box = Idle(tmp_path)
    box.chores.done(folder)
    box.chores.step()
    assert sorted(path.name for path in folder.iterdir()) == ["dry.flac", "peaks.bin", "take.json", "wet.flac"]
    for name, sound in before.items():
        with soundfile.SoundFile(folder / f"{name}.flac") as file:
            assert np.array_equal(file.read(dtype="int32"), sound)
            assert file.subtype == "PCM_24"
            assert file.title == BEGUN.isoformat()
            assert f"TimeReference={10 * 3600 * 48_000}" in file.comment
    assert takes.lane_file(folder, "dry").suffix == ".flac"
    library = TakeLibrary(tmp_path)
    library.rename(folder.name, "Verse")
    assert b"".join(library.packed(folder.name)).count(b"fLaC") == 2
    assert not box.chores.said


def test_packing_gives_way_to_recording_and_goes_on_later(tmp_path: Path) -> None:
    folder = recorded(tmp_path)
    asked = iter([True, False])
    assert pack.pack(folder, takes.load(folder), lambda: next(asked, False)) == 0
    assert not list(folder.glob("*.part"))
    assert not list(folder.glob("*.flac"))
    box = Idle(tmp_path)
    box.idle = False
    box.chores.done(folder)
    box.chores.step()
    assert not list(folder.glob("*.flac"))
    box.idle = True
    box.chores.step()
    assert len(list(folder.glob("*.flac"))) == 2


def test_a_start_packs_what_the_last_one_left(tmp_path: Path) -> None:
    folder, other = recorded(tmp_path), recorded(tmp_path, 1, "wav")
    (folder / "dry.part").write_bytes(b"half")  # it was killed in the middle
    box = Idle(tmp_path)
    box.chores.step()
    assert not list(folder.glob("*.flac"))
    box.time_s += FIRST_S
    box.chores.step()
    assert {path.suffix for path in folder.iterdir()} == {".flac", ".json", ".bin"}
    assert not list(other.glob("*.flac"))


def test_what_does_not_come_back_the_same_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = recorded(tmp_path)

    def wrong(wav: Path, part: Path, *_: object) -> bool:
        soundfile.write(part, np.zeros(90_000), 48_000, "PCM_24", format="FLAC")
        return True

    monkeypatch.setattr(pack, "_write", wrong)
    with pytest.raises(TakeError, match="the same"):
        pack.pack(folder, takes.load(folder), lambda: True)
    assert not list(folder.glob("*.flac"))
    assert not list(folder.glob("*.part"))


def test_the_bin_forgets_after_thirty_days_and_says_so(tmp_path: Path) -> None:
    folder = recorded(tmp_path, format="wav")
    TakeLibrary(tmp_path, now=lambda: BEGUN).put_into_bin(folder.name)
    box = Idle(tmp_path)
    box.time_s = FIRST_S
    box.now = BEGUN + timedelta(days=BIN_DAYS - 1)
    box.chores.step()
    assert not box.chores.said
    box.now = BEGUN + timedelta(days=BIN_DAYS)
    box.chores.step()
    assert not box.chores.said  # it looks once an hour
    box.time_s += 3600.0
    box.chores.step()
    assert list(box.chores.said) == [f"take {folder.name} was deleted: it was in the bin for {BIN_DAYS} days"]
    assert not (tmp_path / BIN / folder.name).exists()


def test_room_is_made_of_what_lay_in_the_bin_the_longest(tmp_path: Path) -> None:
    folders = [recorded(tmp_path, minute, "wav") for minute in range(3)]
    for days, folder in ((2, folders[0]), (1, folders[2])):
        TakeLibrary(tmp_path, now=lambda days=days: BEGUN + timedelta(days=days)).put_into_bin(folder.name)  # type: ignore[misc]
    assert bin_of_takes.make_room(tmp_path) == folders[2].name
    assert bin_of_takes.make_room(tmp_path) == folders[0].name
    assert bin_of_takes.make_room(tmp_path) is None
    assert folders[1].is_dir()


def test_the_list_is_remembered_and_notices_every_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = [recorded(tmp_path, minute, "wav") for minute in range(3)]
    first = TakeLibrary(tmp_path).listed()
    assert (tmp_path / LIST).is_file()
    opened: list[Path] = []
    really = takes.load
    monkeypatch.setattr(takes, "load", lambda folder: opened.append(folder) or really(folder))
    library = TakeLibrary(tmp_path)
    assert library.listed() == first
    assert opened == []
    library.star(folders[1].name, True)
    (folders[2] / "dry.wav").unlink()
    opened.clear()
    changed = library.listed()
    assert sorted(opened) == [folders[1], folders[2]]
    assert [bool(each.take and each.take.star) for each in changed] == [False, True, False]
    assert changed[0].bytes < first[0].bytes
    library.put_into_bin(folders[0].name)
    assert len(library.listed()) == 2
    assert [each.id for each in library.binned()] == [folders[0].name]


@pytest.mark.parametrize("damage", ["", "[]", '{"form": 1}', '{"form": "hushbox list of takes 1", "takes": [{}]}'])
def test_a_damaged_list_is_made_again(tmp_path: Path, damage: str) -> None:
    recorded(tmp_path, format="wav")
    first = TakeLibrary(tmp_path).listed()
    (tmp_path / LIST).write_text(damage)
    assert TakeLibrary(tmp_path).listed() == first


def test_takes_of_a_stick_are_listed_beside_the_boxs_and_stay_there(tmp_path: Path) -> None:
    box, stick = tmp_path / "takes", tmp_path / "stick"
    here, there = recorded(box, format="wav"), recorded(stick, format="wav")
    library = TakeLibrary(box, sticks=lambda: [("AAAA", "Band", stick)])
    assert [(each.id, each.where) for each in library.listed()] == [
        (f"{there.name}@AAAA", "Band"),
        (here.name, ""),
    ]
    assert library.folder(f"{here.name}@AAAA") == there
    library.put_into_bin(f"{there.name}@AAAA")
    assert [each.id for each in library.binned()] == [f"{there.name}@AAAA"]
    assert (stick / BIN / there.name).is_dir()
    library.take_out_of_bin(f"{there.name}@AAAA")
    assert there.is_dir()
    with pytest.raises(TakeError, match="there is no take"):
        library.folder(f"{there.name}@BBBB")


def test_no_link_of_a_stick_is_followed(tmp_path: Path) -> None:
    """Somebody may have made one to a secret of the box."""
    secret = tmp_path / "pairings.json"
    secret.write_text("secret")
    folder = recorded(tmp_path / "stick", format="wav")
    (folder / "dry.wav").unlink()
    (folder / "dry.wav").symlink_to(secret)
    library = TakeLibrary(tmp_path / "takes", sticks=lambda: [("AAAA", "Band", tmp_path / "stick")])
    with pytest.raises(TakeError, match="a link"):
        b"".join(library.packed(f"{folder.name}@AAAA"))
    (folder / takes.FILE).unlink()
    (folder / takes.FILE).symlink_to(secret)
    [listed] = library.listed()
    assert listed.take is None
    (tmp_path / "stick" / "2026-01-01 10.00.00").symlink_to(tmp_path)
    assert len(library.listed()) == 1
