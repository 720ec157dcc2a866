"""Bleed by reference: how much quieter the music becomes in the microphone, while somebody sings.

    python -m bench.restore.bleed [--limit N] [--tuning] [--plot ERLE.png]

Songs of ../shared/data leak into sung voices through rooms (a wedge, 10 and 20 dB under the voice) and through short
responses (headphones, 30 dB under it); one song's own singer sings in time and in key. ERLE is leak over what is left.
The stage was tuned by the scenes of --tuning; those of the table have other songs, singers, rooms and headphones.
The other is SpeexDSP's echo canceller (MDF; J.-M. Valin, "On adjusting the learning rate in frequency domain echo
cancellation with double-talk", 2007), with the mean of both sides as its reference and 200 ms, in frames of 256:
Debian's libspeexdsp1, by ctypes (HUSHBOX_SPEEXDSP names another file). It filters whatever comes in, with or without
music (a high pass, which alone takes 10 dB of the live room's leak); so voice and leak are compared with what it makes
of them without music, and its figures are those of the canceller alone. The textbook's NLMS (S. Haykin, "Adaptive
Filter Theory"), 200 ms of each side with a step of 0.1, stands in the rows beside. --plot needs matplotlib.
"""

from __future__ import annotations

import argparse
import ctypes
import ctypes.util
import os
import sys
from dataclasses import dataclass

import numpy as np
import soundfile

from bench.harm import si_sdr_db
from bench.restore.heard import DATA, Sound, convolved, voice
from bench.restore.rows import Row
from dsp.block import RATE_HZ, Block
from dsp.restore.bleed import Bleed

PERIOD, SECONDS = 128, 16
SPEEX_FRAMES, PATH_FRAMES, NLMS_STEP = 256, 9600, 0.1


@dataclass(frozen=True, slots=True)
class Scene:
    """what: for people. voice, leak: (frames,), in the microphone. music: (frames, 2), the reference."""

    what: str
    voice: Sound
    leak: Sound
    music: Block


def song(name: str, start_s: float, *, singer: bool = False) -> Block:
    """The band of a song, (frames, 2); with singer=True its singer."""
    found: Block = np.zeros((SECONDS * RATE_HZ, 2), np.float32)
    for path in sorted((DATA / "songs" / name).glob("*.opus")):
        if (path.stem == "vocals") == singer:
            start, frames = round(start_s * RATE_HZ), len(found)
            found += soundfile.read(path, start=start, frames=frames, dtype="float32", always_2d=True)[0]
    return found


def headphones(seed: int) -> tuple[Sound, Sound]:
    """Two short paths, 3 ms, from 300 Hz to 7 kHz."""
    random, found = np.random.default_rng(seed), []
    for ear in range(2):
        taps = random.normal(size=240) * np.exp(-np.arange(240) / 29.0)
        taps[: 20 + 3 * ear] = 0.0
        hz = np.fft.rfftfreq(1024, 1 / RATE_HZ)
        found.append(np.fft.irfft(np.fft.rfft(taps, 1024) * hz / (hz + 300.0) / (1.0 + (hz / 7000.0) ** 2))[:480])
    return found[0].astype(np.float32), found[1].astype(np.float32)


def rooms(left: str, right: str) -> tuple[Sound, Sound]:
    """Half a second of two responses."""
    both = [
        soundfile.read(DATA / "rooms" / f"{name}.flac", dtype="float32", always_2d=True)[0] for name in (left, right)
    ]
    return both[0][: RATE_HZ // 2, 0], both[1][: RATE_HZ // 2, 0]


def scene(what: str, sung: Sound, music: Block, paths: tuple[Sound, Sound], leak_db: float) -> Scene:
    """leak_db: of the leak against the voice, both where they sound."""
    sung = np.resize(sung, len(music)).astype(np.float32)
    leak = convolved(music[:, 0], paths[0]) + convolved(music[:, 1], paths[1])
    return Scene(what, sung, leak * np.float32(_active(sung) / _active(leak) * 10.0 ** (leak_db / 20.0)), music)


def scenes(limit: int | None = None) -> list[Scene]:
    """No setting was chosen by these."""
    wedge, far = (
        rooms("house_dining-living", "house_cinema-hallway"),
        rooms("house_cinema-diningroom", "house_living-bedroom"),
    )
    own, funk = song("rubidium", 60.0, singer=True).mean(axis=1), song("mdn_funk", 20.0)
    line, hook = (voice(f"singing/producerspace_{name}", SECONDS) for name in ("shv_e_128_00", "etv_gm_136_phrase_00"))
    return [
        scene("headphones, 30 dB under", line, song("rubidium", 120.0), headphones(7), -30.0),
        scene("wedge, 10 dB under", hook, funk, wedge, -10.0),
        scene("wedge, the song's own singer, 20 dB under", own, song("rubidium", 60.0), wedge, -20.0),
        scene("a live room, own singer, 20 dB under", own, song("rubidium", 60.0), far, -20.0),
    ][:limit]


def tuning_scenes(limit: int | None = None) -> list[Scene]:
    wedge, far = rooms("house_dining-room", "house_kitchen"), rooms("house_living-bathroom", "house_cinema-room")
    own, lithium = song("caesium", 60.0, singer=True).mean(axis=1), song("lithium", 80.0)
    line, hook = (voice(f"singing/producerspace_{name}", SECONDS) for name in ("etv_am_136_phrase_00", "shv_fs_122_00"))
    return [
        scene("headphones, 30 dB under", line, song("potassium", 60.0), headphones(0), -30.0),
        scene("wedge, 10 dB under", hook, lithium, wedge, -10.0),
        scene("wedge, the song's own singer, 20 dB under", own, song("caesium", 60.0), wedge, -20.0),
        scene("a live room, own singer, 20 dB under", own, song("caesium", 60.0), far, -20.0),
    ][:limit]


def through(sound: Sound, music: Block) -> Sound:
    stage = Bleed()
    stage.prepare_reference(2)
    stage.prepare(RATE_HZ, PERIOD, 1)
    stage.set_param("bleed.on", 1.0)
    stage.reset()
    out = sound[: len(sound) // PERIOD * PERIOD, None].copy()
    for start in range(0, len(out), PERIOD):
        stage.hear_reference(music[start : start + PERIOD])
        stage.process(out[start : start + PERIOD])
    return out[:, 0]


def speex(sound: Sound, music: Block) -> Sound | None:
    """None where there is no libspeexdsp."""
    found = os.environ.get("HUSHBOX_SPEEXDSP") or ctypes.util.find_library("speexdsp")
    if not found:
        return None
    library = ctypes.CDLL(found)
    library.speex_echo_state_init.restype = ctypes.c_void_p
    state = ctypes.c_void_p(library.speex_echo_state_init(SPEEX_FRAMES, PATH_FRAMES))
    library.speex_echo_ctl(state, 24, ctypes.byref(ctypes.c_int(RATE_HZ)))
    heard, played = (_as_int16(each) for each in (sound, music.mean(axis=1)))
    out, frame = np.zeros(len(sound) // SPEEX_FRAMES * SPEEX_FRAMES, np.int16), np.zeros(SPEEX_FRAMES, np.int16)
    for start in range(0, len(out), SPEEX_FRAMES):
        here = [each[start : start + SPEEX_FRAMES].ctypes.data_as(ctypes.c_void_p) for each in (heard, played)]
        library.speex_echo_cancellation(state, *here, frame.ctypes.data_as(ctypes.c_void_p))
        out[start : start + SPEEX_FRAMES] = frame
    library.speex_echo_state_destroy(state)
    return out.astype(np.float32) / np.float32(32768.0)


def alone(sound: Sound) -> Sound | None:
    """What SpeexDSP makes of a sound without music."""
    return speex(sound, np.zeros((len(sound), 2), np.float32))


def nlms(sound: Sound, music: Block) -> Sound:
    """Left and right by a filter of 200 ms each, sample by sample."""
    count = len(sound)
    past = np.zeros((2, count + PATH_FRAMES), np.float32)  # the newest first
    past[:, :count] = music[:count][::-1].T
    powers = np.cumsum(np.concatenate([np.zeros(PATH_FRAMES), np.square(music[:count], dtype=np.float64).sum(axis=1)]))
    powers = np.maximum(powers[PATH_FRAMES:] - powers[:count], 0.0) + PATH_FRAMES * 1e-6
    weights, change, out = np.zeros((2, PATH_FRAMES), np.float32), np.zeros((2, PATH_FRAMES), np.float32), sound.copy()
    for at in range(count):
        here = past[:, count - 1 - at : count - 1 - at + PATH_FRAMES]
        error = float(sound[at] - np.dot(weights[0], here[0]) - np.dot(weights[1], here[1]))
        out[at] = error
        np.multiply(here, np.float32(NLMS_STEP * error / powers[at]), out=change)
        np.add(weights, change, out=weights)
    return out


def erle_db(leak: Sound, voice: Sound, out: Sound, from_s: float, to_s: float) -> float:
    """Leak over what is left of it in `out`, which is the voice and that."""
    part = slice(round(from_s * RATE_HZ), min(round(to_s * RATE_HZ), len(out)))
    left = out[part] - voice[part]
    return float(10.0 * np.log10(np.square(leak[part]).sum() / (np.square(left).sum() + 1e-12)))


def rows(limit: int | None = None, of: list[Scene] | None = None) -> list[Row]:
    found: list[Row] = []
    for each in scenes(limit) if of is None else of:
        heard = each.voice + each.leak
        ours = through(heard, each.music)
        others = {"NLMS": (each.leak, each.voice, nlms(heard, each.music))}
        leak, sung, other = alone(each.leak), alone(each.voice), speex(heard, each.music)
        if leak is not None and sung is not None and other is not None:
            others["SpeexDSP MDF"] = (leak, sung, other)
        for name, their in others.items():
            for span in ((1, 3), (8, 15)):
                measure = f"ERLE from {span[0]} to {span[1]} s, dB"
                erle = erle_db(each.leak, each.voice, ours, *span)
                found.append(Row("bleed", each.what, measure, 0.0, erle, erle_db(*their, *span), name))
        late = slice(8 * RATE_HZ, 15 * RATE_HZ)
        before, after = (si_sdr_db(sound[late], each.voice[late]) for sound in (heard, ours))
        theirs = None if sung is None or other is None else si_sdr_db(other[late], sung[late])
        name = "SpeexDSP MDF" if theirs is not None else ""
        found.append(Row("bleed", each.what, "SI-SDR from 8 to 15 s, dB", before, after, theirs, name))
        harm = si_sdr_db(through(each.voice, each.music), each.voice[: len(ours)])
        touched = speex(each.voice, each.music)
        theirs = None if sung is None or touched is None else si_sdr_db(touched, sung)
        found.append(Row("bleed", f"{each.what}: but no leak", "SI-SDR, dB", float("inf"), harm, theirs, name))
    return found


def plot(path: str) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots()
    for each in scenes():
        out = through(each.voice + each.leak, each.music)
        axes.plot(
            np.arange(1, 2 * SECONDS) / 2.0,
            [erle_db(each.leak, each.voice, out, at / 2 - 0.5, at / 2 + 0.5) for at in range(1, 2 * SECONDS)],
            label=each.what,
        )
    axes.set(xlabel="s", ylabel="ERLE, dB")
    axes.legend()
    figure.savefig(path)


def _active(sound: Sound) -> float:
    powers = np.square(sound[: len(sound) // 480 * 480].reshape(-1, 480)).mean(axis=1)
    return float(np.sqrt(powers[powers > powers.max() * 1e-4].mean()))


def _as_int16(sound: Sound) -> np.ndarray:
    return np.ascontiguousarray(np.clip(np.rint(sound * 32768.0), -32768, 32767).astype(np.int16))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="bench.restore.bleed")
    parser.add_argument("--plot")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--tuning", action="store_true")
    options = parser.parse_args()
    for row in rows(options.limit, tuning_scenes(options.limit) if options.tuning else None):
        theirs = "" if row.other is None else f"{row.other:7.1f} {row.other_name}"
        print(f"{row.what:50} {row.measure:26} {row.nothing:7.1f} {row.ours:7.1f} {theirs}", flush=True)
    if options.plot:
        plot(options.plot)
    sys.exit(0)
