"""What `hushbox pair` leaves for the running box: only its own user's request counts."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_app.kept.pairings import Pairings
from firmware_app.kept.pin import Pin
from firmware_app.kept.saver import Saver
from firmware_app.setup import pair_requests
from firmware_app.setup.lost_everything import LostEverything
from firmware_app.setup.pair_requests import ANSWER, REQUEST, answer, done, leave, taken
from web_ui.ports.pairing import OWNER, PLAYER


@pytest.fixture
def pairings(tmp_path: Path) -> Iterator[Pairings]:
    made, saver = Pairings(tmp_path / "state"), Saver("test")
    saver.add(made.save_job)
    yield made
    saver.close(5.0)


@pytest.fixture
def lost(pairings: Pairings, tmp_path: Path) -> LostEverything:
    return LostEverything(pairings, Pin(tmp_path / "state"))


def test_a_request_is_answered_once(tmp_path: Path, pairings: Pairings, lost: LostEverything):
    leave(tmp_path, REQUEST, {"do": "invite", "role": PLAYER, "hours": None})
    assert (tmp_path / REQUEST).stat().st_mode & 0o077 == 0
    answer(tmp_path, pairings, lost)
    assert not (tmp_path / REQUEST).exists()
    told = taken(tmp_path, ANSWER)
    assert told is not None
    found = pairings.find(pairings.claim(told["code"], ""))
    assert found is not None
    assert found.role == PLAYER
    answer(tmp_path, pairings, lost)
    assert taken(tmp_path, ANSWER) is None


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"do": "invite", "role": "king", "hours": None}, "player, engineer, owner"),
        ({"do": "invite", "role": OWNER, "hours": 3}, "guest cannot be an owner"),
        ({"do": "invite", "role": PLAYER, "hours": 1e9}, "1 to 336"),
        ({"do": "invite", "role": PLAYER, "hours": "soon"}, "cannot be read"),
        ({"do": "invite"}, "cannot be read"),
        ({}, "cannot be read"),
    ],
)
def test_what_cannot_be_done_is_said(pairings: Pairings, lost: LostEverything, request_: dict[str, object], words: str):
    assert words in done(request_, pairings, lost)["problem"]


@pytest.mark.parametrize("odd", ["", "{", "[]", "null", "x" * 5000, "\x00"])
def test_an_odd_file_is_removed_and_does_nothing(tmp_path: Path, pairings: Pairings, lost: LostEverything, odd: str):
    (tmp_path / REQUEST).write_text(odd)
    answer(tmp_path, pairings, lost)
    assert not (tmp_path / REQUEST).exists()
    assert not (tmp_path / ANSWER).exists()


def test_a_file_of_another_user_and_a_link_do_nothing(
    tmp_path: Path, pairings: Pairings, lost: LostEverything, monkeypatch: pytest.MonkeyPatch
):
    tree = {"do": "forget_all"}
    pairings.claim(pairings.first_code, "")
    (tmp_path / "elsewhere").write_text(json.dumps(tree))
    (tmp_path / REQUEST).symlink_to(tmp_path / "elsewhere")
    answer(tmp_path, pairings, lost)
    os.mkfifo(tmp_path / REQUEST)
    answer(tmp_path, pairings, lost)
    leave(tmp_path, REQUEST, tree)
    if os.geteuid() == 0:
        os.chown(tmp_path / REQUEST, 12345, 12345)
    else:
        monkeypatch.setattr(pair_requests.os, "geteuid", lambda: 12345)
        monkeypatch.setattr(Path, "stat", lambda self: os.stat("/"))
    answer(tmp_path, pairings, lost)
    assert pairings.has_owner
