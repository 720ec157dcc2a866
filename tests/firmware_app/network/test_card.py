"""The card of the own Wi-Fi: a password of one's own, and a code that every camera reads."""

import re
from pathlib import Path

import pytest

from firmware_app.network import card
from firmware_app.network.card import Card
from hw.network.network import check_password, check_ssid


def test_a_password_has_enough_chance_and_only_what_a_thumb_types():
    assert card.BITS >= 60
    made = {card.new_password() for _ in range(200)}
    assert len(made) == 200
    assert all(re.fullmatch("[a-hjkmnp-z]{14}", each) for each in made)
    for each in made:
        check_password(each)


@pytest.mark.parametrize(
    ("name", "password", "code"),
    [
        ("Hushbox-7KQ2", "abcdefgh", "WIFI:T:WPA;S:Hushbox-7KQ2;P:abcdefgh;;"),
        ('a;b,c:d"e\\f', "p;w:1\\2x", r"WIFI:T:WPA;S:a\;b\,c\:d\"e\\f;P:p\;w\:1\\2x;;"),
    ],
)
def test_the_code_escapes_what_has_a_meaning_in_it(name: str, password: str, code: str):
    assert Card(name, password).code == code


def test_the_id_is_the_machines_and_does_not_give_it_away(tmp_path: Path):
    file = tmp_path / "machine-id"
    assert card.box_id(file) == ""
    file.write_text("\n")
    assert card.box_id(file) == ""
    file.write_text("0123456789abcdef0123456789abcdef\n")
    first = card.box_id(file)
    assert re.fullmatch("[0-9A-HJKMNP-TV-Z]{4}", first)
    assert card.box_id(file) == first
    assert first.lower() not in file.read_text()
    file.write_text("0123456789abcdef0123456789abcdee\n")
    assert card.box_id(file) != first
    check_ssid(f"Hushbox-{card.random_id()}")


def test_the_picture_is_for_the_boxs_user_only(tmp_path: Path):
    Card("Hushbox-7KQ2", "abcdefgh").draw(tmp_path)
    picture = tmp_path / card.PICTURE
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_mode & 0o777 == 0o600
    Card("Hushbox-7KQ2", "abcdefgh").draw(tmp_path / "nowhere")
