"""Timecode, markers, tags and pictures go from input to output; what cannot be kept is said."""

import contextlib
import io
import os
import random
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from firmware_app import cli
from firmware_app.offline import metadata, metadata_flac
from firmware_app.offline.metadata import MOST_BYTES, Metadata
from firmware_app.offline.metadata_riff import Change
from firmware_app.offline.wav_file import WavFile, WavForm
from hw.audio.files import flac, riff
from tests.rigs.odd_files import FRAMES, RATE_HZ, SOUND, chunk, encoded, plain, process, wav

TIME = 172_800_000
_FORM = plain()[20:36]
_SOUND = plain()[44:]
CUE = struct.pack("<IIIIIII", 1, 1, 4_800, int.from_bytes(b"data", "little"), 0, 0, 4_800)
INFO = b"INFO" + chunk(b"INAM", b"Take 7\0") + chunk(b"IART", "Zoë\0".encode()) + chunk(b"IKEY", b"lead\0")
IXML = b'<?xml version="1.0"?><BWFXML><SCENE>12</SCENE></BWFXML>'
PICTURE = (
    struct.pack(">II", 3, 9) + b"image/png" + struct.pack(">IIIII", 0, 1, 1, 24, 0) + struct.pack(">I", 4) + b"png!"
)
CUE_SHEET = bytes(395) + b"\1" + struct.pack(">Q", FRAMES) + b"\xff" + bytes(27)  # no disc; a lead-out
TAGS = [("TITLE", "Take 7"), ("ARTIST", "Zoë"), ("ARTIST", "Bo"), ("MUSICBRAINZ_TRACKID", "abc"), ("encoder", "Rec")]


def bext(version: int = 1, history: bytes = b"", loudness: tuple[int, ...] = (0, 0, 0, 0, 0)) -> bytes:
    fixed = bytearray(602)
    fixed[:6] = b"Take 7"
    struct.pack_into("<QH", fixed, 338, TIME, version)
    struct.pack_into("<5h", fixed, 412, *loudness)
    return bytes(fixed) + history


def bwf(*before: bytes, after: tuple[bytes, ...] = (chunk(b"cue ", CUE), chunk(b"LIST", INFO))) -> bytes:
    ahead = before or (chunk(b"bext", bext()), chunk(b"iXML", IXML))
    return wav(*ahead, chunk(b"fmt ", _FORM), chunk(b"data", _SOUND), *after)


def tagged_flac(tags: list[tuple[str, str]], *blocks: tuple[int, bytes]) -> bytes:
    texts = [f"{name}={value}".encode() for name, value in tags]
    comment = struct.pack("<I", 3) + b"Rec" + struct.pack("<I", len(texts))
    comment += b"".join(struct.pack("<I", len(text)) + text for text in texts)
    whole = encoded("FLAC")
    found = flac.walk(io.BytesIO(whole), len(whole))
    assert found is not None
    more = b"".join(
        bytes([kind]) + len(content).to_bytes(3, "big") + content
        for kind, content in ((flac.COMMENT, comment), *blocks)
    )
    return whole[:42] + more + bytes([0x80 | flac.PADDING, 0, 0, 2, 0, 0]) + whole[found.sound_offset :]


def chunks(name: str) -> dict[bytes, bytes]:
    """Every chunk of a WAV beside form and sound, and whether libsndfile finds the sound whole."""
    np.testing.assert_array_equal(soundfile.read(name, dtype="int32")[0] >> 16, SOUND)
    data = Path(name).read_bytes()
    assert struct.unpack("<I", data[4:8])[0] == len(data) - 8
    found = riff.walk(io.BytesIO(data), len(data))
    assert found is not None
    return {one.name: data[one.offset : one.offset + one.size] for one in found.chunks}


def blocks(name: str) -> list[tuple[int, bytes]]:
    """Every block of a FLAC but the first and the padding."""
    np.testing.assert_array_equal(soundfile.read(name, dtype="int32")[0] >> 16, SOUND)
    data = Path(name).read_bytes()
    found = flac.walk(io.BytesIO(data), len(data))
    assert found is not None
    return [(one.kind, data[one.offset : one.offset + one.size]) for one in found.blocks if one.kind != flac.PADDING]


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.delenv("HUSHBOX_CONFIG", raising=False)


def said(source: str, target: str) -> str:
    """What `hushbox process` says of it; exit code 0."""
    code, frames, words = process(Path(source), Path(target))
    assert (code, frames) == (0, FRAMES), words
    return words


# --- WAV to WAV ---


def test_a_broadcast_wav_keeps_its_timecode_markers_and_texts():
    Path("in.wav").write_bytes(bwf())
    assert said("in.wav", "out.wav") == ""
    found = chunks("out.wav")
    assert list(found) == [b"bext", b"iXML", b"cue ", b"LIST"]
    assert (found[b"iXML"], found[b"cue "], found[b"LIST"]) == (IXML, CUE, INFO)
    assert found[b"bext"][:602] == bext()
    assert struct.unpack_from("<Q", found[b"bext"], 338)[0] == TIME
    assert found[b"bext"][602:].startswith(b"A=PCM,F=48000,W=16,M=mono,T=Hushbox")


def test_history_grows_by_a_line_and_loudness_of_the_old_sound_goes():
    before = b"A=PCM,F=48000,W=16,M=mono,T=Recorder\0\0\0"
    Path("in.wav").write_bytes(bwf(chunk(b"bext", bext(2, before, (-2300, 500, -100, -1800, -2000)))))
    assert said("in.wav", "out.wav") == "hushbox: in.wav: not copied: loudness in bext (of the sound before)\n"
    found = chunks("out.wav")[b"bext"]
    lines = found[602:].split(b"\r\n")
    assert (len(lines), lines[0], lines[2]) == (3, before.rstrip(b"\0"), b"")
    assert struct.unpack_from("<5h", found, 412) == (0x7FFF,) * 5


def test_chunks_that_nobody_here_knows_are_kept_and_those_of_the_old_sound_are_not():
    known = (chunk(b"smpl", bytes(36)), chunk(b"id3 ", b"ID3\3\0\0\0\0\0\0"), chunk(b"odd!", b"abc"))
    old = (chunk(b"JUNK", bytes(28)), chunk(b"PEAK", bytes(16)), chunk(b"levl", bytes(9)), chunk(b"MD5 ", bytes(16)))
    Path("in.wav").write_bytes(bwf(*known, *old))
    assert said("in.wav", "out.wav") == "hushbox: in.wav: not copied: levl (levels); MD5 (checksum)\n"
    found = chunks("out.wav")
    assert list(found) == [b"smpl", b"id3 ", b"odd!", b"cue ", b"LIST"]
    assert found[b"odd!"] == b"abc"


def test_absurd_sizes_are_left_out_by_name_and_take_no_memory():
    big = chunk(b"huge", bytes(MOST_BYTES))
    Path("in.wav").write_bytes(bwf(big, chunk(b"bext", bext())))
    words = f"not copied: huge ({MOST_BYTES} bytes; allowed {MOST_BYTES} in all)"
    assert said("in.wav", "out.wav") == f"hushbox: in.wav: {words}\n"
    assert list(chunks("out.wav")) == [b"bext", b"cue ", b"LIST"]


def test_a_chunk_that_was_cut_off_is_named():
    Path("in.wav").write_bytes(bwf()[:-9])
    assert said("in.wav", "out.wav") == "hushbox: in.wav: not copied: LIST (cut off)\n"
    assert list(chunks("out.wav")) == [b"bext", b"iXML", b"cue "]


def test_a_chunk_that_would_hide_the_sound_from_others_is_left_out():
    """libsndfile gives up at a name that is no text."""
    Path("in.wav").write_bytes(bwf(chunk(b"b\0xt", bext()), chunk(b"iXML", IXML)))
    assert said("in.wav", "out.wav") == "hushbox: in.wav: not copied: b?xt (damaged)\n"
    assert list(chunks("out.wav")) == [b"iXML", b"cue ", b"LIST"]


def test_keep_latency_says_that_the_timecode_is_off_by_it():
    Path("in.wav").write_bytes(bwf())
    err = io.StringIO()
    words = ["process", "in.wav", "out.wav", "--bundle", "none", "--keep-latency"]
    with contextlib.redirect_stderr(err), contextlib.redirect_stdout(io.StringIO()):
        assert cli.main(words) == 0
    assert " ms later than its timecode and markers say" in err.getvalue()


# --- FLAC to FLAC, and between the two ---


def test_a_flac_keeps_tags_picture_cue_sheet_and_foreign_blocks():
    kept = ((flac.PICTURE, PICTURE), (flac.CUE_SHEET, CUE_SHEET), (flac.APPLICATION, b"test" + b"abc"))
    gone = ((flac.PADDING, bytes(50)), (flac.SEEK_TABLE, bytes(18)))
    Path("in.flac").write_bytes(tagged_flac([*TAGS, ("REPLAYGAIN_TRACK_GAIN", "-3 dB")], *gone, *kept))
    assert said("in.flac", "out.flac") == (
        "hushbox: in.flac: not copied: REPLAYGAIN_TRACK_GAIN (of the sound before)\n"
    )
    found = blocks("out.flac")
    assert found[1:] == [(kind, content) for kind, content in kept]
    assert metadata_flac.tags(found[0][1]) == TAGS
    with soundfile.SoundFile("out.flac") as file:
        assert file.title == "Take 7"


def test_blocks_that_no_decoder_takes_do_not_cost_the_sound():
    """libFLAC refuses a whole file for one of them."""
    Path("in.flac").write_bytes(tagged_flac(TAGS, (flac.CUE_SHEET, bytes(396)), (flac.PICTURE, b"png")))
    assert said("in.flac", "out.flac") == (
        "hushbox: in.flac: not copied: the cue sheet (damaged); the picture (damaged)\n"
    )
    assert [kind for kind, _ in blocks("out.flac")] == [flac.COMMENT]


def test_a_wav_goes_through_a_flac_and_back():
    Path("in.wav").write_bytes(bwf(chunk(b"bext", bext()), chunk(b"iXML", IXML), chunk(b"odd!", b"abc")))
    assert said("in.wav", "middle.flac") == ""
    found = blocks("middle.flac")
    assert metadata_flac.tags(found[0][1]) == [("TITLE", "Take 7"), ("ARTIST", "Zoë")]
    foreign = [content[4:] for kind, content in found[1:] if content[:4] == b"riff"]
    assert [content[:4] for content in foreign] == [
        b"RIFF", b"fmt ", b"bext", b"iXML", b"odd!", b"data", b"cue ", b"LIST",
    ]  # fmt: skip
    told = struct.unpack("<I", foreign[0][4:8])[0]
    assert told == 4 + sum(map(len, foreign[1:])) + 2 * FRAMES  # as `flac` puts the WAV together again
    assert said("middle.flac", "out.wav") == ""
    back = chunks("out.wav")
    assert list(back) == [b"bext", b"iXML", b"odd!", b"cue ", b"LIST"]
    assert (back[b"iXML"], back[b"odd!"], back[b"cue "], back[b"LIST"]) == (IXML, b"abc", CUE, INFO)
    assert back[b"bext"][:602] == bext()
    assert back[b"bext"].count(b"T=Hushbox") == 2


def test_tags_of_a_flac_become_texts_of_a_wav_and_the_rest_is_named():
    Path("in.flac").write_bytes(
        tagged_flac(TAGS, (flac.PICTURE, PICTURE), (flac.PICTURE, PICTURE), (flac.CUE_SHEET, CUE_SHEET))
    )
    assert said("in.flac", "out.wav") == (
        "hushbox: in.flac: not copied: the picture (2 times); the cue sheet; "
        "the tags 'MUSICBRAINZ_TRACKID' (a WAV has no place for them)\n"
    )
    with soundfile.SoundFile("out.wav") as file:
        assert (file.title, file.artist, file.software) == ("Take 7", "Zoë; Bo", "Rec")


def test_tags_that_were_changed_in_the_flac_win_over_the_texts_of_the_wav_it_came_from():
    before = Metadata(chunks_after=((b"LIST", INFO),), tags=(("Title", "Take 8"),))
    found = metadata.fit(before, "WAV", Change(48_000, 48_000, 1, 1, 16, "x")).chunks_after[0][1]
    assert b"Take 8\0" in found
    assert b"Take 7" not in found
    assert "Zoë".encode() in found
    assert b"IKEY" in found


def test_texts_of_other_kinds_of_file_are_taken_over():
    with soundfile.SoundFile("in.aiff", "w", RATE_HZ, 1, "PCM_16") as file:
        file.title, file.artist = "Take 7", "Zoë"
        file.write(SOUND)
    assert "what a file of kind AIFF says beside plain text" in said("in.aiff", "out.flac")
    with soundfile.SoundFile("out.flac") as file:
        assert (file.title, file.artist) == ("Take 7", "Zoë")


@pytest.mark.parametrize("size", [1, 70_000, 14 << 20])
def test_much_metadata_fits_into_a_flac(size: int):
    picture = PICTURE[:-8] + struct.pack(">I", size) + bytes(size)
    Path("in.flac").write_bytes(tagged_flac(TAGS, (flac.PICTURE, picture)))
    assert said("in.flac", "out.flac") == ""
    assert blocks("out.flac")[1] == (flac.PICTURE, picture)


def test_a_file_without_metadata_gets_none():
    Path("in.wav").write_bytes(plain())
    assert said("in.wav", "out.wav") == said("in.wav", "out.flac") == ""
    assert Path("out.wav").read_bytes() == plain()
    assert [kind for kind, _ in blocks("out.flac")] == [flac.COMMENT]


@pytest.mark.parametrize("subtype", ["PCM_S8", "PCM_16", "PCM_24"])
def test_every_depth_of_a_flac_keeps_the_chunks_of_the_wav_it_came_from(subtype):
    whole = encoded("FLAC", subtype)
    more = bytes([flac.APPLICATION, 0, 0, 20]) + b"riff" + chunk(b"odd!", b"abcdefgh")
    Path("in.flac").write_bytes(whole[:42] + more + whole[42:])
    assert said("in.flac", "out.flac") == said("in.flac", "out.wav") == ""
    for name in ("out.flac", "out.wav"):
        assert (b"odd!", b"abcdefgh") in metadata.read(Path(name)).chunks_before


# --- another rate, another number of channels ---


def test_at_another_rate_the_time_reference_is_turned_and_what_counts_samples_is_left_out():
    adtl = b"adtl" + chunk(b"labl", b"\1\0\0\0a\0")
    found = Metadata(
        ((b"bext", bext()), (b"iXML", IXML)), ((b"cue ", CUE), (b"LIST", adtl), (b"LIST", INFO)), left_out=("before",)
    )
    fitted = metadata.fit(found, "WAV", Change(44_100, 48_000, 1, 2, 32, "Hushbox"))
    (name, content), *more = fitted.chunks_before
    assert (name, more) == (b"bext", [])
    assert struct.unpack_from("<Q", content, 338)[0] == round(TIME * 48_000 / 44_100)
    assert content.endswith(b"A=PCM,F=48000,W=32,M=stereo,T=Hushbox\r\n")
    assert fitted.chunks_after == ((b"LIST", INFO),)
    assert fitted.left_out == (
        "before",
        "iXML (it tells of 1 channel at 44100 Hz)",
        "cue (it counts samples at 44100 Hz)",
        "LIST (it counts samples at 44100 Hz)",
    )


# --- what others wrote badly ---


@pytest.mark.parametrize("seed", range(4))
def test_whatever_the_bytes_are_the_metadata_is_read_or_refused_and_the_output_can_be_read(seed: int):
    rng = random.Random(seed)
    wavs, flacs = bwf(), tagged_flac(TAGS, (flac.PICTURE, PICTURE), (flac.APPLICATION, b"riffLIST\xff\xff\xff\xffINFO"))
    change, form = Change(48_000, 48_000, 1, 1, 16, "Hushbox"), WavForm(48_000, 1, "PCM_16")
    for number in range(150):
        data = bytearray(rng.choice((wavs, flacs)))
        end = 2000 if data[:4] == b"RIFF" and rng.random() < 0.5 else 400
        for _ in range(rng.randint(1, 8)):
            at = rng.choice((rng.randrange(end), len(data) - 1 - rng.randrange(200)))
            data[at] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
        Path("in").write_bytes(data)
        found = metadata.read(Path("in"))
        for container in ("WAV", "FLAC"):
            fitted = metadata.fit(found, container, change)
            assert all(text.isprintable() for text in fitted.left_out)
            if container == "WAV" and number % 5 == 0:
                with open("out.wav", "wb") as target:
                    wave = WavFile(target, form, FRAMES, fitted.chunks_before, fitted.chunks_after)
                    wave.write(SOUND[:, None])
                    wave.close()
                assert soundfile.info("out.wav").frames == FRAMES
            if container == "FLAC" and fitted and number % 10 == 0:
                with soundfile.SoundFile("out.flac", "w", 48_000, 1, "PCM_16") as file:
                    file.comment = metadata_flac.room_for(fitted)
                    file.write(SOUND)
                metadata_flac.fill(Path("out.flac"), fitted, form, FRAMES)
                assert soundfile.info("out.flac").frames == FRAMES
    assert sorted(os.listdir()) == ["in", "out.flac", "out.wav"]
