"""The recordings: what there is, what may be used for training, and what is held out for validation.

The evaluation folder (`eval/`) is never listed here: checkpoints are chosen on the held-out part of the training data.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

RATE_HZ = 48_000

# Held out by source, never by piece: a speaker, a song or a collection that is scored is never heard in training.
# Of a group of many speakers, the last so many files (files are speakers); None: the whole group, one speaker.
HELD_OUT_VOICES: dict[str, int | None] = {
    "kathleen": None,
    "flemishguy": None,
    "ocean": 10,
    "intent": 5,
    "libri": 4,
    "wake": 2,
}
HELD_OUT_SETS = ("producerspace_sq", "producerspace_shv_fs", "producerspace_etv_cm")  # a voice, two songs
HELD_OUT_SONG = "lithium"  # vocals and backing; the stems' trainers hold out the same
HELD_OUT_NOISES = (
    "noixer",  # two collections that between them hold most kinds
    "soundmonster",
    "kbsim_keyboard_02",  # keyboards of models that the other two files have not
    "ambie_rain",
    "berlin_64710754",
    "blanket_train",
    "blanket_wind",
    "sonicpi_loop_3d_printer",
)
HELD_OUT_ROOMS = ("house_kitchen", "house_omni-15-10", "hall_Genesis_6_Studio_Live_Room")

FULL_HZ = RATE_HZ / 2.0
WIDEBAND_ENDS_HZ = 7000.0  # what lies above in a 16 kHz recording is its filter's
ENDS_HZ = {"kerstin": 6300.0}  # 48 kHz files without a top all the same: 25 dB lower at 7 kHz than at 6, 45 at 8
TOP_KEPT = 0.95  # of the highest frequency of a clip: where its filter begins
OLDER_NOISES = {"berlin": "traffic", "sonicpi": "machine"}  # kinds of what has a number or a name for its kind

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


INDEX_COLUMNS = ("folder", "file", "start", "seconds", "top_khz", "speech", "licence", "author", "repository")


@dataclass(frozen=True)
class Clip:
    """One recording inside a file, as INDEX.tsv has it."""

    start_seconds: float
    seconds: float
    top_hz: float  # nothing above; FULL_HZ where nothing is missing
    speech: bool


@dataclass(frozen=True)
class Recording:
    """One file. `split` is "train" or "val"; no clips: one recording from end to end."""

    path: Path
    group: str
    top_hz: float
    split: str
    clips: tuple[Clip, ...] = ()


def index(data: Path) -> dict[str, tuple[Clip, ...]]:
    """The clips of each file of INDEX.tsv, by "folder/file". Raises ValueError where a line cannot be read."""
    path = data / "INDEX.tsv"
    with path.open(newline="", encoding="utf-8") as lines:
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        if missing := [name for name in INDEX_COLUMNS if name not in (rows.fieldnames or ())]:
            raise ValueError(f"{path}: no column {', '.join(missing)}; it has {', '.join(rows.fieldnames or ())}")
        found: dict[str, list[Clip]] = {}
        for row in rows:
            try:
                clip = Clip(
                    float(row["start"]),
                    float(row["seconds"]),
                    top_hz(float(row["top_khz"]) * 1000),
                    {"0": False, "1": True}[row["speech"]],
                )
            except (KeyError, TypeError, ValueError) as error:
                raise ValueError(f"{path}, line {rows.line_num}: {error!r} in {row}") from error
            found.setdefault(f"{row['folder']}/{row['file']}", []).append(clip)
    return {name: tuple(sorted(clips, key=lambda clip: clip.start_seconds)) for name, clips in found.items()}


def top_hz(highest_hz: float) -> float:
    """The frequency up to which a recording that ends at `highest_hz` is complete."""
    return FULL_HZ if highest_hz >= FULL_HZ else highest_hz * TOP_KEPT


def attributions(data: Path) -> tuple[tuple[str, str, str], ...]:
    """Repository, licences and authors of everything in INDEX.tsv, which a bundle trained on it must name."""
    with (data / "INDEX.tsv").open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    found = []
    for name in sorted({row["repository"] for row in rows}):
        own = [row for row in rows if row["repository"] == name]
        licences, authors = (sorted({row[column] for row in own}) for column in ("licence", "author"))
        kinds = sorted({row["folder"].split("/")[0] for row in own})
        found.append((name, " / ".join(licences), f"{', '.join(kinds)}: {', '.join(authors)}"))
    return tuple(found)


def _held_out(path: Path, names: Iterable[str]) -> str:
    return "val" if path.stem.startswith(tuple(names)) else "train"


def voices(data: Path) -> list[Recording]:
    """All voice files, in a fixed order."""
    clips = index(data)
    found: list[Recording] = []
    for band in ("fullband", "to12k", "singing", "wideband"):
        groups: dict[str, list[Path]] = {}
        for path in sorted((data / "voice" / band).glob("*.opus")):
            group = "singing" if band == "singing" else path.name.split("_")[0]
            groups.setdefault(group, []).append(path)
        for group, paths in groups.items():
            top = ENDS_HZ.get(group, WIDEBAND_ENDS_HZ if band == "wideband" else FULL_HZ)
            held_out = HELD_OUT_VOICES.get(group, 0)
            first_held_out = 0 if held_out is None else len(paths) - held_out
            for number, path in enumerate(paths):
                split = "val" if number >= first_held_out else _held_out(path, HELD_OUT_SETS)
                found.append(Recording(path, group, top, split, clips.get(path.relative_to(data).as_posix(), ())))
    songs = sorted((data / "songs").glob("*/vocals.opus"))
    return found + [Recording(path, "song", FULL_HZ, _song_split(path)) for path in songs]


def _song_split(path: Path) -> str:
    return "val" if path.parent.name == HELD_OUT_SONG else "train"


def noises(data: Path) -> list[Recording]:
    """All recorded noise, grouped by kind: rain, keyboard, crowd, ..."""
    clips = index(data)
    return [
        Recording(
            path,
            OLDER_NOISES.get(path.stem.split("_")[0]) or path.stem.split("_")[1],
            FULL_HZ,
            _held_out(path, HELD_OUT_NOISES),
            clips.get(path.relative_to(data).as_posix(), ()),
        )
        for path in sorted((data / "noise").glob("*.opus"))
    ]


def music(data: Path) -> list[Recording]:
    """Backing tracks without voice, for bleed."""
    return [
        Recording(path, path.stem, FULL_HZ, _song_split(path))
        for path in sorted((data / "songs").glob("*/*.opus"))
        if path.stem != "vocals"
    ]


def notes(data: Path) -> list[Recording]:
    """Single strokes and notes of instruments, for what happens around a microphone; training only."""
    clips = index(data)
    return [
        Recording(path, path.parent.name, FULL_HZ, "train", clips.get(path.relative_to(data).as_posix(), ()))
        for path in sorted((data / "instruments").glob("*/*.opus"))
    ]


def rooms(data: Path) -> list[Recording]:
    """Impulse responses of rooms; guitar cabinets are left out."""
    return [
        Recording(path, path.name.split("_")[0], FULL_HZ, "val" if path.stem in HELD_OUT_ROOMS else "train")
        for path in sorted((data / "rooms").glob("*.flac"))
        if not path.name.startswith("cab_")
    ]
