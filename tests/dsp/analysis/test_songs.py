"""Key and tempo of songs that are known, and two recordings of one song lined up; nothing is told of what is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dsp.analysis import key, lined_up, pitches, tempo
from tests.rigs.known_songs import Sheet, Sound, played, steady, swaying, tune


def short(sheet: Sheet, beats: float) -> Sheet:
    return replace(
        sheet,
        beats=beats,
        notes=[note for note in sheet.notes if note[0] < beats],
        chords=[chord for chord in sheet.chords if chord[0] < beats],
    )


def heard(sound: Sound) -> tuple[np.ndarray, np.ndarray]:
    """(pitches (n, 12), onsets)."""
    rows, onsets = pitches.Pitches(), tempo.Onsets()
    for at in range(0, len(sound) - pitches.HOP_FRAMES + 1, pitches.HOP_FRAMES):
        rows.add(sound[at : at + pitches.HOP_FRAMES])
    for at in range(0, len(sound) - tempo.HOP_FRAMES + 1, tempo.HOP_FRAMES):
        onsets.add(sound[at : at + tempo.HOP_FRAMES])
    return pitches.semitones(rows.rows), onsets.values


TUNE = short(tune(0), 32.0)
WARPED = swaying(104.0, 0.08, 16.0, begin_s=2.0)


@pytest.fixture(scope="module")
def once() -> tuple[np.ndarray, np.ndarray]:
    return heard(played(TUNE, steady(95.0), 1, a_hz=434.0))


@pytest.fixture(scope="module")
def again() -> tuple[np.ndarray, np.ndarray]:
    return heard(played(TUNE, WARPED, 2, drums=False))


def test_key_and_tempo_are_heard_in_another_tuning_too(once: tuple[np.ndarray, np.ndarray]) -> None:
    rows, onsets = once
    found = key.key_of(rows)
    assert found is not None
    assert (found.name, found.sure) == ("A minor", True)
    beat = tempo.tempo_of(onsets)
    assert beat is not None
    assert beat.sure
    assert beat.bpm == pytest.approx(95.0, abs=0.5)


@pytest.mark.parametrize("cents", [-40, 0, 40])
def test_a_pitch_is_the_one_it_is_nearest_to_in_the_tuning(cents: int) -> None:
    at = np.arange(48_000, dtype=np.float32) / np.float32(48_000)
    chord = [440.0 * 2.0 ** ((step + cents / 100) / 12) for step in (0, 3, 7)]
    rows, _ = heard(np.sum([np.sin(2 * np.pi * hz * at) for hz in chord], axis=0, dtype=np.float32))
    loudest = set(np.argsort(rows.sum(axis=0))[-3:].tolist())
    assert loudest == {0, 3, 7}


def test_silence_and_noise_have_no_key_and_no_tempo_that_is_sure() -> None:
    rows, onsets = heard(np.zeros(48_000 * 12, np.float32))
    assert key.key_of(rows) is None
    assert tempo.tempo_of(onsets) is None
    assert tempo.tempo_of(onsets[:500]) is None
    rows, onsets = heard(np.random.default_rng(1).normal(0, 0.1, 48_000 * 12).astype(np.float32))
    unsure, no_beat = key.key_of(rows), tempo.tempo_of(onsets)
    assert unsure is not None
    assert no_beat is not None
    assert not unsure.sure
    assert not no_beat.sure


def test_two_takes_of_a_song_are_lined_up_though_one_sways_and_begins_later(
    once: tuple[np.ndarray, np.ndarray], again: tuple[np.ndarray, np.ndarray]
) -> None:
    found = lined_up.line_up(lined_up.ground(*once), lined_up.ground(*again))
    assert found is not None
    assert found.same
    pairs = np.array(found.pairs)
    assert np.all(np.diff(pairs, axis=0) > 0)
    assert np.median(np.diff(pairs[:, 0])) == pytest.approx(0.5)
    beats = np.linspace(0.0, TUNE.beats, 500)
    inside = pairs[pairs[:, 0] < steady(95.0)(TUNE.beats)]
    truth = np.interp(inside[:, 0], [steady(95.0)(beat) for beat in beats], [WARPED(beat) for beat in beats])
    off = np.abs(inside[:, 1] - truth)
    assert np.median(off) < 0.06
    assert np.percentile(off, 95) < 0.2


def test_another_song_is_not_the_same_and_too_little_is_not_compared(once: tuple[np.ndarray, np.ndarray]) -> None:
    other = lined_up.ground(*heard(played(short(tune(5), 32.0), steady(95.0), 3)))
    ground = lined_up.ground(*once)
    found = lined_up.line_up(ground, other)
    assert found is not None
    assert not found.same
    assert lined_up.line_up(ground, other[:40]) is None
    assert lined_up.line_up(ground, np.zeros_like(ground)) is None
    itself = lined_up.line_up(ground, ground)
    assert itself is not None
    assert itself.score > 0.95
    assert all(here == there for here, there in itself.pairs)
