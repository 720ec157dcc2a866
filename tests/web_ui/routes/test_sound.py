"""Streams of spectra and sound: limited, released, and ended with the page or the server."""

import time

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.web_ui.conftest import Change, Served
from web_ui.fakes.box import FakeBox
from web_ui.ports.sound import SPECTRUM_BANDS
from web_ui.streams.sound import MAX_LISTENERS, MAX_LOOKS, SoundStreams

STREAMS = [("spectrum", MAX_LOOKS, "looks"), ("live/output.mp3", MAX_LISTENERS, "listeners")]


@pytest.mark.parametrize(("path", "most", "which"), STREAMS)
def test_streams_are_limited_and_release_their_slots(client: FlaskClient, app: Flask, path: str, most: int, which: str):
    slots = getattr(app.extensions["hushbox.sound"], which)
    answers = [client.get(f"/api/v1/{path}") for _ in range(most)]
    assert slots.taken == most
    refused = client.get(f"/api/v1/{path}")
    assert (refused.status_code, "which is the limit" in refused.get_json()["error"]) == (503, True)
    answers.pop().close()
    again = client.get(f"/api/v1/{path}")
    assert again.status_code == 200
    for answer in (*answers, again):
        answer.close()
    assert slots.taken == 0


@pytest.mark.parametrize(("path", "piece"), [("spectrum", 2 * SPECTRUM_BANDS), ("live/removed.mp3", 96)])
def test_a_stream_arrives_while_it_is_made_and_ends_with_its_reader(served: Served, app: Flask, path: str, piece: int):
    sound = app.extensions["hushbox.sound"]
    connection = served.connect()
    connection.request("GET", f"/api/v1/{path}")
    answer = connection.getresponse()
    assert len(answer.read(3 * piece)) == 3 * piece
    assert sound.looks.taken + sound.listeners.taken == 1
    answer.close()
    connection.close()
    until = time.monotonic() + 10.0
    while sound.looks.taken + sound.listeners.taken:
        assert time.monotonic() < until
        time.sleep(0.05)


def test_closing_ends_every_stream(box: FakeBox):
    streams = SoundStreams(box.sound)
    pictures = streams.pictures(lambda: False)
    assert len(next(pictures)) == 2 * SPECTRUM_BANDS
    streams.close()
    assert list(pictures) == []


def test_a_stream_ends_after_long_silence(box: FakeBox, monkeypatch: pytest.MonkeyPatch):
    class Nothing:
        def read(self) -> bytes:
            return b""

        def close(self) -> None: ...

    monkeypatch.setattr("web_ui.streams.sound.SILENT_S", 0.0)
    assert list(SoundStreams(box.sound).sound(Nothing(), lambda: False)) == []


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("live/nothing.mp3", 404, "there are output, untouched, removed"),
        ("history?after=x", 400, "the number of a moment"),
        ("history?after=-1", 400, "the number of a moment"),
    ],
)
def test_unknown_sound_or_moment_is_refused_in_words(client: FlaskClient, path: str, status: int, said: str):
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == status
    assert said in answer.get_json()["error"]


def test_history_goes_on_where_the_page_stands(client: FlaskClient):
    history = client.get("/api/v1/history").get_json()
    assert len({len(column) for name, column in history.items() if name != "now_s"}) == 1
    newest = history["number"][-1]
    assert all(number > newest for number in client.get(f"/api/v1/history?after={newest}").get_json()["number"])


def test_comparing_is_switched_with_true_and_false_only(change: Change):
    assert change("PUT", "compare", {"on": 1}).status_code == 400
    assert change("PUT", "compare", {"on": True}).get_json()["on"] is True
    assert change("PUT", "compare", {"on": False}).get_json()["on"] is False
