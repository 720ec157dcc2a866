"""Measures the time that a block takes: the whole chain, block by block on the demo vocal, and its parts one by one.

No deadline is enforced. It runs in this process and thread, with one BLAS thread if the environment says so before
numpy is loaded (realtime.BLAS_ENV). Times are wall-clock times, except cpu_*, which is this thread's processor time.
When p99 is far above cpu_p99, other programs were using the processor.
"""

import gc
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from dsp.block import RATE_HZ, Block
from dsp.denoise.features import DenoiseFrontEnd
from dsp.inference import Values, open_model
from dsp.inference.bundle import Bundle
from dsp.layouts.denoise import LAYOUTS
from dsp.layouts.stems import STEMS
from dsp.parts.stft import Spectrum, StreamingStft
from dsp.rack.build import build_chain
from dsp.stems.features import StemsFrontEnd

PERIODS = (256, 128, 64, 32)
CHANNELS = (1, 2)
WARM_BLOCKS = 200
WARM_FRAMES = 8192
"""Before each row. The search for hum, which not every block does, is under way after two thirds of it."""

WARM_HOPS, TIMED_HOPS = 50, 250  # of each step by itself


@dataclass(frozen=True, slots=True)
class Row:
    """The chain at one period and channel count. load_*: share of the deadline; 1 is all of it."""

    runtime: str
    period_frames: int
    channels: int
    blocks: int
    deadline_us: float
    p50_us: float
    p99_us: float
    max_us: float
    cpu_p99_us: float
    load_mean: float
    load_p50: float
    load_p99: float
    cpu_load_p99: float  # what carry.py goes by


@dataclass(frozen=True, slots=True)
class Parts:
    """Median time of each step of a hop, and of the rest of the chain."""

    runtime: str
    channels: int
    stft_us: float
    features_us: float
    inference_us: float
    rest_us: float


@dataclass(frozen=True, slots=True)
class Budget:
    """The figures of one runtime. peak_rss_mb: of this process, after loading and running the model."""

    model: str
    rows: tuple[Row, ...]
    parts: tuple[Parts, ...]
    peak_rss_mb: float


def measure(folder: Path, runtime: str, demo: Path, seconds: float) -> Budget:
    """Time the bundle in `folder` on one runtime, `seconds` of sound for each row. Raises DspError, SoundFileError."""
    sound = demo_sound(demo)
    rows = []
    with no_collector():
        chain = build_chain(folder, runtime, real_time=False, spread=True)
        for channels in CHANNELS:
            for period in PERIODS:
                chain.prepare(RATE_HZ, period, channels)
                blocks, warm = max(1, round(seconds * RATE_HZ / period)), WARM_FRAMES // period
                times = block_times(chain.process, sound, period, channels, blocks, warm_blocks=warm)
                rows.append(_row(runtime, period, channels, times))
        parts = tuple(_parts(folder, runtime, sound, channels, rows) for channels in CHANNELS)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Budget(chain.model_name, tuple(rows), parts, round(peak_mb, 1))


def block_times(
    process: Callable[[Block], None],
    sound: Block,
    period: int,
    channels: int,
    blocks: int,
    *,
    warm_blocks: int = WARM_BLOCKS,
    goes_on: Callable[[], bool] = lambda: True,
    cpu_ns: Callable[[], int] = time.thread_time_ns,
) -> Block:
    """Microseconds of each of `blocks` calls, after some to warm up: (blocks, 2), wall and CPU.

    goes_on: asked before each block; when it says no, there are fewer rows. cpu_ns: this thread's processor time.
    """
    starts = np.arange(warm_blocks + blocks) * period % (len(sound) - period)
    times = np.zeros((len(starts), 2))
    block = np.zeros((period, channels), np.float32)
    done = 0
    for start in starts.tolist():
        if not goes_on():
            break
        block[:] = sound[start : start + period]
        begun, cpu_begun = time.perf_counter_ns(), cpu_ns()
        process(block)
        times[done, 1], times[done, 0] = cpu_ns() - cpu_begun, time.perf_counter_ns() - begun
        done += 1
    return (times[warm_blocks:done] / 1000).astype(np.float32)


def _row(runtime: str, period: int, channels: int, times: Block) -> Row:
    deadline_us = 1e6 * period / RATE_HZ
    wall, cpu = times.T
    p50, p99, worst = (float(np.quantile(wall, q)) for q in (0.5, 0.99, 1.0))
    cpu_p99 = float(np.quantile(cpu, 0.99))
    return Row(
        runtime=runtime,
        period_frames=period,
        channels=channels,
        blocks=len(wall),
        deadline_us=round(deadline_us, 1),
        p50_us=round(p50, 1),
        p99_us=round(p99, 1),
        max_us=round(worst, 1),
        cpu_p99_us=round(cpu_p99, 1),
        load_mean=round(float(wall.mean()) / deadline_us, 4),
        load_p50=round(p50 / deadline_us, 4),
        load_p99=round(p99 / deadline_us, 4),
        cpu_load_p99=round(cpu_p99 / deadline_us, 4),
    )


def _parts(folder: Path, runtime: str, sound: Block, channels: int, rows: list[Row]) -> Parts:
    """Time the steps of one hop one by one, outside the denoiser, whose own loop stays as it is."""
    bundle = Bundle.load(folder)
    hop = bundle.hop_frames
    stft = StreamingStft(channels, bundle.window_frames, bundle.synthesis_frames, hop)
    features, apply = _front(bundle, channels)
    model = open_model(bundle, runtime)
    stft_us, features_us, inference_us = [], [], []
    for at in range(WARM_HOPS + TIMED_HOPS):
        start = at * hop % (len(sound) - hop)
        block = np.repeat(sound[start : start + hop], channels, axis=1)
        t0 = time.perf_counter_ns()
        spectrum = stft.analyse(block)
        t1 = time.perf_counter_ns()
        np.copyto(model.input, features(spectrum))
        t2 = time.perf_counter_ns()
        model.step()
        t3 = time.perf_counter_ns()
        apply(model.output, spectrum)
        t4 = time.perf_counter_ns()
        stft.synthesise(spectrum)
        t5 = time.perf_counter_ns()
        stft_us.append((t1 - t0 + t5 - t4) / 1000)
        features_us.append((t2 - t1 + t4 - t3) / 1000)
        inference_us.append((t3 - t2) / 1000)
    medians = [float(np.median(times[WARM_HOPS:])) for times in (stft_us, features_us, inference_us)]
    whole = hop_us([row for row in rows if row.channels == channels], hop)
    return Parts(runtime, channels, *(round(us, 1) for us in (*medians, max(0.0, whole - sum(medians)))))


def hop_us(rows: list[Row], hop: int) -> float:
    """The chain's time for one hop, from the row with the nearest period: its mean unless a block is exactly a hop."""
    row = min(rows, key=lambda row: abs(row.period_frames - hop))
    return row.p50_us if row.period_frames == hop else row.load_mean * 1e6 * hop / RATE_HZ


def _front(bundle: Bundle, channels: int) -> tuple[Callable[[Spectrum], Values], Callable[[Values, Spectrum], None]]:
    """Spectrum to features, and mask to spectrum, of the bundle's kind."""
    if bundle.kind != "stems":
        front = DenoiseFrontEnd(channels, LAYOUTS[bundle.features])
        return lambda s: front.features(s, 1.0, 0.0), lambda m, s: front.apply(m, s, 0.1)
    stems, level = StemsFrontEnd(channels), np.ones(len(STEMS), np.float32)
    gain = np.zeros((channels, bundle.window_frames // 2 + 1), np.float32)

    def mix(mask: Values, spectrum: Spectrum) -> None:
        np.dot(level, stems.bin_masks(mask).reshape(len(STEMS), -1), out=gain.reshape(-1))
        np.multiply(spectrum, gain, out=spectrum)

    return stems.features, mix


@contextmanager
def no_collector() -> Iterator[None]:
    """Without garbage collection, as in the audio process."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def demo_sound(path: Path) -> Block:
    """The first channel: (frames, 1). Raises SoundFileError."""
    sound: Block = soundfile.read(path, dtype="float32", always_2d=True)[0][:, :1]
    return sound
