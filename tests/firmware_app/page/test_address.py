"""The page's address: the note and the picture that a running box leaves, and what is made of an odd one."""

import json
from pathlib import Path

import pytest

from firmware_app.page import address


def test_the_note_is_read_again_and_the_picture_is_a_png(tmp_path: Path):
    address.leave(tmp_path, tmp_path, "0.0.0.0", 8088)
    assert address.left(tmp_path) == ("0.0.0.0", 8088)
    assert (tmp_path / address.PICTURE).read_bytes().startswith(b"\x89PNG")
    assert sorted(path.name for path in tmp_path.iterdir()) == [address.PICTURE, address.NOTE]


def test_folders_that_are_not_there_are_let_be(tmp_path: Path):
    address.leave(tmp_path / "none", tmp_path / "neither", "", 8080)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("note", ["", "[]", "{}", '{"host": "::"}', json.dumps({"host": "", "port": "eighty"})])
def test_a_note_that_says_nothing_counts_as_none(tmp_path: Path, note: str):
    (tmp_path / address.NOTE).write_text(note)
    assert address.left(tmp_path) is None


@pytest.mark.parametrize(
    ("host", "url"),
    [("192.0.2.7", "http://192.0.2.7:80/"), ("[2001:db8::7]", "http://[2001:db8::7]:80/"), ("::1", "http://[::1]:80/")],
)
def test_a_page_at_one_address_is_told_with_that(host: str, url: str):
    assert address.url_of(host, 80) == url
