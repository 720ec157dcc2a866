"""Before and after are of one moment, and old takes are let go."""

import io
import wave

import pytest
from flask.testing import FlaskClient

from web_ui.fakes.box import FakeBox
from web_ui.fakes.live import FakeLive
from web_ui.fakes.sound import FakeSound
from web_ui.ports.errors import NotThere
from web_ui.ports.sound import Recording
from web_ui.streams.takes import KEPT_TAKES, Takes


class Counting(FakeSound):
    """Each recording says how many were made before it."""

    made = 0

    def recording(self) -> Recording:
        self.made += 1
        return Recording(f"before {self.made}".encode(), f"after {self.made}".encode())


def test_one_take_is_of_one_moment():
    takes = Takes(Counting(FakeLive()))
    assert takes.wav("before", "x") == b"before 1"
    takes.wav("before", "y")
    assert takes.wav("after", "x") == b"after 1"


def test_without_a_take_each_answer_is_new():
    takes = Takes(Counting(FakeLive()))
    assert takes.wav("after", "") == b"after 1"
    assert takes.wav("after", "") == b"after 2"


def test_a_take_asked_for_again_is_a_new_moment():
    takes = Takes(Counting(FakeLive()))
    takes.wav("before", "x")
    takes.wav("after", "x")
    assert takes.wav("before", "x") == b"before 2"


def test_only_the_newest_takes_are_kept():
    takes = Takes(Counting(FakeLive()))
    for name in range(KEPT_TAKES + 1):
        takes.wav("before", str(name))
    assert len(takes._takes) == KEPT_TAKES
    assert takes.wav("after", "0") == f"after {KEPT_TAKES + 2}".encode()


def test_a_wav_comes_whole_with_its_length(client: FlaskClient):
    answer = client.get("/api/v1/listen/before.wav?take=1")
    assert answer.content_length == len(answer.data)
    with wave.open(io.BytesIO(answer.data)) as wav:
        assert (wav.getsampwidth(), wav.getnchannels()) == (2, 1)


def test_before_any_sound_there_is_no_recording(client: FlaskClient, box: FakeBox, monkeypatch: pytest.MonkeyPatch):
    def nothing() -> Recording:
        raise NotThere("no sound has been heard yet")

    monkeypatch.setattr(box.sound, "recording", nothing)
    answer = client.get("/api/v1/listen/before.wav")
    assert (answer.status_code, answer.get_json()["error"]) == (404, "no sound has been heard yet")


def test_only_before_and_after_can_be_fetched(client: FlaskClient):
    assert client.get("/api/v1/listen/during.wav").status_code == 404
