"""A kept file of an older version is brought up to date; one of a newer version is set aside, and nothing is lost."""

import json
from pathlib import Path

import pytest

from firmware_app.kept_file import KeptFile


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
