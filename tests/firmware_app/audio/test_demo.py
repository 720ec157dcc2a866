"""Which demo plays: the vocal for a voice, the song for music, and both parts of it for voice over music."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dsp.rack.rack import CHAINS
from firmware_app.audio.channels import channels_of
from firmware_app.audio.demo import BOTH, MUSIC, VOICE, demo_for
from firmware_app.audio.source import AudioSource
from firmware_app.config import places as places_of_box
from firmware_app.config.keys import AudioConfig, StemsConfig
from firmware_app.config.places import Places
from hw.audio.audio_io import IoStatus

AUDIO = AudioConfig(device="demo")
BLOCKS = 400


def played(places: Places, chain: str) -> np.ndarray:
    """What the demo of this chain gives at first.  (frames, inputs)"""
    opened = AudioSource(AUDIO, places).open(chain)
    assert opened.io is not None, opened.message
    assert opened.demo
    form = opened.io.format
    block = np.zeros((form.period_frames, len(form.input_channels)), np.float32)
    heard: list[np.ndarray] = []
    opened.io.start()
    while len(heard) < BLOCKS:
        if opened.io.read_into(block) is IoStatus.OK:  # a busy machine may be late; nothing of the file is lost then
            heard.append(block.copy())
    opened.io.close()
    return np.concatenate(heard)


@pytest.fixture
def box_places(audio_places: Places) -> Places:
    """With the sounds that are shipped."""
    return replace(audio_places, assets=places_of_box.find().assets)


def test_the_song_is_left_singer_right(box_places: Places):
    song, rate_hz = soundfile.read(box_places.demo_song, dtype="float32")
    assert rate_hz == 48_000
    frames = BLOCKS * AUDIO.period_frames
    np.testing.assert_array_equal(played(box_places, MUSIC), song[:frames, [0, 2]])
    np.testing.assert_array_equal(played(box_places, BOTH), song[:frames, [1, 0, 2]])


@pytest.mark.parametrize("chain", CHAINS)
def test_the_blocks_columns_are_what_the_chain_takes_them_for(box_places: Places, chain: str):
    opened = AudioSource(AUDIO, box_places).open(chain)
    assert opened.io is not None, opened.message
    fit = opened.fit
    audio, stems = (fit.audio, fit.stems) if fit else (AUDIO, StemsConfig())
    found = channels_of(opened.io.format, audio, stems)
    opened.io.close()
    wanted = {VOICE: ((0,), (), 1), MUSIC: ((0, 1), (), 2), BOTH: ((0,), (1, 2), 2)}[chain]
    assert (found.voice, found.music, found.mix) == wanted


def test_another_demo_is_asked_for_only_where_there_is_one(box_places: Places, tmp_path: Path):
    source = AudioSource(AUDIO, box_places)
    assert not source.other_demo(MUSIC)  # nothing is open
    opened = source.open(VOICE)
    assert opened.io is not None
    opened.io.close()
    assert [source.other_demo(chain) for chain in (VOICE, MUSIC, BOTH)] == [False, True, True]
    own = tmp_path / "own.wav"
    soundfile.write(own, np.zeros(4800, np.float32), 48_000)
    source.use(AudioConfig(device="demo", demo_file=str(own)))
    opened = source.open(VOICE)
    assert opened.io is not None
    opened.io.close()
    assert not source.other_demo(MUSIC)
    assert demo_for(MUSIC, AudioConfig(demo_file=str(own)), box_places).file == own
