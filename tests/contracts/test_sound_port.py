"""What every SoundPort does, the fake and the real one."""

import io
import wave

import pytest

from tests.contracts.hands import value_of, wait_for
from web_ui.ports.box import Box
from web_ui.ports.errors import NotThere
from web_ui.ports.sound import SPECTRUM_BANDS, CompareView, SoundPort
from web_ui.routes.sound import history_json
from web_ui.views import compare_json, dumps


@pytest.fixture
def port(box: Box) -> SoundPort:
    return box.sound


def test_before_and_after_are_as_long_as_each_other(port: SoundPort):
    shapes = set()
    for wav in port.recording():
        with wave.open(io.BytesIO(wav)) as sound:
            shapes.add((sound.getnframes(), sound.getframerate(), sound.getsampwidth(), sound.getnchannels()))
    assert len(shapes) == 1
    assert min(shapes.pop()) > 0


def test_a_picture_of_the_spectrum_has_its_size(port: SoundPort):
    assert len(port.spectrum()) == 2 * SPECTRUM_BANDS


def test_history_goes_on_after_a_moment(port: SoundPort):
    view = port.history(0)
    assert all(moment.at_s <= view.now_s for moment in view.moments)
    numbers = [moment.number for moment in view.moments]
    assert numbers == sorted(numbers)
    assert not port.history(10**12).moments


def test_live_sound_is_mp3_and_only_what_there_is(port: SoundPort):
    with pytest.raises(NotThere, match="output, untouched, removed"):
        port.live("no-such")
    stream = port.live("output")
    sound = b"".join(stream.read() for _ in range(12))
    stream.close()
    assert sound[:3] == b"ID3" or sound[0] == 0xFF
    assert len(sound) > 96


def test_comparing_begins_and_ends_and_leaves_bypass_as_it_was(box: Box):
    assert box.sound.comparison() == CompareView(False, None, None, 0.0, 0.0)
    assert box.sound.compare(True).on
    wait_for(box, lambda: box.sound.comparison().on)
    assert not box.sound.compare(False).on
    assert value_of(box, "box.bypass") == 0.0
    assert value_of(box, "box.match_db") == 0.0


def test_every_view_can_be_sent_as_json(port: SoundPort):
    assert dumps(compare_json(port.comparison()))
    assert dumps(history_json(port.history(0)))
