"""Which recordings there are, what may be learnt from them, and which are held out for validation.

The evaluation folder (`eval/`) is never listed here: checkpoints are chosen on the held-out part of the training data.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

RATE_HZ = 48_000

# Whole files, so that a held-out speaker or place is never heard in training. (`libri_*`: files are speakers.)
HELD_OUT_VOICES = {
    "kerstin": 4,
    "philipp": 2,
    "vocobox": 1,
    "ocean": 10,
    "intent": 5,
    "libri": 4,
    "wake": 2,
}  # how many files at the end of each sorted group
WIDEBAND_ENDS_HZ = 7000.0  # what lies above in a 16 kHz recording is its filter's
ENDS_HZ = {"kerstin": 6300.0}  # 48 kHz files without a top all the same: 25 dB lower at 7 kHz than at 6, 45 at 8
HELD_OUT_NOISES = ("berlin_64710754", "blanket_train", "blanket_wind", "sonicpi_loop_3d_printer")
HELD_OUT_NOISE_TAIL = 0.15  # and this share at the end of every noise longer than 20 s
HELD_OUT_ROOMS = ("house_kitchen", "house_omni-15-10", "hall_Genesis_6_Studio_Live_Room")
HELD_OUT_SONG_TAIL = 0.1

ATTRIBUTIONS = (
    ("rhasspy/dataset-voice-kerstin", "CC0-1.0", "speech, one woman, German"),
    ("PhilippMatthes/dc_tts", "Apache-2.0", "speech, one man, English"),
    ("vocobox/human-voice-dataset", "MIT", "sung notes, one man"),
    ("jimbozhang/speechocean762", "Apache-2.0", "speech, about 200 speakers"),
    ("Picovoice speech-to-intent and wake-word benchmarks", "Apache-2.0", "speech, over 50 speakers"),
    ("LibriSpeech (Panayotov et al.)", "CC-BY-4.0", "speech, 251 speakers"),
    ("ichbinsoftware: everything is remixed", "CC0-1.0", "vocals and backing of four songs"),
    ("blanket", "CC0-1.0 / public domain / CC-BY per file", "rain, wind, birds, fire, street and other noise"),
    ("berlin_noise", "CC-BY-4.0", "street noise"),
    ("sonic-pi samples", "CC0-1.0", "hiss and machine noise"),
    ("web-audio-samples", "Apache-2.0", "room impulse responses"),
    ("DrumGizmo MuldjordKit", "CC-BY-4.0", "drum strokes, as noise"),
    ("Karoryfer Gogodze Phu II, growlybass, swagbass, emilyguitar", "CC0-1.0", "drum strokes and notes, as noise"),
    ("Greg Sullivan E-Pianos", "CC-BY-3.0", "piano notes, as noise"),
    ("Splendid Grand", "public domain", "piano notes, as noise"),
    ("ToobAmp (OpenAIR and others)", "CC-BY-4.0", "hall impulse responses"),
)


STEMS_ATTRIBUTIONS = (
    ("ichbinsoftware: everything is remixed", "CC0-1.0", "stems of three songs; a fourth for validation"),
    ("Groove MIDI Dataset (Google)", "CC-BY-4.0", "drum performances"),
    ("DrumGizmo MuldjordKit", "CC-BY-4.0", "drum strokes"),
    ("Karoryfer Gogodze Phu II, growlybass, swagbass, emilyguitar", "CC0-1.0", "drum strokes, bass and guitar notes"),
    ("Greg Sullivan E-Pianos", "CC-BY-3.0", "piano notes"),
    ("Splendid Grand", "public domain", "piano notes"),
    ("FluidR3 GM sound font (Frank Wen and others)", "MIT", "bass, drum and other instruments"),
    *(entry for entry in ATTRIBUTIONS if entry[2].startswith(("speech", "sung"))),
    *(entry for entry in ATTRIBUTIONS if "impulse responses" in entry[2]),
)


@dataclass(frozen=True)
class Recording:
    """One file. `split` is "train", "val" or "tail" (its end is held out, the rest is for training)."""

    path: Path
    group: str
    wideband: bool  # nothing above 8 kHz
    split: str


def ends_hz(name: str, wideband: bool) -> float | None:
    """Where a voice's recording ends, if that is below what a voice has.  name: a stretch's, "fullband/kerstin_000"."""
    return ENDS_HZ.get(name.split("/")[-1].split("_")[0], WIDEBAND_ENDS_HZ if wideband else None)


def voices(data: Path) -> list[Recording]:
    """All voice files, in a fixed order."""
    found: list[Recording] = []
    for band in ("fullband", "wideband"):
        groups: dict[str, list[Path]] = {}
        for path in sorted((data / "voice" / band).glob("*.opus")):
            groups.setdefault(path.name.split("_")[0], []).append(path)
        for group, paths in groups.items():
            first_held_out = len(paths) - HELD_OUT_VOICES[group]
            for index, path in enumerate(paths):
                split = "val" if index >= first_held_out else "train"
                found.append(Recording(path, group, band == "wideband", split))
    songs = sorted((data / "songs").glob("*/vocals.opus"))
    return found + [Recording(path, "song", False, "tail") for path in songs]


def noises(data: Path) -> list[Recording]:
    """All recorded noise."""
    return [
        Recording(path, path.name.split("_")[0], False, "val" if path.stem in HELD_OUT_NOISES else "tail")
        for path in sorted((data / "noise").glob("*.opus"))
    ]


def music(data: Path) -> list[Recording]:
    """Backing tracks without voice, for bleed."""
    return [
        Recording(path, path.stem, False, "tail")
        for path in sorted((data / "songs").glob("*/*.opus"))
        if path.stem != "vocals"
    ]


def notes(data: Path) -> list[Recording]:
    """Single strokes and notes of instruments, for what happens around a microphone; training only."""
    return [
        Recording(path, path.parent.name, False, "train") for path in sorted((data / "instruments").glob("*/*.opus"))
    ]


def rooms(data: Path) -> list[Recording]:
    """Impulse responses of rooms; guitar cabinets are left out."""
    return [
        Recording(path, path.name.split("_")[0], False, "val" if path.stem in HELD_OUT_ROOMS else "train")
        for path in sorted((data / "rooms").glob("*.flac"))
        if not path.name.startswith("cab_")
    ]
