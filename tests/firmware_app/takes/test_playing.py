"""The ear hears music, not hum, chairs or doors, and waits for the end of it."""

from __future__ import annotations

import numpy as np
import pytest

from firmware_app.takes.playing import SHORTEST_S, Ear

RATE, CHUNK = 48_000, 4800
NOISE = np.random.default_rng(1)


def room(seconds: float, level_db: float = -75.0) -> np.ndarray:
    return NOISE.standard_normal(round(seconds * RATE)) * 10 ** (level_db / 20)


def hum(seconds: float, hz: float = 50.0, level_db: float = -20.0) -> np.ndarray:
    """With ten harmonics, a little off its frequency."""
    at = np.arange(round(seconds * RATE)) / RATE
    each = [np.sin(2 * np.pi * hz * 1.0004 * k * at + k) / k for k in range(1, 11)]
    return np.sum(each, axis=0) * 10 ** (level_db / 20)


def notes(seconds: float, level_db: float = -25.0) -> np.ndarray:
    """Plucked, twice a second."""
    at = np.arange(RATE // 2) / RATE
    pitches = [196.0, 220.0, 261.63, 329.63]
    tones = [np.sin(2 * np.pi * hz * at) * np.exp(-4 * at) for hz in pitches]
    return np.resize(np.concatenate(tones), round(seconds * RATE)) * 10 ** (level_db / 20) * 1.4


def knock(lasts_s: float, level_db: float = -8.0) -> np.ndarray:
    frames = round(lasts_s * RATE)
    return NOISE.standard_normal(frames) * np.hanning(frames) * 10 ** (level_db / 20)


def heard(ear: Ear, *sounds: np.ndarray) -> tuple[list[float], list[float]]:
    """(when it begins, when it ends), in seconds."""
    sound = np.concatenate(sounds).astype(np.float32)[:, None]
    begins, ends = [], []
    for at in range(0, len(sound) - CHUNK + 1, CHUNK):
        verdict = ear.hear(at, sound[at : at + CHUNK])
        if verdict.begins is not None:
            begins.append(verdict.begins / RATE)
        if verdict.ended:
            ends.append((at + CHUNK) / RATE)
    return begins, ends


@pytest.mark.parametrize("heard_db", [20.0, -45.0])
def test_a_take_begins_with_the_first_note_and_ends_after_the_silence(heard_db: float) -> None:
    sounds = room(6), notes(5) + room(5), room(12)
    begins, ends = heard(Ear(heard_db, 8.0), *sounds)
    assert begins == [pytest.approx(6.0, abs=0.1)]
    assert ends == [pytest.approx(11.0 + 8.0, abs=0.6)]


def test_it_begins_again_with_the_next_song() -> None:
    begins, ends = heard(Ear(20.0, 2.0), room(4), notes(4), room(5), notes(4), room(5))
    assert begins == [pytest.approx(4.0, abs=0.1), pytest.approx(13.0, abs=0.1)]
    assert len(ends) == 2
    assert all(end - begin >= SHORTEST_S for begin, end in zip(begins, ends, strict=True))


@pytest.mark.parametrize("hz", [50.0, 60.0])
def test_hum_that_is_switched_on_begins_nothing(hz: float) -> None:
    assert heard(Ear(20.0, 8.0), room(5), hum(8, hz) + room(8), room(3)) == ([], [])


def test_playing_over_hum_is_heard() -> None:
    begins, _ = heard(Ear(20.0, 8.0), hum(6) + room(6), hum(4) + notes(4))
    assert begins == [pytest.approx(6.0, abs=0.1)]


def test_chairs_and_doors_begin_nothing() -> None:
    noises = [each for lasts in (0.1, 0.5, 0.6, 0.3, 0.15) for each in (knock(lasts), room(2.5))]
    assert heard(Ear(20.0, 8.0), room(5), *noises) == ([], [])


def test_drums_begin_one() -> None:
    beats = [each for _ in range(8) for each in (knock(0.08), room(0.42))]
    begins, _ = heard(Ear(20.0, 8.0), room(5), *beats)
    assert begins == [pytest.approx(5.0, abs=0.1)]


def test_a_take_that_was_ended_by_hand_waits_for_quiet() -> None:
    ear = Ear(20.0, 8.0)
    assert len(heard(ear, room(4), notes(3))[0]) == 1
    ear.forget()
    assert heard(ear, notes(5)) == ([], [])
    assert len(heard(ear, room(3), notes(3))[0]) == 1


def test_long_playing_does_not_become_the_quiet() -> None:
    begins, ends = heard(Ear(20.0, 8.0), room(4), notes(90) + room(90))
    assert (len(begins), ends) == (1, [])


def test_silence_that_is_digital_and_a_loud_room_are_both_quiet() -> None:
    assert heard(Ear(20.0, 8.0), np.zeros(RATE * 8), room(30, -45.0))[0] == []
