"""Two interfaces whose clocks differ: an hour on simulated clocks, then ten real minutes on two virtual interfaces.

    python -m bench.drift [--ppm 200] [--minutes 60] [--live-minutes 10] [--period 128] [--periods 3]

Simulated: the distance of the buffer's level from its target, and the difference from an ideal resampling at the true
ratio, in one second of each minute. Live: real libasound and real time, so the host causes xruns too.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SETTLED_S = 60


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench.drift", description=__doc__.splitlines()[0])
    parser.add_argument("--ppm", type=float, default=200.0)
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--live-minutes", type=float, default=10.0)
    parser.add_argument("--period", type=int, default=128)
    parser.add_argument("--periods", type=int, default=3)
    options = parser.parse_args(argv)
    if options.minutes:
        simulated(options.ppm, options.minutes, options.period, options.periods)
    if options.live_minutes:
        live(options.ppm, options.live_minutes, options.period, options.periods)
    return 0


def simulated(ppm: float, minutes: int, period: int, periods: int) -> None:
    from tests.rigs.virtual_clocks import Pair

    begun = time.process_time()
    pair = Pair(ppm, period_frames=period, periods=periods)
    furthest, residuals, delays = 0.0, [], []
    for _ in range(minutes):
        pair.run(59.0)
        residual_db, later = pair.against_ideal(1.0)
        residuals.append(residual_db)
        delays.append(later)
        furthest = max(furthest, pair.furthest_off)
        if len(residuals) == 1:
            at_first, pair.furthest_off = pair.furthest_off, 0.0
    settled = max(residuals[1:], default=residuals[0])
    print(f"simulated: {minutes} min at {ppm:+g} ppm, {period} frames x {periods}")
    print(
        f"  added latency     {pair.io.latency_frames} frames declared, {np.mean(delays[1:] or delays):+.2f} measured"
    )
    print(f"  xruns             {pair.io.xruns}")
    print(f"  buffer level      {at_first:.2f} frames off its target at most in the first minute,")
    print(f"                    {pair.furthest_off:.2f} after it ({period} are a period)")
    print(f"  against ideal     {residuals[0]:.1f} dB after a minute, {settled:.1f} dB at worst after it")
    print(f"  drift found       {pair.io.loop.drift * 1e6:+.3f} ppm")
    print(f"  CPU               {time.process_time() - begun:.0f} s")


def live(ppm: float, minutes: float, period: int, periods: int) -> None:
    from firmware_app.running import realtime
    from hw.audio.agreement import AlsaRequest
    from hw.audio.audio_io import IoStatus
    from hw.audio.clocks.two_clocks import TwoClocksIo
    from hw.audio.open import open_alsa
    from tests.rigs.virtual_clocks import Tones
    from tests.rigs.virtual_usb.rig import VirtualUsb

    tones = Tones()
    with tempfile.TemporaryDirectory(prefix="hushbox-drift-", dir="/dev/shm") as temporary:

        def mono(name: str, **options: Any) -> VirtualUsb:
            return VirtualUsb(Path(temporary), name=name, capture_channels=1, playback_channels=1, **options)

        microphone = mono("microphone", capture=tones.recorded(), loop=True)
        speaker = mono("speaker", beside=microphone)
        os.environ.update(speaker.env)
        microphone.skew(ppm / 2)
        speaker.skew(-ppm / 2)
        io = open_alsa(
            AlsaRequest("microphone", "speaker", period_frames=period, periods=periods, output_channels=(1,))
        )
        assert isinstance(io, TwoClocksIo)
        block = np.zeros((period, 1), np.float32)
        realtime.enter()
        realtime.use_fifo(True)
        io.start()
        bad_seconds, furthest, until = set(), 0.0, time.monotonic() + 60 * minutes
        begun = time.monotonic()
        while (now := time.monotonic()) < until:
            status = io.read_into(block)
            if IoStatus.OK is not status or IoStatus.OK is not io.write(block):
                bad_seconds.add(int(now - begun))
            elif now - begun > SETTLED_S:
                furthest = max(furthest, abs(io.loop.error_frames))
        realtime.use_fifo(False)
        io.close()
        counters = {"microphone": microphone.counters["capture"], "speaker": speaker.counters["playback"]}
        speed = (1 + ppm / 2e6) / (1 - ppm / 2e6)
        played = np.memmap(speaker.folder / "playback.s32", "<i4", "r")
        residuals = [
            _off_tone_db(np.asarray(played[at : at + 48_000]) / 2.0**31, tones.hz * speed)
            for at in range(SETTLED_S * 48_000, len(played) - 48_000, 10 * 48_000)
        ]
        clean = [db for k, db in enumerate(residuals) if not bad_seconds & set(range(58 + 10 * k, 63 + 10 * k))]
    print(f"live: {minutes:g} min at {ppm:+g} ppm, {period} frames x {periods}")
    print(f"  added latency     {io.latency_frames} frames declared")
    print(f"  xruns             {io.xruns}: " + ", ".join(f"{side['xruns']} {name}" for name, side in counters.items()))
    print(f"  buffer level      {furthest:.2f} frames off its target at most after the first minute (smoothed)")
    print(f"  drift found       {io.loop.drift * 1e6:+.3f} ppm")
    if clean:
        print(f"  beside the tones  {np.median(clean):.1f} dB (median of {len(clean)} s), {max(clean):.1f} at worst")


def _off_tone_db(sound: NDArray[np.float64], hz: NDArray[np.float64]) -> float:
    """All but tones at exactly these frequencies, in dB relative to the sound: jumps and wavering of the pitch."""
    angle = 2 * np.pi / 48_000 * np.arange(len(sound))[:, None] * hz
    waves = np.concatenate((np.sin(angle), np.cos(angle)), axis=1)
    rest = sound - waves @ np.linalg.lstsq(waves, sound, rcond=None)[0]
    return float(10 * np.log10(np.mean(rest**2) / np.mean(sound**2)))


if __name__ == "__main__":
    raise SystemExit(main())
