"""The one reader of sound files: what is there is read to its last frame, and only a SoundFileError comes out."""

import os
import random
import struct
from pathlib import Path

import numpy as np
import pytest

from hw.audio.files import wav_input
from hw.audio.files.reader import NotAudioError, SoundFileError, SoundReader
from hw.audio.files.wav_input import WavInput
from tests.rigs.odd_files import FRAMES, ODD, SOUND, Odd, chunk, encoded, flac_counting, plain, rf64, wav

WHAT_IS_READ = [odd for odd in ODD if odd.frames]
REFUSED = [odd for odd in ODD if not odd.frames and "channels" not in odd.name]
by_id = {"ids": lambda odd: odd.id}


def all_of(reader: SoundReader | WavInput, at_once: int) -> np.ndarray:
    pieces = []
    if isinstance(reader, SoundReader):
        while len(piece := reader.read(at_once)):
            pieces.append(piece)
        return np.concatenate(pieces)
    block = np.zeros((at_once, reader.channels), np.float32)
    while got := reader.read_into(block):
        pieces.append(block[:got].copy())
    return np.concatenate(pieces)


@pytest.mark.parametrize("odd", WHAT_IS_READ, **by_id)
@pytest.mark.parametrize("at_once", [1000, 4096, 10**6])
def test_what_is_there_is_read_to_its_last_frame(odd: Odd, at_once: int, tmp_path: Path) -> None:
    path = tmp_path / f"take{odd.suffix}"
    odd.make(path)
    with SoundReader(path) as reader:
        sound = all_of(reader, at_once)
        assert (len(sound), reader.frames_read) == (odd.frames, odd.frames)
        assert bool(reader.notes) == (odd.code == 1)
        if odd.exact:
            np.testing.assert_array_equal(sound[:, 0] * 32768, SOUND[: odd.frames])


@pytest.mark.parametrize("small_bytes", [0, 2**30], ids=["large", "small"])
@pytest.mark.parametrize("odd", WHAT_IS_READ, **by_id)
def test_the_demo_reads_the_very_same(odd: Odd, small_bytes: int, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(wav_input, "SMALL_BYTES", small_bytes)
    path = tmp_path / f"take{odd.suffix}"
    odd.make(path)
    with SoundReader(path) as reader:
        wanted = all_of(reader, 10**6)
        notes = reader.notes
    played = WavInput(path)
    np.testing.assert_array_equal(all_of(played, 700), wanted)
    assert played.warning == "; ".join(notes)
    played.close()
    looped = WavInput(path, loop=True)
    block = np.zeros((3 * len(wanted), 1), np.float32)
    assert looped.read_into(block) == len(block)
    np.testing.assert_array_equal(block, np.concatenate([wanted] * 3))
    looped.close()


@pytest.mark.parametrize("odd", REFUSED, **by_id)
def test_what_cannot_be_read_is_refused_at_once(odd: Odd, tmp_path: Path) -> None:
    path = tmp_path / f"take{odd.suffix}"
    odd.make(path)
    with pytest.raises(SoundFileError) as refused:
        SoundReader(path).read(1)
    assert odd.says in str(refused.value)
    with pytest.raises(SoundFileError):
        WavInput(path)


def test_a_name_that_no_file_can_have_is_refused() -> None:
    with pytest.raises(SoundFileError):
        SoundReader(Path("a\0b.wav"))


@pytest.mark.parametrize("trailer", [b"", chunk(b"LIST", b"INFO")], ids=["end", "LIST"])
def test_a_wav_over_4_gb_whose_size_began_anew_is_read_whole(trailer: bytes, tmp_path: Path) -> None:
    frames = 2**31 + 1000  # of 2 bytes
    path = tmp_path / "long.wav"
    with path.open("wb") as file:
        file.write(plain(sound=b"")[:40] + struct.pack("<I", frames * 2 % 2**32))
        file.seek(44 + frames * 2 - 4)
        file.write(b"\1\0\2\0" + trailer)
    with SoundReader(path) as reader:
        assert (reader.frames, reader.notes) == (frames, [])
        assert "longer than the 32 bits of its header can tell" in reader.remarks[0]


def test_an_rf64_over_4_gb_is_read_whole(tmp_path: Path) -> None:
    frames = 2**31 + 1000
    path = tmp_path / "long.wav"
    for told in (frames * 2, 0):
        with path.open("wb") as file:
            file.write(rf64(told, b""))
            file.truncate(80 + frames * 2)
        with SoundReader(path) as reader:
            assert (reader.frames, reader.notes) == (frames, [])


def test_the_byte_after_an_odd_number_of_them_is_no_cut(tmp_path: Path) -> None:
    form = struct.pack("<HHIIHH", 1, 1, 48_000, 3 * 48_000, 3, 24)
    path = tmp_path / "take.wav"
    path.write_bytes(wav(chunk(b"fmt ", form), chunk(b"data", bytes(3 * 101), 0xFFFFFFFF)))
    with SoundReader(path) as reader:
        assert (len(all_of(reader, 1000)), reader.notes) == (101, [])


@pytest.mark.parametrize("at_once", [900, 1024, 5000, 10**6])
def test_what_was_decoded_ahead_of_a_fault_counts_whatever_the_steps_are(at_once: int, tmp_path: Path) -> None:
    path = tmp_path / "take.flac"
    data = encoded("FLAC")
    path.write_bytes(data[: len(data) * 2 // 3])
    with SoundReader(path) as reader:
        assert len(all_of(reader, at_once)) == 4 * 4096


@pytest.mark.parametrize("at_once", [1000, 4096, 10**6])
@pytest.mark.parametrize("told", [True, False], ids=["length told", "length not told"])
@pytest.mark.parametrize("places", [(0.02,), (0.5,), (0.97,), (0.2, 0.22, 0.6), (0.3, 0.4, 0.5, 0.6)])
def test_a_damaged_flac_is_silent_where_it_is_damaged(
    at_once: int, told: bool, places: tuple[float, ...], tmp_path: Path
) -> None:
    path = tmp_path / "take.flac"
    data = bytearray(encoded("FLAC") if told else flac_counting(0))
    for place in places:
        at = int(place * len(data)) + 100
        data[at : at + 200] = bytes(range(200))
    path.write_bytes(data)
    with SoundReader(path) as reader:
        for _ in range(2):
            sound = all_of(reader, at_once)[:, 0] * 32768
            assert len(sound) == (FRAMES if places[-1] < 0.9 else FRAMES // 4096 * 4096)
            heard = np.flatnonzero(sound)
            np.testing.assert_array_equal(sound[heard], SOUND[heard])
            silent = len(sound) - len(heard)
            assert silent < (len(places) + 1) * 4096
            assert silent > 4000 or places[-1] > 0.9
            assert len(reader.notes) == 1
            reader.rewind()


def test_rates_outside_of_what_sound_has_are_refused(tmp_path: Path) -> None:
    for rate_hz, code in ((999, False), (1000, True), (768_000, True), (768_001, False)):
        form = struct.pack("<HHIIHH", 1, 1, rate_hz, 2 * rate_hz, 2, 16)
        path = tmp_path / f"{rate_hz}.wav"
        path.write_bytes(wav(chunk(b"fmt ", form), chunk(b"data", bytes(2000))))
        if code:
            SoundReader(path).close()
        else:
            with pytest.raises(NotAudioError, match=f"a rate of {rate_hz} Hz; allowed 1000 to 768000"):
                SoundReader(path)


def test_a_flac_of_unknown_length_and_end_is_read_until_it_fails(tmp_path: Path) -> None:
    """So much after its damage that its last block is not found: the length is not known beforehand."""
    path = tmp_path / "take.flac"
    data = flac_counting(0)
    path.write_bytes(data[: len(data) // 2] + b"\x11" * (3 << 20))
    with SoundReader(path) as reader:
        assert reader.frames == 0
        assert len(all_of(reader, 1000)) == 3 * 4096
        assert reader.notes == [f"{path}: cut short: it breaks off after 0.26 s"]
    assert WavInput(path).frames == 3 * 4096


@pytest.mark.parametrize("seed", range(6))
def test_whatever_the_bytes_are_nothing_but_a_sound_file_error_comes_out(seed: int, tmp_path: Path) -> None:
    """Header and end of every kind of file are changed at random: it is read, or refused in words."""
    rng = random.Random(seed)
    kinds = [plain(), rf64(2 * FRAMES), encoded("FLAC"), encoded("AIFF"), encoded("CAF"), encoded("W64"), encoded("AU")]
    read = refused = 0
    for _ in range(200):
        data = bytearray(rng.choice(kinds))
        for _ in range(rng.randint(1, 6)):
            at = rng.choice(
                (rng.randrange(64), rng.randrange(200), rng.randrange(len(data)), len(data) - 1 - rng.randrange(99))
            )
            data[at] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
        if rng.random() < 0.3:
            del data[rng.randrange(1, len(data)) :]
        path = tmp_path / "take.wav"
        path.write_bytes(data)
        try:
            with SoundReader(path) as reader:
                if reader.channels <= 8:
                    read += len(all_of(reader, 5000)) > 0
        except SoundFileError:
            refused += 1
    assert read > 50
    assert refused > 5
    assert os.listdir(tmp_path) == ["take.wav"]
