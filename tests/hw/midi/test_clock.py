"""MIDI clock in and out: a tempo is heard within two beats, whatever the wire does to it, and told without drift."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.midi.clock import CLOCK, PER_BEAT, START, STOP, ClockReader, ClockWriter

bpms = st.floats(30.0, 300.0)


def beats(reader: ClockReader, bpm: float, count: int, jitter: list[float], from_s: float = 10.0) -> list[float]:
    """Play so many beats; the tempi heard."""
    told = []
    for tick in range(count * PER_BEAT + 1):
        at_s = from_s + 60.0 / bpm / PER_BEAT * tick + jitter[tick % len(jitter)]
        if (beat := reader.take(CLOCK, at_s)) is not None:
            told.append(beat[0])
            assert beat[1] == at_s
    return told


@given(bpms, st.lists(st.floats(0.0, 0.001), min_size=1, max_size=50))
def test_the_tempo_is_heard_from_the_second_beat_on(bpm: float, jitter: list[float]):
    told = beats(ClockReader(), bpm, 4, jitter)
    assert len(told) == 4
    assert told[-1] == pytest.approx(bpm, rel=0.01)


def test_a_start_says_where_the_beat_is():
    reader = ClockReader()
    beats(reader, 120.0, 2, [0.0])
    for tick in range(7):  # in the middle of a beat
        reader.take(CLOCK, 11.0 + (tick + 1) / 48)
    reader.take(START, 11.2)
    assert reader.take(CLOCK, 11.2) == (pytest.approx(120.0, rel=0.1), 11.2)


def test_after_a_stop_or_a_pause_it_begins_anew():
    for pause in (lambda reader: reader.take(STOP, 20.0), lambda reader: None):
        reader = ClockReader()
        beats(reader, 90.0, 3, [0.0])
        pause(reader)
        assert beats(reader, 150.0, 1, [0.0], from_s=30.0) == [pytest.approx(150.0)]


@pytest.mark.parametrize("gap_s", [0.2, 0.0005])
def test_a_clock_that_is_none_tells_no_tempo(gap_s: float):
    reader = ClockReader()
    assert not any(reader.take(CLOCK, tick * gap_s) for tick in range(200))


@given(bpms, st.lists(st.floats(0.0, 0.3), min_size=1, max_size=40))
def test_what_is_sent_keeps_the_tempo_however_late_the_thread_is(bpm: float, late: list[float]):
    writer, now, sent = ClockWriter(), 100.0, 0
    writer.follow(bpm, 99.9, now)
    begun = writer.due_s
    for wait in late:
        now = max(now, writer.due_s) + wait * 60.0 / bpm
        sent += writer.take(now)
    assert sent == pytest.approx((now - begun) * bpm * PER_BEAT / 60.0, abs=1.01)
    assert writer.due_s > now


def test_clock_bytes_fall_on_the_beat():
    writer = ClockWriter()
    writer.follow(120.0, 100.0, 100.0)
    assert writer.due_s == pytest.approx(100.0 + 0.5 / PER_BEAT)
    writer.follow(120.0, 100.0, 103.7)
    on_the_beat = (writer.due_s - 100.0) / (0.5 / PER_BEAT)
    assert on_the_beat == pytest.approx(round(on_the_beat))
    writer.follow(None, 0.0, 104.0)
    assert writer.take(1e9) == 0


def test_a_pause_longer_than_a_beat_is_not_made_good():
    writer = ClockWriter()
    writer.follow(120.0, 100.0, 100.0)
    assert writer.take(160.0) == PER_BEAT
    assert writer.take(160.0) == 0
