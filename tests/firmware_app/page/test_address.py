"""The page's address: the note and the picture that a running box leaves, and what is made of an odd one."""

import json
from pathlib import Path

import pytest

from firmware_app.page import address


def test_the_note_is_read_again_and_the_picture_is_a_png(tmp_path: Path):
    address.leave(tmp_path, tmp_path, "0.0.0.0", 8088)
    assert address.left(tmp_path) == ("0.0.0.0", 8088)
    assert (tmp_path / address.PICTURE).read_bytes().startswith(b"\x89PNG")
    names = [address.FIRST_CODE, address.PICTURE, address.NOTE, address.SESSION]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    assert address.first_code_left(tmp_path) == address.session_left(tmp_path) == ""


def test_the_secrets_are_the_boxs_users_alone(tmp_path: Path):
    address.leave(tmp_path, tmp_path, "0.0.0.0", 8088, "AB0CD-1EFGH", "5e55")
    assert (address.first_code_left(tmp_path), address.session_left(tmp_path)) == ("AB0CD-1EFGH", "5e55")
    for name in (address.FIRST_CODE, address.SESSION, address.PICTURE):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0
    assert "AB0CD" not in (tmp_path / address.NOTE).read_text()
    assert address.opening("http://box:8080/", "AB0CD-1EFGH") == "http://box:8080/#pair=AB0CD-1EFGH"
    assert address.opening("http://box:8080/", "") == "http://box:8080/"


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
