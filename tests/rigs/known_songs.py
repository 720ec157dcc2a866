"""Songs of which key, tempo and the time of every beat are known: lead sheets, played by a band of a few sines.

The sheets are public-domain songs in MusicXML. Where they are not beside the checkout, one tune is there always.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsp.block import RATE_HZ

Sound = NDArray[np.float32]
_STEPS = {"C": 3, "D": 5, "E": 7, "F": 8, "G": 10, "A": 0, "B": 2}  # above A
_CHORDS = {
    "minor": (0, 3, 7), "minor-seventh": (0, 3, 7, 10), "dominant": (0, 4, 7, 10), "major-seventh": (0, 4, 7, 11),
    "diminished": (0, 3, 6), "augmented": (0, 4, 8), "major-sixth": (0, 4, 7, 9), "minor-sixth": (0, 3, 7, 9),
    "diminished-seventh": (0, 3, 6, 9), "dominant-ninth": (0, 4, 7, 10), "half-diminished": (0, 3, 6, 10),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sheet:
    """A song on paper. tonic: above A; notes: (beat, beats, MIDI number); chords: (beat, beats, MIDI numbers)."""

    title: str
    tonic: int
    mode: str
    notes: Sequence[tuple[float, float, int]]
    chords: Sequence[tuple[float, float, tuple[int, ...]]]
    beats: float


def sheets(folder: Path) -> Iterator[Sheet]:
    """Those of which the last chord says whether they are in major or minor, by title."""
    for path in sorted(folder.glob("*.mxl")):
        with zipfile.ZipFile(path) as packed:
            name = next(name for name in packed.namelist() if name.endswith(".xml") and "META" not in name)
            found = _sheet(path.stem, ElementTree.fromstring(packed.read(name)))
        if found is not None and found.beats >= 48 and len(found.chords) >= 8:
            yield found


def tune(seed: int = 0) -> Sheet:
    """A tune of our own, in A minor for seed 0; for others in a key and with chords of their own."""
    rng = np.random.default_rng(seed)
    bars = [(0, 3), (5, 3), (7, 4), (0, 3)] * 8  # root above the tonic, third
    tonic = 0
    if seed:
        tonic = int(rng.integers(2, 11))
        roots = rng.choice((0, 2, 3, 5, 7, 8, 10), 32)
        bars = [(int(root), 4 if root in (3, 8, 10) else 3) for root in roots]
    chords, notes = [], list[tuple[float, float, int]]()
    for bar, (above, third) in enumerate(bars):
        root = (tonic + above) % 12
        chords.append((4.0 * bar, 4.0, (57 + root, 57 + root + third, 64 + root)))
        beats = [beat for beat in range(4) if rng.random() < 0.8]
        notes += [(4.0 * bar + beat, 1.0, 69 + root + int(rng.choice((0, third, 7, 12)))) for beat in beats]
    return Sheet(f"tune {seed}", tonic, "minor", notes, chords, 4.0 * len(bars))


def steady(bpm: float) -> Callable[[float], float]:
    """The second of each beat."""
    return lambda beat: beat * 60.0 / bpm


def swaying(bpm: float, by: float, every_beats: float, begin_s: float = 0.0) -> Callable[[float], float]:
    """A tempo that goes up and down by the share `by`; the first beat is after begin_s."""
    turn = 2.0 * np.pi / every_beats
    return lambda beat: begin_s + 60.0 / bpm * (beat + by * float(np.sin(turn * beat)) / turn)


def played(
    sheet: Sheet, at: Callable[[float], float], seed: int = 0, *, drums: bool = True, a_hz: float = 440.0
) -> Sound:
    """The song, float32 (frames,). at: the second of a beat. seed: of how it is played; sounds differ with it."""
    rng = np.random.default_rng(seed)
    out = np.zeros(int((at(sheet.beats) + 1.5) * RATE_HZ), np.float32)
    voices = [(sheet.notes, 0.22, rng.uniform(0.4, 1.2, 6)), ((), 0.1, rng.uniform(0.3, 1.0, 5))]
    for notes, level, colour in voices:
        for beat, beats, number in notes:
            _add(out, at(beat), _tone(number, at(beat + beats) - at(beat), colour, a_hz) * level)
    for beat, beats, numbers in sheet.chords:
        step = float(rng.choice((1.0, 2.0)))
        for again in np.arange(beat, beat + beats - 0.01, step):
            for number in numbers:
                tone = _tone(number, at(min(again + step, beat + beats)) - at(again), voices[1][2], a_hz)
                _add(out, at(again), tone * 0.1)
        _add(out, at(beat), _tone(numbers[0] - 12, at(beat + min(2.0, beats)) - at(beat), voices[1][2], a_hz) * 0.25)
    if drums:
        for half in range(int(2 * sheet.beats)):
            _add(out, at(half / 2), _hit(rng, "hat") * 0.05)
            if half % 4 == 0:
                _add(out, at(half / 2), _hit(rng, "kick") * 0.5)
            if half % 4 == 2:
                _add(out, at(half / 2), _hit(rng, "snare") * 0.2)
    out += rng.normal(0.0, 3e-4, len(out)).astype(np.float32)
    return out * np.float32(0.5 / max(1e-9, float(np.abs(out).max())))


def _tone(number: int, seconds: float, colour: NDArray[np.float64], a_hz: float) -> Sound:
    hz = a_hz * 2.0 ** ((number - 69) / 12.0)
    at = np.arange(int(max(0.05, seconds) * RATE_HZ), dtype=np.float32) / np.float32(RATE_HZ)
    sound = np.zeros(len(at), np.float32)
    for harmonic, strength in enumerate(colour, 1):
        if harmonic * hz < 8000.0:
            turn = np.float32(2.0 * np.pi * harmonic * hz)
            sound += np.float32(strength / harmonic) * np.sin(turn * at) * np.exp(at * np.float32(-1.2 * harmonic))
    edge = min(len(sound), 480)
    sound[:edge] *= np.linspace(0.0, 1.0, edge, dtype=np.float32)
    sound[-edge:] *= np.linspace(1.0, 0.0, edge, dtype=np.float32)
    return sound


def _hit(rng: np.random.Generator, drum: str) -> Sound:
    at = np.arange(int(0.12 * RATE_HZ), dtype=np.float32) / np.float32(RATE_HZ)
    if drum == "kick":
        sound = np.sin(2 * np.pi * (50.0 * at + 4.0 * (1.0 - np.exp(-30.0 * at)))) * np.exp(-25.0 * at)
        return np.asarray(sound, np.float32)
    noise = rng.normal(0.0, 1.0, len(at)) * np.exp(-(25.0 if drum == "snare" else 90.0) * at)
    return np.asarray(np.diff(noise, prepend=0.0) if drum == "hat" else noise, np.float32)


def _add(out: Sound, at_s: float, sound: Sound) -> None:
    first = round(at_s * RATE_HZ)
    part = sound[: max(0, len(out) - first)]
    out[first : first + len(part)] += part


def _sheet(title: str, tree: ElementTree.Element) -> Sheet | None:
    divisions, beat, fifths = 1.0, 0.0, None
    notes, roots = [], []
    for element in tree.iter():
        if element.tag == "divisions":
            divisions = float(element.text or 1)
        elif element.tag == "fifths" and fifths is None:
            fifths = int(element.text or 0)
        elif element.tag == "harmony" and (step := element.findtext("root/root-step")) in _STEPS:
            root = _STEPS[step] + int(float(element.findtext("root/root-alter") or 0))
            roots.append((beat, root % 12, element.findtext("kind") or "major"))
        elif element.tag == "note" and element.find("grace") is None:
            beats = float(element.findtext("duration") or 0) / divisions
            step = element.findtext("pitch/step")
            if step in _STEPS and element.find("chord") is None:
                number = 12 * int(element.findtext("pitch/octave") or 4) + (_STEPS[step] + 9) % 12 + 12
                notes.append((beat, beats, number + int(float(element.findtext("pitch/alter") or 0))))
            beat += beats
    if fifths is None or not roots:
        return None
    major, (_, last, kind) = (3 + 7 * fifths) % 12, roots[-1]
    if last == major and not kind.startswith("minor"):
        mode, tonic = "major", major
    elif last == (major + 9) % 12 and kind.startswith("minor"):
        mode, tonic = "minor", last
    else:
        return None
    ends = [at for at, _, _ in roots[1:]] + [beat]
    chords = [
        (at, end - at, tuple(57 - 12 * (root > 6) + root + part for part in _CHORDS.get(kind, (0, 4, 7))))
        for (at, root, kind), end in zip(roots, ends, strict=True)
        if end > at
    ]
    return Sheet(title, tonic, mode, notes, chords, beat)
