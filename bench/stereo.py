"""Two sides that do not agree: does a bundle still find the voice, and does the stereo image stay?

    python -m bench.stereo [--bundle models_quantized/denoise-live] [--voice FILE --noise FILE] [--snr 8]
    python -m bench.stereo --bundle models_quantized/stems-live --song FOLDER

A voice in noise goes through the box's chain at full amount, first with both sides alike. Then one side is inverted,
late by 1 to 20 ms, has noise of its own, is soft and inverted, has other phases below 600 Hz, or has no voice. Printed
for each side: the change in level of the voice, and SI-SDR. Printed for the image: the change in level and in time
between the sides. Without files the demo's voice and noise are used.

For stems: a song's stems (FOLDER holds vocals, drums, bass, other as .flac, .wav or .opus), mixed with a side changed
in the same ways; level and SDR of each stem.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from dsp.block import RATE_HZ
from dsp.inference import open_model
from dsp.inference.bundle import Bundle
from dsp.layouts.stems import STEMS
from dsp.rack.build import build_chain
from dsp.rack.chain import Chain
from dsp.stems.separator import SPLIT, Stems
from training.demo_vocal.make_demo_vocal import demo_vocal

ROOT = Path(__file__).parent.parent
PERIOD = 512
AMOUNT = "denoise.amount_db"
SETTLING = RATE_HZ // 2
DELAYS_MS = (1, 5, 10, 20)
LONGEST_MS = 25.0  # the longest delay between the sides that is looked for
VOICE_LEVEL = 0.06
SOUNDS_RMS = 0.003
Sound = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scene:
    """sound: (frames, 2). voices: (frames, 2), the voice alone; zeros where a side has none."""

    name: str
    sound: Sound
    voices: Sound


@dataclass(frozen=True, slots=True)
class Heard:
    """In dB, for the left and right side; nan where it has no voice. image_db, image_ms: output against input."""

    name: str
    level_db: tuple[float, float]
    si_sdr_db: tuple[float, float]
    image_db: float
    image_ms: float


def late(sound: Sound, ms: float) -> Sound:
    frames = round(ms * RATE_HZ / 1000)
    return np.concatenate((np.zeros(frames), sound[: len(sound) - frames]))


def own_phases(sound: Sound, seed: int, below_hz: float = 600.0) -> Sound:
    """The same spectrum with other phases below `below_hz`, as rooms and spaced microphones give: up to 20 ms off."""
    rng = np.random.default_rng(seed)
    size = 2 * len(sound)
    hz = np.fft.rfftfreq(size, 1 / RATE_HZ)
    knots = np.arange(0.0, below_hz + 1.0, 40.0)
    phases = np.cumsum(rng.uniform(-2.5, 2.5, len(knots)))
    phases -= phases[-1] * knots / below_hz
    turn = np.interp(hz, np.append(knots, below_hz + 200.0), np.append(phases, 0.0))
    return np.fft.irfft(np.fft.rfft(sound, size) * np.exp(1j * turn), size)[: len(sound)]


def scenes(voice: Sound, noise: Sound, other_noise: Sound) -> Iterator[Scene]:
    """The first has two sides alike. All (frames,)."""

    def scene(name: str, left: Sound, right: Sound, noises: tuple[Sound, Sound]) -> Scene:
        voices = np.stack((left, right), axis=1)
        return Scene(name, voices + np.stack(noises, axis=1), voices)

    yield scene("alike", voice, voice, (noise, noise))
    yield scene("inverted", voice, -voice, (noise, -noise))
    for ms in DELAYS_MS:
        yield scene(f"{ms} ms late", voice, late(voice, ms), (noise, late(noise, ms)))
    own = noise, other_noise
    yield scene("own noise", voice, voice, own)
    yield scene("own noise, inverted", voice, -voice, own)
    yield scene("own noise, 5 ms late", voice, late(voice, 5), own)
    yield scene("own phases below 600 Hz", own_phases(voice, 1), own_phases(voice, 2), own)
    yield scene("soft and inverted", voice, -0.3 * voice, own)
    yield scene("voice left only", voice, np.zeros_like(voice), own)


def play(chain: Chain, sound: Sound) -> Sound:
    """The chain's output for `sound` (frames, channels), aligned with it."""
    chain.prepare(RATE_HZ, PERIOD, sound.shape[1])
    behind = chain.latency_frames
    block = np.zeros((-(-(len(sound) + behind) // PERIOD) * PERIOD, sound.shape[1]), np.float32)
    block[: len(sound)] = sound
    for at in range(0, len(block), PERIOD):
        chain.process(block[at : at + PERIOD])
    return block[behind : behind + len(sound)].astype(np.float64)


def denoiser(bundle: Path) -> Chain:
    chain = build_chain(bundle, real_time=False)
    chain.set_param(AMOUNT, chain.params[AMOUNT].high)
    return chain


def listen(chain: Chain, scene: Scene) -> Heard:
    """Play one scene."""
    out = play(chain, scene.sound)[SETTLING:-SETTLING]
    voices = scene.voices[SETTLING:-SETTLING]
    levels = level_db(out[:, 0], voices[:, 0]), level_db(out[:, 1], voices[:, 1])
    scores = si_sdr_db(out[:, 0], voices[:, 0]), si_sdr_db(out[:, 1], voices[:, 1])
    if not voices[:, 1].any():
        return Heard(scene.name, levels, scores, float("nan"), float("nan"))
    late_by = time_apart_ms(out) - time_apart_ms(voices)
    return Heard(scene.name, levels, scores, levels[1] - levels[0], late_by)


def level_db(out: Sound, voice: Sound) -> float:
    """The level of the voice in `out`, relative to `voice` itself."""
    power = float(voice @ voice)
    return 20.0 * float(np.log10(abs(out @ voice) / power + 1e-9)) if power else float("nan")


def si_sdr_db(out: Sound, voice: Sound) -> float:
    power = float(voice @ voice)
    if not power:
        return float("nan")
    wanted = (out @ voice) / power * voice
    return _db(wanted, out - wanted)


def time_apart_ms(sound: Sound) -> float:
    """How late the right side is: the delay at which both sides are most alike, whatever their polarity."""
    size = 1 << (2 * len(sound)).bit_length()
    left, right = np.fft.rfft(sound, size, axis=0).T
    alike = np.abs(np.fft.irfft(right * left.conj(), size))
    most = round(LONGEST_MS * RATE_HZ / 1000)
    alike = np.concatenate((alike[-most:], alike[: most + 1]))
    return float((int(np.argmax(alike)) - most) * 1000.0 / RATE_HZ)


def _db(power_of: Sound, against: Sound) -> float:
    return float(10.0 * np.log10((np.square(power_of).sum() + 1e-12) / (np.square(against).sum() + 1e-12)))


# --- stems ---


def change_side(stems: Sound, kind: str) -> Sound:
    """stems: (4, frames, 2) -> the same with the right side changed: "alike", "inverted", or "N ms late"."""
    stems = stems.copy()
    if kind == "inverted":
        stems[..., 1] *= -1.0
    elif kind != "alike":
        ms = float(kind.split()[0])
        stems[..., 1] = np.stack([late(side, ms) for side in stems[..., 1]])
    return stems


STEM_CHANGES = ("alike", "inverted", *(f"{ms} ms late" for ms in DELAYS_MS))


def separate(bundle: Path, mix: Sound) -> Sound:
    """(frames, 2) -> (4, frames, 2), aligned."""
    loaded = Bundle.load(bundle)
    stems = Stems(loaded, open_model(loaded), split=True, real_time=False)
    wide = np.zeros((len(mix), 2 * SPLIT))
    wide[:, :2] = mix
    out = play(Chain([stems]), wide)
    return out[:, 2:].reshape(len(mix), len(STEMS), 2).swapaxes(0, 1)


def stem_scores(out: Sound, stems: Sound, first_s: float = 2.0) -> Iterator[tuple[float, float]]:
    """Level relative to the true stem, and SDR, of each stem from `first_s` on; nan where it is silent."""
    settled = slice(round(first_s * RATE_HZ), -SETTLING)
    for mine, truth in zip(out[:, settled], stems[:, settled], strict=True):
        if np.sqrt(np.mean(np.square(truth))) < SOUNDS_RMS:
            yield float("nan"), float("nan")
        else:
            yield _db(mine, truth), _db(truth, truth - mine)


# --- as a program ---


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench.stereo", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--bundle", type=Path, default=ROOT / "models_quantized" / "denoise-live")
    parser.add_argument("--voice", type=Path, help="a clean voice; the demo's without")
    parser.add_argument("--noise", type=Path, help="noise, of which two stretches are used")
    parser.add_argument("--snr", type=float, default=8.0, help="dB")
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--song", type=Path, help="folder with a song's stems, for a bundle that separates")
    parser.add_argument("--start", type=float, default=60.0, help="second of the song to start at")
    options = parser.parse_args(argv)
    if Bundle.load(options.bundle).kind == "stems":
        if options.song is None:
            print(f"bench.stereo: {options.bundle.name} separates: --song names a folder with stems", file=sys.stderr)
            return 2
        _show_stems(options.bundle, _song(options.song, options.start, options.seconds))
        return 0
    voice, noise, other = _material(options)
    chain = denoiser(options.bundle)
    print(f"{options.bundle.name}, {options.snr:g} dB; dB, left and right")
    print(f"{'':26}level         SI-SDR       image dB    ms")
    for scene in scenes(voice, noise, other):
        heard = listen(chain, scene)
        level, score = ("".join(f"{side:7.2f}" for side in both) for both in (heard.level_db, heard.si_sdr_db))
        print(f"{scene.name:23}{level}{score}{heard.image_db:11.2f}{heard.image_ms:8.2f}", flush=True)
    return 0


def _material(options: argparse.Namespace) -> tuple[Sound, Sound, Sound]:
    frames = int(options.seconds * RATE_HZ)
    if options.voice is None:
        noisy, clean = demo_vocal()
        voice, noise = clean[:frames], noisy - clean
        noises = noise[:frames], np.roll(noise, len(noise) // 2)[:frames]
    else:
        voice = _read(options.voice, frames)
        noise = _read(options.noise, 2 * frames) if options.noise else np.random.default_rng(1).normal(size=2 * frames)
        noises = noise[:frames], noise[frames:]
    voice = voice * VOICE_LEVEL / np.sqrt(np.mean(np.square(voice)))
    wanted = VOICE_LEVEL * 10 ** (-options.snr / 20)
    one, other = (each * wanted / np.sqrt(np.mean(np.square(each))) for each in noises)
    return voice, one, other


def _read(path: Path, frames: int) -> Sound:
    sound, rate_hz = soundfile.read(path, always_2d=True)
    mono = soxr.resample(sound.mean(axis=1), rate_hz, RATE_HZ)
    return np.resize(mono, frames)


def _song(folder: Path, start: float, seconds: float) -> Sound:
    frames = int(seconds * RATE_HZ)
    stems = np.zeros((len(STEMS), frames, 2))
    for number, name in enumerate(STEMS):
        for path in folder.glob(f"{name}.*"):
            sound, _ = soundfile.read(path, start=int(start * RATE_HZ), frames=frames, always_2d=True)
            stems[number, : len(sound)] = sound
    return stems


def _show_stems(bundle: Path, song: Sound) -> None:
    print(f"{bundle.name}; level and SDR in dB\n{'':14}" + "".join(f"{name:>16}" for name in STEMS))
    for kind in STEM_CHANGES:
        stems = change_side(song, kind)
        scores = stem_scores(separate(bundle, stems.sum(axis=0)), stems)
        print(f"{kind:14}" + "".join(f"{level:9.2f}{sdr:7.2f}" for level, sdr in scores), flush=True)


if __name__ == "__main__":
    sys.exit(main())
