"""Bleed without a reference: what the live denoiser takes of music behind a voice, and what that costs the voice.

    python -m bench.restore.bleed_blind

Songs of ../shared/data leak into sung voices through rooms, 10 and 20 dB under the voice, and the denoiser hears only
the microphone. Printed for each of its sensitivities at 40 dB: SI-SDR of the whole, the level of the leak in the
voice's pauses, and SI-SDR of the clean voice alone, which says what it harms.
"""

from __future__ import annotations

import sys

import numpy as np

from bench.harm import si_sdr_db
from bench.restore.bleed import Scene, rooms, scene, song
from bench.restore.heard import BUNDLE, PERIOD, Sound, level_db, voice
from dsp.block import RATE_HZ
from dsp.denoise.live import Denoise
from dsp.inference import open_model
from dsp.inference.bundle import Bundle

SENSITIVITIES, AMOUNT_DB, SECONDS = (-1.0, 0.0, 1.0), 40.0, 8.0
QUIET_DB = -40.0  # a pause: so far under the voice's loudest 20 ms


def scenes() -> list[Scene]:
    wedge, far = rooms("house_dining-living", "house_cinema-hallway"), rooms("house_cinema-diningroom", "house_kitchen")
    own = song("rubidium", 60.0, singer=True).mean(axis=1)
    sung = voice("singing/producerspace_shv_e_128_00", SECONDS)
    return [
        scene("wedge, 20 dB under", sung, song("rubidium", 120.0), wedge, -20.0),
        scene("wedge, 10 dB under", sung, song("mdn_funk", 20.0), wedge, -10.0),
        scene("a live room, own singer, 20 dB under", own, song("rubidium", 60.0), far, -20.0),
    ]


def denoised(sound: Sound, sensitivity: float) -> Sound:
    """Aligned with `sound`."""
    bundle = Bundle.load(BUNDLE)
    stage = Denoise(bundle, open_model(bundle), real_time=False)
    stage.prepare(RATE_HZ, PERIOD, 1)
    stage.set_param("denoise.amount_db", AMOUNT_DB)
    stage.set_param("denoise.sensitivity", sensitivity)
    stage.reset()
    late = stage.latency_frames
    out = np.zeros((-(-(len(sound) + late) // PERIOD) * PERIOD, 1), np.float32)
    out[: len(sound), 0] = sound
    for start in range(0, len(out), PERIOD):
        stage.process(out[start : start + PERIOD])
    return out[late : late + len(sound), 0]


def pauses(sung: Sound) -> np.ndarray:
    """Of each frame, whether the voice rests."""
    blocks = np.square(sung[: len(sung) // 960 * 960].reshape(-1, 960)).mean(axis=1)
    quiet = np.repeat(blocks < blocks.max() * 10.0 ** (QUIET_DB / 10.0), 960)
    return np.pad(quiet, (0, len(sung) - len(quiet)))


def main() -> int:
    frames = round(SECONDS * RATE_HZ)
    print(f"{'':38} sensitivity  SI-SDR, dB  leak in pauses, dB  the voice alone, dB")
    for each in scenes():
        sung, leak = each.voice[:frames], each.leak[:frames]
        heard, rest = sung + leak, pauses(sung)
        print(f"{each.what:38} without      {si_sdr_db(heard, sung):7.1f} {level_db(heard[rest]):17.1f}")
        for sensitivity in SENSITIVITIES:
            out, alone = denoised(heard, sensitivity), denoised(sung, sensitivity)
            values = si_sdr_db(out, sung), level_db(out[rest]), si_sdr_db(alone, sung)
            print(f"{'':38} {sensitivity:7.0f}      {values[0]:7.1f} {values[1]:17.1f} {values[2]:20.1f}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
