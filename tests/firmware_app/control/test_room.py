"""Learning the room from real rings: what noise, hum and rumble are found, and what is no quiet room."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dsp.block import RATE_HZ, Block
from firmware_app.control.room import ABOVE_DB, Learning, NotQuiet, RoomLearner, heard, proposals
from firmware_app.link.listen_ring import ListenRing

SECONDS = 3.0
TIMES = np.arange(int(SECONDS * RATE_HZ)) / RATE_HZ
IN_FORCE = {"gate.threshold": -60.0, "low_cut.on": 0.0, "hum.on": 0.0, "denoise.amount_db": 0.0, "input.gain_db": 0.0}


def noise(dbfs: float, channels: int = 1) -> Block:
    return (10 ** (dbfs / 20) * np.random.default_rng(1).standard_normal((len(TIMES), channels))).astype(np.float32)


def tones(base_hz: float, levels_db: tuple[float, ...]) -> Block:
    parts = [
        10 ** (db / 20) * np.sin(2 * np.pi * base_hz * number * TIMES) for number, db in enumerate(levels_db, start=1)
    ]
    return np.sum(parts, axis=0)[:, None].astype(np.float32)


def test_the_noise_of_a_room_is_measured_and_no_hum_is_found_in_it():
    room = heard(noise(-60))
    assert room.floor_db == pytest.approx(-60, abs=0.3)
    assert room.hum_hz == 0.0
    assert [proposal.id for proposal in proposals(room, IN_FORCE)] == ["gate.threshold"]


@pytest.mark.parametrize("mains_hz", [49.9, 50.0, 60.05])
def test_hum_is_found_with_its_frequency_and_level(mains_hz: float):
    room = heard(noise(-65) + tones(mains_hz, (-50.0, -56.0, -52.0, -70.0)))
    assert room.hum_hz == pytest.approx(mains_hz, abs=0.15)
    assert room.hum_db == pytest.approx(-50.6, abs=1.0)  # -3 dB of each sine, added
    assert room.floor_db == pytest.approx(-65, abs=1.0)  # without the hum
    assert {each.id: each.value for each in proposals(room, IN_FORCE)}["hum.on"] == 1.0


def test_a_single_tone_is_no_hum():
    assert heard(noise(-65) + tones(50.0, (-50.0,))).hum_hz == 0.0


def test_rumble_asks_for_the_low_cut():
    spectrum = np.fft.rfft(noise(0)[:, 0])
    spectrum[: int(20 * SECONDS)] = spectrum[int(60 * SECONDS) :] = 0.0
    rumble = np.fft.irfft(spectrum)[:, None].astype(np.float32)
    rumble *= 10 ** (-50 / 20) / np.sqrt(np.mean(np.square(rumble)))
    room = heard(noise(-70) + rumble)
    assert room.rumble_db > 12.0
    assert "low_cut.on" in {each.id for each in proposals(room, IN_FORCE)}


def test_the_gate_opens_above_the_loudest_noise_that_reaches_it():
    swell = (1.0 + 0.35 * np.sin(2 * np.pi * 0.7 * TIMES))[:, None].astype(np.float32)
    steady, uneven = heard(noise(-50)), heard(noise(-50) * swell)
    assert proposals(uneven, IN_FORCE)[0].value > proposals(steady, IN_FORCE)[0].value
    for amount, gain, expected in ((0.0, 0.0, -50 + ABOVE_DB), (18.0, 6.0, -50 + 6 - 18 + ABOVE_DB)):
        values = IN_FORCE | {"denoise.amount_db": amount, "input.gain_db": gain}
        assert proposals(steady, values)[0].value == pytest.approx(expected, abs=2.0)
    assert proposals(heard(noise(-75)), IN_FORCE | {"denoise.amount_db": 40.0})[0].value == -80.0
    assert proposals(steady, {"box.mute": 0.0}) == ()  # a box without these stages


def test_the_noisier_microphone_counts():
    both = np.concatenate((noise(-70), noise(-55)), axis=1)
    assert heard(both).floor_db == pytest.approx(-55, abs=0.5)


def test_the_curve_lies_where_the_spectrum_draws_the_same_sound():
    tone = heard(noise(-75) + tones(1000.0, (-40.0,)))
    assert max(tone.curve) == pytest.approx(-40.0, abs=1.5)
    assert len(tone.curve) == 96


def speech(at_s: float, for_s: float, dbfs: float) -> Block:
    said = tones(180.0, tuple(dbfs - 3.0 * number for number in range(8)))
    said[(at_s > TIMES) | (at_s + for_s < TIMES)] = 0.0
    return said


@pytest.mark.parametrize(
    ("sound", "why"),
    [
        (noise(-60) + speech(1.0, 0.5, -25.0), "somebody spoke"),
        (noise(-60) + speech(2.6, 0.2, -25.0), "somebody spoke"),
        (noise(-60) + speech(1.0, 0.04, -15.0), "something moved"),
        (speech(0.0, 3.0, -18.0) + noise(-60), "too loud"),
        (np.zeros((len(TIMES), 1), np.float32), "Nothing comes in"),
        (noise(-60)[:0], "Nothing comes in"),
    ],
)
def test_what_is_no_quiet_room_is_refused(sound: Block, why: str):
    with pytest.raises(NotQuiet, match=why):
        heard(sound)


@pytest.fixture
def playing(tmp_path: Path) -> Iterator[tuple[Path, list[float]]]:
    """A ring that steady noise is written into; the list's number is its level in dBFS."""
    ring, level, stop = ListenRing(tmp_path / "listen", 1, 0), [-58.0], threading.Event()

    def play() -> None:
        began, blocks = time.monotonic(), 0
        sound = noise(0.0)
        while not stop.wait(0.005):
            while blocks * 480 < (time.monotonic() - began) * RATE_HZ:
                block = sound[blocks * 480 % 96_000 :][:480] * np.float32(10 ** (level[0] / 20))
                ring.write(0, block)
                ring.write(1, block)
                blocks += 1

    thread = threading.Thread(target=play, daemon=True)
    thread.start()
    yield tmp_path / "listen", level
    stop.set()
    thread.join()


def ended(learner: RoomLearner) -> Learning:
    for _ in range(400):
        if not learner.now.listening:
            return learner.now
        time.sleep(0.02)
    raise AssertionError("it did not end")


def test_a_playing_box_is_learned_and_learned_again(playing: tuple[Path, list[float]]):
    path, level = playing
    told: list[int] = []
    learner = RoomLearner(path, lambda: told.append(learner.now.seconds_left), quiet_s=1.2)
    for number, dbfs in ((1, -58.0), (2, -48.0)):
        level[0] = dbfs
        learner.start()
        now = ended(learner)
        assert (now.number, now.problem) == (number, "")
        assert now.room is not None
        assert now.room.floor_db == pytest.approx(dbfs, abs=1.0)
    assert set(told) >= {2, 1, 0}


def test_cancelling_keeps_what_was_learned_before(playing: tuple[Path, list[float]]):
    learner = RoomLearner(playing[0], lambda: None, quiet_s=1.0)
    learner.start()
    first = ended(learner)
    learner.start()
    learner.cancel()
    time.sleep(1.8)
    assert learner.now.number == 1
    assert learner.now.room == first.room
    assert not learner.now.listening


def test_a_refusal_keeps_what_was_learned_before(playing: tuple[Path, list[float]]):
    path, level = playing
    learner = RoomLearner(path, lambda: None, quiet_s=1.0)
    learner.start()
    ended(learner)
    level[0] = -10.0
    time.sleep(0.3)
    learner.start()
    assert "too loud" in ended(learner).problem
    assert learner.now.number == 1


def test_a_box_that_does_not_play_says_so(tmp_path: Path):
    learner = RoomLearner(tmp_path / "listen", lambda: None, quiet_s=0.3)
    learner.start()
    assert "does not play" in ended(learner).problem
