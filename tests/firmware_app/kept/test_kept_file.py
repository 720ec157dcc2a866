"""A kept file of an older version is brought up to date; one of a newer version is set aside, and nothing is lost."""

import json
import os
import socket
from pathlib import Path

import pytest

from firmware_app.kept.kept_file import OTHER_VERSION, KeptFile, shortened


def second(body: dict[str, object]) -> dict[str, object]:
    return {"amount_db": body["amount"]}


def third(body: dict[str, object]) -> dict[str, object]:
    return {**body, "keep_room": 1.0}


def made(folder: Path) -> KeptFile:
    return KeptFile(folder, "a.json", 3, "params", "settings", {1: second, 2: third})


def put(path: Path, schema: int, body: object) -> None:
    path.write_text(json.dumps({"schema": schema, "params": body}))


@pytest.mark.parametrize(
    ("schema", "body"), [(1, {"amount": 9}), (2, {"amount_db": 9}), (3, {"amount_db": 9, "keep_room": 1.0})]
)
def test_each_older_schema_is_read(tmp_path: Path, schema: int, body: object) -> None:
    file = made(tmp_path)
    put(file.path, schema, body)
    assert file.load().body == {"amount_db": 9, "keep_room": 1.0}
    assert file.load().notes == ()
    assert json.loads(file.path.read_text())["schema"] == schema, "reading alone changes nothing on the disk"
    assert file.save(file.load().body or {})
    assert json.loads(file.path.read_text()) == {"schema": 3, "params": {"amount_db": 9, "keep_room": 1.0}}
    assert json.loads(file.previous.read_text())["schema"] == schema, "an older version may still be gone back to"


def test_a_newer_schema_is_set_aside_and_the_last_good_one_used(tmp_path: Path) -> None:
    file = made(tmp_path)
    put(file.previous, 2, {"amount_db": 7})
    put(file.path, 4, {"loudness": 3})
    kept = file.load()
    assert kept.body == {"amount_db": 7, "keep_room": 1.0}
    assert kept.notes[0] == (
        f"{file.path}: has schema 4, from another version of Hushbox; this one reads 1 to 3; set aside as a.json.bad-1"
    )
    assert json.loads((tmp_path / "a.json.bad-1").read_text())["params"] == {"loudness": 3}


def test_content_that_cannot_be_migrated_is_set_aside(tmp_path: Path) -> None:
    file = made(tmp_path)
    put(file.path, 1, {"volume": 9})
    kept = file.load()
    assert kept.body is None
    assert "cannot be brought from schema 1 to 2 (KeyError('amount')); set aside as a.json.bad-1" in kept.notes[0]


def test_a_schema_without_a_way_to_today_is_not_read(tmp_path: Path) -> None:
    file = KeptFile(tmp_path, "a.json", 3, "params", "settings", {2: third})
    put(file.path, 1, {"amount": 9})
    assert "has schema 1, from another version of Hushbox; this one reads 2 to 3" in file.load().notes[0]


# --- the check is the reader ---


def doubled(body: dict[str, object]) -> list[int]:
    """A reader as the box has them: it takes what it knows, and knows only whole numbers."""
    return [2 * len(range(int(str(value)))) for value in body.values()]


def test_a_version_that_its_reader_stumbles_over_is_set_aside_and_the_last_good_one_used(tmp_path: Path) -> None:
    file = made(tmp_path)
    file.save({"a": 4})
    file.save({"a": "many"})
    found, notes = file.load_as(doubled)
    assert found == [8]
    assert notes[0] == (
        f"{file.path}: cannot be used: invalid literal for int() with base 10: 'many'; set aside as a.json.bad-1"
    )
    assert "a.json.1: used instead" in notes[1]
    assert json.loads((tmp_path / "a.json.bad-1").read_text())["params"] == {"a": "many"}


@pytest.mark.parametrize(
    "error", [TypeError("unhashable"), KeyError("a"), RecursionError(), AssertionError(), OSError(5)]
)
def test_whatever_a_reader_raises_is_no_reason_not_to_start(tmp_path: Path, error: Exception) -> None:
    file = made(tmp_path)
    file.save({"a": 4})

    def reader(body: dict[str, object]) -> str:
        if body:
            raise error
        return "the defaults"

    found, notes = file.load_as(reader, look_only=True)
    assert found == "the defaults"
    assert "cannot be used: " in notes[0]
    assert notes[1] == "the settings start from their defaults"
    assert file.path.exists(), "who only looks leaves it where it is"


@pytest.mark.timeout(60)
@pytest.mark.parametrize("kind", ["folder", "pipe", "device", "6 GB", "socket"])
def test_what_is_no_file_is_set_aside_unread(tmp_path: Path, kind: str) -> None:
    file = made(tmp_path)
    file.save({"a": 4})
    file.save({"a": 5})
    file.path.unlink()
    match kind:
        case "folder":
            (file.path / "inside").mkdir(parents=True)
        case "pipe":
            os.mkfifo(file.path)
        case "device":
            file.path.symlink_to("/dev/zero")
        case "6 GB":
            with open(file.path, "wb") as made_file:
                made_file.truncate(6_000_000_000)
        case "socket":
            with socket.socket(socket.AF_UNIX) as server:
                server.bind(str(file.path))
    assert file.load().body == {"a": 4}
    assert file.save({"a": 6}), file.problem
    assert file.load().body == {"a": 6}
    assert os.path.lexists(tmp_path / "a.json.bad-1")


def test_texts_and_numbers_that_could_not_be_sent_or_saved_again_are_taken_out(tmp_path: Path) -> None:
    file = made(tmp_path)
    file.path.write_text(
        '{"schema": 3, "params": {"half \\ud83d": "\\udc4d", "whole": "\\ud83d\\udc4d", "n": [NaN, 1e999, 2e400, 1.5, '
        + "9" * 400
        + "]}}"
    )
    kept = file.load()
    assert kept.body == {"half ?": "?", "whole": "👍", "n": [None, None, None, 1.5, None]}
    assert "was taken out of it" in kept.notes[0]
    json.dumps(kept.body, ensure_ascii=False, allow_nan=False).encode()
    assert file.save(kept.body)
    assert file.load().notes == ()


def test_a_file_deeper_than_anything_is_damaged(tmp_path: Path) -> None:
    file = made(tmp_path)
    file.path.write_text('{"schema": 3, "params": {"a": ' + "[" * 500 + "]" * 500 + "}}")
    assert "is more than 32 deep; set aside" in file.load().notes[0]


def test_what_would_not_be_read_again_is_not_saved(tmp_path: Path) -> None:
    file = made(tmp_path)
    file.save({"a": 4})
    long = {"a": "x" * 1_000_000}
    assert "bytes, and 1000000 are allowed" in file.why_not(long)
    assert not file.save(long)
    assert "bytes, and 1000000 are allowed" in file.problem
    assert file.load().body == {"a": 4}
    assert file.why_not({"a": 5}) == ""


def test_notes_are_as_many_as_people_read() -> None:
    other = [f"x{n} {OTHER_VERSION}" for n in range(50)]
    told = shortened([*other, "a mistake"])
    assert told[0] == "a mistake"
    assert len(told) == 21
    assert told[-1] == f"and 31 more: each {OTHER_VERSION}"
    assert shortened([f"mistake {n}" for n in range(30)])[-1] == "and 10 more"
