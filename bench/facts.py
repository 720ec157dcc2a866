"""What the box tells of a take, against what is known: key, tempo, who sounds, and two takes lined up.

    python -m bench.facts [--songs 24] [--beats 80]

The songs are lead sheets of ../shared/data, played by a band of sines (tests/rigs/known_songs.py), with drums in half
of them, in tunings from 432 to 446 Hz. Every eleventh in major, and every second in minor, was used to choose the
limits; they are left out here. Lined up: each song at a steady tempo, and again with other sounds, without drums, 2 s
later, at a tempo that sways by 8 %; the error is taken at each pair. Who sounds: the songs of ../shared/data, whose
stems the separator has learnt from, so this says what the box does with good separation and no more.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile

from dsp.analysis import key, lined_up, pitches, tempo
from dsp.block import RATE_HZ
from dsp.layouts.stems import STEMS
from firmware_app.config import places
from firmware_app.takes.sounds import by_separation
from tests.rigs.checkout import ROOT
from tests.rigs.known_songs import Sheet, Sound, played, sheets, steady, swaying

DATA = ROOT.parent / "shared" / "data"
_NEAR = 0.04


def chosen(count: int, beats: float) -> list[Sheet]:
    """Songs that had no say in the limits, cut to so many beats."""
    all_of_them = list(sheets(DATA / "leadsheets"))
    minor = [sheet for sheet in all_of_them if sheet.mode == "minor"][1::2]
    major = [sheet for at, sheet in enumerate(s for s in all_of_them if s.mode == "major") if at % 11 == 5]
    return [
        replace(
            sheet,
            beats=min(beats, sheet.beats),
            notes=[note for note in sheet.notes if note[0] < beats],
            chords=[chord for chord in sheet.chords if chord[0] < beats],
        )
        for sheet in (minor + major)[:count]
    ]


def heard(sound: Sound) -> tuple[lined_up.Rows, np.ndarray[tuple[int], np.dtype[np.float32]]]:
    """(pitches, onsets)."""
    rows, onsets = pitches.Pitches(), tempo.Onsets()
    for at in range(0, len(sound) - pitches.HOP_FRAMES + 1, pitches.HOP_FRAMES):
        rows.add(sound[at : at + pitches.HOP_FRAMES])
    for at in range(0, len(sound) - tempo.HOP_FRAMES + 1, tempo.HOP_FRAMES):
        onsets.add(sound[at : at + tempo.HOP_FRAMES])
    return pitches.semitones(rows.rows), onsets.values


def songs(found: list[Sheet]) -> None:
    """Print the tables of key, tempo and lining up."""
    rng = np.random.default_rng(7)
    keys, tempos, off_ms, same, grounds = [], [], list[float](), [], []
    for number, sheet in enumerate(found):
        bpm, drums = float(rng.uniform(65.0, 170.0)), number % 2 == 0
        at, again_at = steady(bpm), swaying(bpm * float(rng.uniform(0.85, 1.15)), 0.08, 16.0, begin_s=2.0)
        rows, onsets = heard(played(sheet, at, number, drums=drums, a_hz=float(rng.uniform(432.0, 446.0))))
        its_key, its_tempo = key.key_of(rows), tempo.tempo_of(onsets)
        assert its_key is not None
        assert its_tempo is not None
        keys.append((its_key.sure, (its_key.tonic, its_key.mode) == (sheet.tonic, sheet.mode)))
        tempos.append((drums, its_tempo.sure, abs(its_tempo.bpm / bpm - 1.0) < _NEAR))
        ground = lined_up.ground(rows, onsets)
        grounds.append(ground)
        again = lined_up.line_up(ground, lined_up.ground(*heard(played(sheet, again_at, 1000 + number, drums=False))))
        assert again is not None
        same.append(again.score)
        beats = np.linspace(0.0, sheet.beats, 4000)
        here, there = np.array([at(beat) for beat in beats]), np.array([again_at(beat) for beat in beats])
        off_ms += [1000 * abs(float(np.interp(x, here, there)) - y) for x, y in again.pairs if x <= here[-1]]
    others = [lined_up.line_up(one, other) for one, other in itertools.islice(itertools.combinations(grounds, 2), 60)]
    print(f"| key, {len(keys)} songs | told of {_told(keys)} | without the limit {_right(keys)} right |")
    for drums in (True, False):
        some = [(sure, right) for with_drums, sure, right in tempos if with_drums == drums]
        what = "with drums" if drums else "without drums"
        print(f"| tempo, {len(some)} songs {what} | told of {_told(some)} | without the limit {_right(some)} right |")
    p50, p95 = np.percentile(off_ms, [50, 95])
    print(f"| lined up, {len(same)} songs, {len(off_ms)} pairs | median {p50:.0f} ms | 95 % {p95:.0f} ms |")
    apart = [each.score for each in others if each is not None]
    print(
        f"| score | same song {min(same):.2f} to {max(same):.2f} | other song up to {max(apart):.2f} ({len(apart)}) |"
    )


def _told(found: list[tuple[bool, bool]]) -> str:
    told = [right for sure, right in found if sure]
    return f"{len(told)}, {sum(told)} right"


def _right(found: list[tuple[bool, bool]]) -> int:
    return sum(right for _, right in found)


def who_sounds() -> None:
    """Print what is told of mixes of known stems."""
    sounds_of = by_separation(places.find().bundle("stems-live"))
    wrong = missed = right = 0
    for folder in sorted((DATA / "songs").iterdir()):
        there = [stem for stem in STEMS if (folder / f"{stem}.opus").exists()]
        parts = {
            stem: soundfile.read(folder / f"{stem}.opus", frames=40 * RATE_HZ, always_2d=True)[0] for stem in there
        }
        for count in (1, 2, len(there)):
            for some in itertools.islice(itertools.combinations(there, count), 3):
                length = min(len(parts[stem]) for stem in some)
                with tempfile.NamedTemporaryFile(suffix=".wav") as file:
                    mix = sum(parts[stem][:length] for stem in some)
                    soundfile.write(file.name, np.clip(mix, -1.0, 1.0), RATE_HZ, subtype="PCM_24")
                    told = set(sounds_of(Path(file.name)))
                wrong += len(told - set(some))
                missed += len(set(some) - told)
                right += len(told & set(some))
    print(f"| who sounds | told rightly {right}, wrongly {wrong} | not told {missed} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--songs", type=int, default=24)
    parser.add_argument("--beats", type=float, default=80.0)
    parser.add_argument("--no-stems", action="store_true", help="leave out who sounds")
    args = parser.parse_args()
    songs(chosen(args.songs, args.beats))
    if not args.no_stems:
        who_sounds()


if __name__ == "__main__":
    main()
