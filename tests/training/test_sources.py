"""What is known of the recordings, and that what is scored is never learnt from."""

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="training runs in its own environment, see training/requirements.txt")

import soundfile

from training.data import decode, sources
from training.data.sources import FULL_HZ, RATE_HZ, WIDEBAND_ENDS_HZ

HEADER = "folder\tfile\tstart\tseconds\ttop_khz\tspeech\tlicence\tauthor\trepository\tpath\n"


def _sound(path: Path, seconds: float, level: float = 0.3) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(len(path.name))
    pauses = np.arange(round(seconds * RATE_HZ)) // 12_000 % 2  # half of the time: a clean recording
    soundfile.write(path, level * pauses * rng.uniform(-1, 1, len(pauses)), RATE_HZ, format="OGG", subtype="OPUS")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A few files of each kind with an index."""
    lines = [
        "noise\tnoixer_rain_00.opus\t0.00\t2.00\t24.0\t0",
        "noise\tesc10_clock_00.opus\t0.00\t1.00\t24.0\t0",
        "noise\tesc10_clock_00.opus\t1.20\t0.80\t11.0\t0",
        "noise\tmax_traffic_00.opus\t0.00\t1.00\t24.0\t0",
        "noise\tmax_traffic_00.opus\t1.00\t1.00\t24.0\t1",
        "voice/fullband\tnathalie_00.opus\t0.00\t8.00\t24.0\t1",
        "voice/singing\tproducerspace_shv_ab_124_00.opus\t0.00\t5.00\t21.0\t1",
        "voice/singing\tproducerspace_shv_ab_124_00.opus\t5.00\t7.00\t17.0\t1",
        "instruments/percussion\tbodyperc_00.opus\t0.00\t0.50\t24.0\t0",
        "instruments/percussion\tbodyperc_00.opus\t1.00\t0.50\t24.0\t0",
    ]
    (tmp_path / "INDEX.tsv").write_text(HEADER + "".join(f"{line}\tCC0\tWho\tone/of\tx.wav\n" for line in lines))
    for name, seconds in {
        "noise/noixer_rain_00": 2,
        "noise/esc10_clock_00": 2,
        "noise/max_traffic_00": 2,
        "noise/berlin_64710754": 2,
        "noise/blanket_rain": 30,
        "voice/fullband/nathalie_00": 8,
        "voice/fullband/kerstin_024": 8,
        "voice/fullband/kathleen_00": 8,
        "voice/to12k/flemishguy_00": 8,
        "voice/singing/producerspace_shv_ab_124_00": 12,
        "voice/singing/producerspace_shv_fs_122_00": 4,
        "voice/wideband/ocean_000": 8,
        "songs/lithium/vocals": 4,
        "songs/lithium/drums": 4,
        "songs/caesium/vocals": 4,
        "songs/caesium/drums": 4,
        "instruments/percussion/bodyperc_00": 2,
    }.items():
        _sound(tmp_path / f"{name}.opus", seconds)
    return tmp_path


def _split(recordings: list[sources.Recording]) -> dict[str, str]:
    return {f"{recording.path.parent.name}/{recording.path.stem}": recording.split for recording in recordings}


def test_what_is_scored_is_held_out_by_speaker_song_and_collection(data: Path) -> None:
    voices, noises, music = (_split(kind(data)) for kind in (sources.voices, sources.noises, sources.music))
    assert voices["fullband/kathleen_00"] == voices["to12k/flemishguy_00"] == "val"
    assert voices["fullband/nathalie_00"] == voices["fullband/kerstin_024"] == "train"
    assert voices["singing/producerspace_shv_fs_122_00"] == "val"
    assert voices["singing/producerspace_shv_ab_124_00"] == "train"
    assert voices["lithium/vocals"] == music["lithium/drums"] == "val"
    assert voices["caesium/vocals"] == music["caesium/drums"] == "train"
    assert noises["noise/noixer_rain_00"] == noises["noise/berlin_64710754"] == "val"
    assert noises["noise/esc10_clock_00"] == noises["noise/blanket_rain"] == "train"


def test_no_recording_is_in_both_splits(data: Path, tmp_path: Path) -> None:
    for kind in ("voices", "noises", "music", "notes"):
        decode.decode(getattr(sources, kind)(data), tmp_path / kind, kind)
        names: dict[str, set[str]] = {}
        for stretch in decode.load(tmp_path, kind)[1]:
            names.setdefault(stretch.split, set()).add(stretch.name)
        assert not names["train"] & names.get("val", set()), kind


def test_the_top_of_each_voice_is_its_clips_or_its_rates(data: Path, tmp_path: Path) -> None:
    decode.decode(sources.voices(data), tmp_path / "voices", "voices")
    tops: dict[str, list[float]] = {}
    for stretch in decode.load(tmp_path, "voices")[1]:
        tops.setdefault(stretch.name, []).append(stretch.top_hz)
    assert tops["fullband/nathalie_00"] == [FULL_HZ]
    assert tops["fullband/kerstin_024"] == [6300.0]
    # In pieces of 6 s: the first holds a second of the clip with the lower top.
    assert tops["singing/producerspace_shv_ab_124_00"] == [0.95 * 17_000]
    assert sources.top_hz(21_000) == pytest.approx(19_950)
    assert {recording.top_hz for recording in sources.voices(data) if recording.group == "ocean"} == {WIDEBAND_ENDS_HZ}


def test_clips_in_a_row_are_one_noise_but_those_with_speech_are_a_crowd(data: Path, tmp_path: Path) -> None:
    decode.decode(sources.noises(data), tmp_path / "noises", "noises")
    found = decode.load(tmp_path, "noises")[1]
    by_name: dict[str, list[tuple[str, float]]] = {}
    for stretch in found:
        by_name.setdefault(stretch.name, []).append((stretch.group, stretch.frames / RATE_HZ))
    assert by_name["noise/esc10_clock_00"] == [("clock", pytest.approx(2.0, abs=0.02))]
    assert [group for group, _ in by_name["noise/max_traffic_00"]] == ["traffic", "crowd"]
    assert by_name["noise/berlin_64710754"][0][0] == "traffic"
    assert by_name["noise/blanket_rain"][0][0] == "rain"


def test_each_stroke_of_a_file_is_a_note(data: Path, tmp_path: Path) -> None:
    decode.decode(sources.notes(data), tmp_path / "notes", "notes")
    found = decode.load(tmp_path, "notes")[1]
    assert [(stretch.start, stretch.frames) for stretch in found] == [(0, 24_000), (48_000, 24_000)]


def test_a_noisy_piece_of_a_filtered_voice_is_left_out(data: Path, tmp_path: Path) -> None:
    path = data / "voice/fullband/kathleen_02.opus"
    loud = np.random.default_rng(3).uniform(-0.3, 0.3, 8 * RATE_HZ)
    soundfile.write(path, loud, RATE_HZ, format="OGG", subtype="OPUS")
    decode.decode(sources.voices(data), tmp_path / "voices", "voices")
    names = {stretch.name for stretch in decode.load(tmp_path, "voices")[1]}
    assert "fullband/kathleen_00" in names
    assert "fullband/kathleen_02" not in names


@pytest.mark.parametrize(("column", "text"), [(4, "high"), (5, "2"), (2, "")])
def test_a_line_of_the_index_that_cannot_be_read_is_named(data: Path, column: int, text: str) -> None:
    lines = (data / "INDEX.tsv").read_text().splitlines()
    fields = lines[2].split("\t")
    fields[column] = text
    lines[2] = "\t".join(fields)
    (data / "INDEX.tsv").write_text("\n".join(lines))
    with pytest.raises(ValueError, match=r"INDEX\.tsv, line 3"):
        sources.index(data)


def test_every_repository_licence_and_author_is_named(data: Path) -> None:
    assert sources.attributions(data) == (("one/of", "CC0", "instruments, noise, voice: Who"),)


def test_an_index_of_an_older_program_says_what_to_do(tmp_path: Path) -> None:
    np.zeros(10, np.int16).tofile(tmp_path / "voices.i16")
    old = {"start": 0, "frames": 10, "group": "a", "name": "b", "wideband": False, "split": "train"}
    (tmp_path / "voices.json").write_text(json.dumps([old]))
    with pytest.raises(ValueError, match=r"voices\.json: made by another version.*run\.sh data"):
        decode.load(tmp_path, "voices")
