"""Bass lines, other parts and drums on a sound font.  python -m training.stems_data.general_midi --hours 1

Needs Debian's `fluidsynth` and `fluid-soundfont-gm` (MIT). Many songs go into one MIDI file, so that the sound font is
loaded once for all; what comes out is cut apart again.
"""

from __future__ import annotations

import argparse
import itertools
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import mido
import numpy as np
import soundfile

from training.data.decode import DATA
from training.data.sources import RATE_HZ
from training.stems_data import kit, lines, store
from training.stems_data.lines import Note, Rng, Song
from training.stems_data.rooms import Rooms
from training.stems_data.store import CACHE, Stereo

SOUND_FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
BASSES = range(32, 40)
VOICES = (52, 53, 54, 85, 91)  # choirs belong to no other stem
OTHERS = [program for program in range(112) if program not in (*BASSES, *VOICES)]
DRUM_KITS = (0, 8, 16, 24, 25, 32, 40)
DRUM_CHANNEL = 9
SONGS_A_FILE = 16
TICKS_A_SECOND = 960  # 480 a beat at 120 beats a minute
GAP_SECONDS = 3.0
Events = list[tuple[float, mido.Message]]


def part(song: Song, notes: list[Note], program: int, channel: int, rng: Rng) -> Events:
    """One instrument's events, in seconds from the song's start."""
    events: Events = [(0.0, mido.Message("program_change", channel=channel, program=program))]
    place = int(np.clip(rng.normal(64, 25), 0, 127)) if program not in BASSES else 64
    for control, value in ((7, rng.integers(60, 127)), (10, place), (91, rng.integers(0, 90)), (93, rng.integers(50))):
        events.append((0.0, mido.Message("control_change", channel=channel, control=control, value=int(value))))
    for note in notes:
        start = note.at * song.step_seconds + abs(rng.normal(0, 0.004))
        stop = start + note.steps * song.step_seconds * 0.97
        pitch, strength = int(np.clip(note.pitch, 20, 110)), int(np.clip(note.strength * 127, 1, 127))
        events.append((start, mido.Message("note_on", channel=channel, note=pitch, velocity=strength)))
        events.append((stop, mido.Message("note_off", channel=channel, note=pitch)))
    return events


def drum_part(path: Path, rng: Rng) -> Events:
    """Up to 40 seconds of a performance on a kit of the sound font."""
    played = [(at, m) for at, m in _timed(path) if m.type in ("note_on", "note_off")]
    pace = float(2 ** rng.uniform(-0.25, 0.25))
    first = rng.uniform(0, max(played[-1][0] - 40, 0))
    kit_number = int(rng.choice(DRUM_KITS))
    known = {22: 42, 26: 46, 40: 38, 50: 48, 58: 43}  # keys of the performers' kit that General MIDI has elsewhere
    return [(0.0, mido.Message("program_change", channel=DRUM_CHANNEL, program=kit_number))] + [
        ((at - first) * pace, message.copy(channel=DRUM_CHANNEL, note=known.get(message.note, message.note)))
        for at, message in played
        if first <= at < first + 40
    ]


def _timed(path: Path) -> Iterator[tuple[float, mido.Message]]:
    now = 0.0
    for message in mido.MidiFile(path):
        now += message.time
        yield now, message


def render(songs: list[Events], rng: Rng) -> list[Stereo]:
    """Each song's sound, from one run of FluidSynth."""
    every: Events = []
    starts, now = [], 0.0
    for events in songs:
        starts.append(now)
        every += [(now + at, message) for at, message in events]
        now += max(at for at, _ in events) + GAP_SECONDS
    starts.append(now)
    track, last = mido.MidiTrack(), 0
    for at, message in sorted(every, key=lambda entry: entry[0]):
        ticks = round(at * TICKS_A_SECOND)
        track.append(message.copy(time=ticks - last))
        last = ticks
    file = mido.MidiFile(ticks_per_beat=480)
    file.tracks.append(track)
    with tempfile.TemporaryDirectory() as folder:
        midi, wave = Path(folder) / "songs.mid", Path(folder) / "songs.wav"
        file.save(midi)
        room = ("-o", f"synth.reverb.room-size={rng.uniform(0.1, 0.8):.2f}", "-o", "synth.cpu-cores=1")
        subprocess.run(
            ["fluidsynth", "-niq", "-g", "0.4", "-r", str(RATE_HZ), *room, "-F", str(wave), str(SOUND_FONT), str(midi)],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        sound = soundfile.read(wave, dtype="float32", always_2d=True)[0]
    cuts = [int(start * RATE_HZ) for start in starts]
    return [sound[first:last] for first, last in itertools.pairwise(cuts)]


def _others(song: Song, rng: Rng) -> Events:
    """One to four chord parts and melodies."""
    events: Events = []
    for channel in range(int(rng.choice([1, 2, 3, 4]))):
        make = [lines.chord_part, lines.chord_part, lines.melody][int(rng.integers(3))]
        events += part(song, make(song, rng), int(rng.choice(OTHERS)), channel, rng)
    return events


def pieces(data: Path, cache: Path, hours: float, rng: Rng) -> Iterator[tuple[Stereo, str, str, str, str]]:
    performances, rooms = sorted((data / "groove").rglob("*.mid")), Rooms(cache, rng)
    done, number = 0.0, 0
    while done < hours * 3600:
        songs = [lines.draw_song(rng) for _ in range(SONGS_A_FILE)]
        basses = [part(song, lines.bass_line(song, rng), int(rng.choice(BASSES)), 0, rng) for song in songs]
        others = [_others(song, rng) for song in songs]
        numbers = rng.choice(len(performances), SONGS_A_FILE, replace=False)
        longer = [drum_part(performances[n], rng) for n in numbers]
        drums = [events for events in longer if len(events) > 16]
        for stem, parts in (("bass", basses), ("other", others), ("drums", drums)):
            for index, sound in enumerate(render(parts, rng)):
                split = "val" if (number + index) % lines.HELD_OUT_EVERY == 0 else "train"
                if stem == "drums":
                    made = kit.finish(sound, rooms, rng)
                else:
                    song = songs[index]
                    done += len(sound) / RATE_HZ if stem == "bass" else 0.0
                    made = lines.effects(sound, song, stem == "bass", rooms, rng) if rng.random() < 0.5 else sound
                yield (made * np.float32(0.8 / (np.abs(made).max() + 1e-6)), stem, "gm", f"gm{number + index}", split)
        number += SONGS_A_FILE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--hours", type=float, default=1.0, help="of bass; as much of the others comes along")
    parser.add_argument("--seed", type=int, default=23)
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    print(f"{store.write(args.cache, 'gm', pieces(args.data, args.cache, args.hours, rng)):.2f} hours of General MIDI")


if __name__ == "__main__":
    main()
