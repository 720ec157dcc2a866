"""network.json: private, made once, read again when a command has changed it, and never a reason not to start."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from firmware_app.kept.network import NAME, NetworkStore
from firmware_app.kept.shapes import SHAPES
from firmware_app.network.box import BoxNetwork
from firmware_app.system import scrub
from hw.network.network import NetworkValueError


def test_a_password_is_made_once_and_kept_private(tmp_path: Path):
    first = BoxNetwork(tmp_path).card()
    assert BoxNetwork(tmp_path).card() == first
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600
    assert NAME not in SHAPES, "neither in a backup nor in the diagnostics"


def test_what_the_page_says_comes_before_the_file(tmp_path: Path):
    network = BoxNetwork(tmp_path, "FR")
    assert network.country == "FR"
    NetworkStore(tmp_path).set_country("DE")  # as another process does
    assert network.country == "DE"
    with pytest.raises(NetworkValueError):
        network.store.set_country("de")


@pytest.mark.parametrize(
    "body", [{"country": "Germany"}, {"password": "short"}, {"password": "änderung8"}, {"id": "../x"}, {"password": 7}]
)
def test_a_file_that_cannot_be_used_starts_anew(tmp_path: Path, body: dict[str, object]):
    (tmp_path / NAME).write_text(json.dumps({"schema": 1, "network": body}))
    network = BoxNetwork(tmp_path)
    assert network.country == ""
    assert len(network.card().password) == 14
    assert BoxNetwork(tmp_path).card() == network.card()


def test_a_folder_that_cannot_be_written_has_one_password_all_the_same(tmp_path: Path):
    network = BoxNetwork(tmp_path / "file" / "below")
    (tmp_path / "file").write_text("")
    assert network.card() == network.card()
    assert network.store.problem


def test_a_change_keeps_the_rest(tmp_path: Path):
    store = NetworkStore(tmp_path)
    store.change(lambda notes: replace(notes, password="abcdefgh"))
    store.set_country("DE")
    assert NetworkStore(tmp_path).now.password == "abcdefgh"


def test_the_diagnostics_leave_passwords_out():
    for line in ("psk=abcdefgh", "join Studio password abcdefgh", '802-11-wireless-security.psk: "abcdefgh"'):
        assert "abcdefgh" not in scrub.text(line)
