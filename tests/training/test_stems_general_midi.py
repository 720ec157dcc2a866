"""Parts for a sound font: in time, in range, every note let go."""

from pathlib import Path

import numpy as np
import pytest

mido = pytest.importorskip("mido", reason="training runs in its own environment, see training/requirements.txt")

from training.stems_data import general_midi, lines  # noqa: E402


def test_every_note_ends_after_it_began() -> None:
    rng = np.random.default_rng(5)
    for _ in range(6):
        song = lines.draw_song(rng)
        notes = lines.bass_line(song, rng)
        events = general_midi.part(song, notes, 33, 0, rng)
        begun = [at for at, message in events if message.type == "note_on"]
        ended = [at for at, message in events if message.type == "note_off"]
        assert len(begun) == len(ended) == len(notes) > 0
        assert all(stop > start for start, stop in zip(begun, ended, strict=True))
        assert max(ended) <= lines.BARS * lines.STEPS_A_BAR * song.step_seconds + 0.1


def test_no_voice_is_among_the_other_instruments() -> None:
    assert not {*general_midi.OTHERS} & {*general_midi.BASSES, *general_midi.VOICES}


def test_a_performance_is_cut_to_forty_seconds_on_the_drum_channel(tmp_path: Path) -> None:
    file, track = mido.MidiFile(ticks_per_beat=480), mido.MidiTrack()
    for _ in range(200):
        track.append(mido.Message("note_on", channel=9, note=22, velocity=90, time=240))
        track.append(mido.Message("note_off", channel=9, note=22, time=240))
    file.tracks.append(track)
    file.save(tmp_path / "beat.mid")
    events = general_midi.drum_part(tmp_path / "beat.mid", np.random.default_rng(6))
    assert len(events) > 100
    assert max(at for at, _ in events) <= 40 * 2**0.25
    assert min(at for at, _ in events) >= 0
    assert {message.channel for _, message in events} == {general_midi.DRUM_CHANNEL}
    assert {message.note for _, message in events[1:]} == {42}  # the performers' closed hi-hat, as General MIDI has it
