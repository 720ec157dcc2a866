"""Sizes, positions and arrays at random: each call either works or says what does not fit. `make native-sanitize` runs
this with every access watched.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import pytest

from dsp import native
from dsp.native import bound, tables

pytestmark = pytest.mark.usefixtures("native_part")

REFUSALS = (ValueError, TypeError, OverflowError, BufferError)
KINDS = (np.float32, np.complex64, np.float64, np.int32)


class Odd:
    """Makes arguments: mostly near what would fit."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def whole(self, most: int = 20) -> int:
        least = max(most, 2)
        return int(self.rng.choice([self.rng.integers(-2, least), self.rng.integers(1, least), most, most, most, 0]))

    def array(self, size: int | None = None, kind: type = np.float32) -> np.ndarray:
        count = max(0, size + int(self.rng.choice([0, 0, 0, 0, 1, -1])) if size is not None else self.whole(300))
        if self.rng.random() < 0.02:
            kind = KINDS[self.rng.integers(len(KINDS))]
        values = self.rng.integers(0, 8, count) if kind is np.int32 else self.rng.standard_normal(count)
        return values.astype(kind)

    def block(self, frames: int | None = None, channels: int | None = None) -> np.ndarray:
        shape = (
            max(0, self.whole(40) if frames is None or self.rng.random() < 0.1 else frames),
            max(0, self.whole(5) if channels is None or self.rng.random() < 0.1 else channels),
        )
        whole = self.rng.standard_normal((2 * shape[0], shape[1] + 1)).astype(np.float32)
        views = (whole[: shape[0], : shape[1]], whole[1::2][: shape[0], 1:], whole[::-2][:, ::-1][:, 1:])
        chosen = views[self.rng.integers(3)]
        return np.ascontiguousarray(chosen) if self.rng.random() < 0.5 else chosen


def tried(call: Callable[[], Any]) -> Any:
    with suppress(*REFUSALS):
        return call()
    return None


def transform(odd: Odd) -> Any:
    frames = int(odd.rng.choice([8, 12, 16, 30, 48, 96, 768, 22, 7]))
    passes = tables.radices(frames)
    if passes is None:
        passes = odd.array(3, np.int32)
    twiddles = tables.twiddles(96, np.array([4, 4, 3], np.int32))
    if tables.radices(frames) is not None and odd.rng.random() < 0.8:
        twiddles = tables.twiddles(frames, passes)
    return tried(
        lambda: native.hop.Transform(frames, len(passes), passes, twiddles, tables.turns(frames), odd.array(2 * frames))
    )


def use_transform(odd: Odd) -> None:
    if (made := transform(odd)) is None:
        return
    frames = int(odd.rng.choice([8, 12, 48, 96, 768]))
    tried(lambda: made.forward(odd.array(2 * frames), odd.array(2 * (frames // 2 + 1), np.complex64)))
    tried(lambda: made.inverse(odd.array(frames // 2 + 1, np.complex64), odd.array(frames)))


def use_stft(odd: Odd) -> None:
    if (part := transform(odd)) is None:
        return
    frames, channels, hop = (
        int(odd.rng.choice([8, 12, 48, 96, 768])),
        odd.whole(4),
        int(odd.rng.choice([2, 4, 24, 128, 3])),
    )
    bins = frames // 2 + 1
    made = tried(
        lambda: native.hop.Stft(
            channels,
            hop,
            part,
            odd.array(frames),
            odd.array(2 * hop),
            odd.array(2 * frames * channels),
            odd.array(bins * channels, np.complex64),
            odd.array(hop * channels),
            odd.array(hop * channels),
        )
    )
    for _ in range(3 if made else 0):
        tried(lambda: made.analyse(odd.block(hop, channels), odd.whole(frames)))
        tried(lambda: made.synthesise(odd.array(bins * channels, np.complex64)))


def bands(odd: Odd, count: int, bins: int) -> Any:
    first = np.sort(odd.rng.integers(0, bins + 1, count + 1)).astype(np.int32)
    first[-1] = bins if odd.rng.random() < 0.9 else bins + 1
    return tried(lambda: native.hop.Bands(count, bins, first, odd.array(bins), odd.array(bins), odd.array(count)))


def use_denoise(odd: Odd) -> None:
    channels, low, high, fine = (
        odd.whole(4),
        max(1, odd.whole(30)),
        max(1, odd.whole(12)),
        int(odd.rng.choice([4, 8, 3])),
    )
    high_bins, taps, history, past = high + abs(odd.whole(9)), odd.whole(4), odd.whole(6), odd.whole(9)
    fine_taps, places, period = odd.whole(4), int(odd.rng.choice([1, 3, 5, 9, 4, 11])), odd.whole(6)
    bins, part = low + high_bins, bands(odd, high, high_bins)
    if part is None:
        return
    delays, fine_delays = (
        (odd.rng.integers(0, 7, max(0, count)) % max(1, most)).astype(np.int32)
        for count, most in ((taps, history), (fine_taps, past))
    )
    sizes = (channels, bins, low, taps, history, fine, fine_taps, past, places, period)
    lengths = (
        (period * fine, np.complex64),
        ((places // 2 + 1) * past, np.float32),
        (places // 2 * past, np.float32),
        (low, np.complex64),
        (channels * bins, np.float32),
        (bins, np.float32),
        (high + 3 * low + 2 + places * fine, np.float32),
        (2 * past * channels * fine, np.complex64),
        (history * channels * low, np.complex64),
        (past * channels * fine, np.complex64),
        (channels * low, np.complex64),
        (bins, np.float32),
        (6, np.int32),
        (channels * 10, np.float32),
    )
    # One array in each try may be off, or hardly any would ever work.
    arrays = [np.zeros(max(0, count), kind) for count, kind in lengths]
    arrays[-2][:] = np.sort(odd.rng.integers(0, bins + 2 if odd.rng.random() < 0.1 else bins + 1, 6))
    if odd.rng.random() < 0.3:
        at = int(odd.rng.integers(len(arrays)))
        arrays[at] = odd.array(*lengths[at])
    made = tried(lambda: native.hop.Denoise(*sizes, part, delays, fine_delays, *arrays))
    for _ in range(4 if made else 0):
        spectrum = np.zeros(channels * bins, np.complex64) if odd.rng.random() < 0.8 else odd.array(channels * bins)
        mask = odd.array(2 * (taps * low + fine_taps * fine) + high)
        tried(lambda: made.features(spectrum, odd.whole(1000), 0.5, float(odd.rng.standard_normal())))  # noqa: B023
        for call in (made.apply, made.gains):
            tried(lambda: call(mask, spectrum, odd.whole(history), odd.whole(past), 0.1, 1.2))  # noqa: B023


def use_sides_and_stems(odd: Odd) -> None:
    channels, bins, first = odd.whole(4), max(1, odd.whole(20)), odd.whole(8)
    made = tried(
        lambda: native.hop.Sides(
            channels,
            bins,
            first,
            odd.array(channels),
            odd.array(channels, np.float64),
            odd.array(channels, np.float64),
            odd.array(bins, np.complex64),
        )
    )
    if made:
        tried(lambda: made.mean(odd.array(channels * (bins + odd.whole(4)), np.complex64), 0.1, -0.3))
    low, high, claimed = max(1, odd.whole(12)), max(1, odd.whole(9)), odd.whole(4)
    high_bins = high + abs(odd.whole(9))
    if (part := bands(odd, high, high_bins)) is None:
        return
    bins, count = low + high_bins, low + high
    arrays = [odd.array(size) for size in (channels * bins, 4 * bins, 4 * count, 3 * count, count)]
    gains = odd.array((claimed + 1) * channels * bins)
    stems = tried(lambda: native.hop.Stems(channels, bins, low, claimed, part, *arrays, gains))
    if stems:
        size = channels * bins
        tried(lambda: stems.features(odd.array(size, np.complex64), odd.array(size, np.complex64), 1.0, 0.5))
        tried(lambda: stems.masks(odd.array(2 * claimed * count)))
        levels, energy = odd.array(claimed + 1), odd.array(claimed + 1)
        tried(lambda: stems.mix(odd.array(size, np.complex64), levels, odd.array(size, np.complex64), energy))


def use_rings(odd: Odd) -> None:
    size, channels = odd.whole(20), odd.whole(4)
    ring = tried(lambda: native.hop.Ring(size, channels, odd.array(size * channels)))
    past = tried(lambda: native.hop.Past(size, channels, odd.array(2 * size * channels)))
    meter = tried(lambda: native.hop.Meter(channels, odd.array(2 * channels, np.float64)))
    for _ in range(4):
        if ring:
            frames = odd.whole(size)
            tried(lambda: ring.write(odd.block(None, channels), odd.whole(size)))
            tried(lambda: ring.read(odd.block(None, channels), odd.whole(size)))
            into = odd.block(frames, channels)
            tried(lambda: ring.delay(odd.block(len(into), channels), odd.whole(size), odd.whole(size), into))  # noqa: B023
        if past:
            tried(lambda: past.remember(odd.block(None, channels), odd.whole(size)))
        if meter:
            tried(lambda: meter.add(odd.block(None, channels)))
            tried(lambda: meter.mend_and_add(odd.block(None, channels), 1000.0))


def use_wire(odd: Odd) -> None:
    width, device, chosen = odd.whole(5), odd.whole(6), odd.whole(4)
    columns = odd.rng.integers(0, max(1, device + 1), max(0, chosen)).astype(np.int32)
    wire = tried(lambda: native.hop.Wire(width, device, chosen, columns))
    for _ in range(3 if wire else 0):
        frames = max(0, odd.whole(30))
        data = bytearray(max(0, frames * width * device + int(odd.rng.choice([0, 0, 0, 1]))))
        tried(lambda: wire.decode(data, odd.block(frames, chosen)))  # noqa: B023
        tried(lambda: wire.encode(odd.block(frames, chosen), memoryview(data)))  # noqa: B023


def use_ends_rumble_and_fir(odd: Odd) -> None:
    channels, hop, peaks = odd.whole(4), odd.whole(40), odd.whole(6)
    hold = tried(
        lambda: native.hop.Hold(channels, hop, peaks, odd.array(2 * hop * channels), odd.array(peaks), odd.array(hop))
    )
    levels, exact = odd.array(8, np.float64), np.float64
    rumble = tried(
        lambda: native.hop.Rumble(
            channels,
            hop,
            odd.array(26, exact),
            levels,
            odd.array(4 * channels, exact),
            odd.array(2 * channels, exact),
            odd.array(channels),
            odd.array(hop * channels),
        )
    )
    taps, most, fade = odd.whole(50), odd.whole(40), odd.whole(40)
    length = 2 * taps + most + odd.whole(9)
    fir = tried(
        lambda: native.hop.Fir(
            channels,
            taps,
            length,
            most,
            fade,
            odd.array(channels * length),
            odd.array(2 * taps),
            odd.array(fade),
            odd.array(most * channels),
        )
    )
    for _ in range(4):
        turn, done = odd.whole(1), odd.whole(hop)
        if hold:
            tried(lambda: hold.begin(odd.block(hop, channels), turn, odd.whole(peaks), 1000.0))  # noqa: B023
            blend, wet, out = odd.whole(2), odd.block(hop, channels), odd.block(hop, channels)
            tried(lambda: hold.finish(wet, out, turn, 1.1, 1e-5, 0.1, 1e-4, 1000.0, blend))  # noqa: B023
        if rumble:
            tried(lambda: rumble.follow(odd.block(None, channels), done))  # noqa: B023
        if fir:
            end, faded = odd.whole(length), odd.whole(fade)
            tried(lambda: fir.process(odd.block(None, channels), end, faded, turn))  # noqa: B023


def use_late(odd: Odd) -> None:
    channels, bins, hops, decays, bands = odd.whole(3), max(1, odd.whole(30)), odd.whole(6), odd.whole(9), odd.whole(5)
    edges = np.linspace(0, bins, max(0, bands) + 1).astype(np.int32)
    if odd.rng.random() < 0.1:
        edges = odd.array(bands + 1, np.int32)
    sizes = (decays, 9, hops * bins, bins, decays * bins, decays * bands, 2 * bands, bins, 2 * bins, 3)
    arrays = [np.zeros(max(0, size), np.float32) for size in sizes]
    if odd.rng.random() < 0.3:
        at = int(odd.rng.integers(len(arrays)))
        arrays[at] = odd.array(sizes[at])
    made = tried(lambda: native.hop.Late(channels, bins, hops, decays, bands, edges, *arrays))
    for _ in range(4 if made else 0):
        tried(lambda: made.follow(odd.array(channels * bins, np.complex64), odd.whole(hops), 0.1))


def use_leak(odd: Odd) -> None:
    partitions, columns, whole, low, bands = odd.whole(6), odd.whole(3), odd.whole(6), odd.whole(9), odd.whole(3)
    frames = int(odd.rng.choice([4, 8, 16, 20]))
    bins, step = frames // 2 + 1, frames // 2 * odd.whole(4)
    of_block = bound.transform(frames)
    count = partitions * columns * bins
    paths = tried(
        lambda: native.hop.Paths(
            partitions, columns, bins, whole, low, odd.array(count, np.complex64), odd.array(count, np.complex64)
        )
    )
    edges = np.linspace(0, bins, max(0, bands) + 1).astype(np.int32)
    if odd.rng.random() < 0.2:
        edges = odd.array(bands + 1, np.int32)
    sizes: list[tuple[int, type]] = [
        (count, np.complex64), (count, np.complex64), (count, np.float32), (bins, np.complex64), (bins, np.float32),
        (bins, np.float32), (bins, np.complex64), (bins, np.complex64), (frames // 2, np.float32),
        (frames, np.float32), (columns * frames, np.float32), (5 * bins, np.float32), (2 + 2 * bands, np.float64),
    ]  # fmt: skip
    arrays = [np.zeros(max(0, size), dtype) for size, dtype in sizes]
    if odd.rng.random() < 0.3:
        at = int(odd.rng.integers(len(arrays)))
        arrays[at] = odd.array(*sizes[at])
    learner = tried(lambda: native.hop.Learner(partitions, columns, bins, whole, low, bands, of_block, *arrays, edges))
    head = tried(
        lambda: native.hop.LeakHead(
            partitions,
            columns,
            bins,
            step,
            of_block,
            *(odd.array(count, np.complex64) for _ in range(2)),
            *(odd.array(bins, np.complex64) for _ in range(2)),
            odd.array(step),
            odd.array(step),
            odd.array(bins - 1),
            odd.array(3, np.float64),
        )
    )
    music = tried(
        lambda: native.hop.LeakMusic(
            partitions,
            columns,
            bins,
            step,
            of_block,
            odd.array(count, np.complex64),
            odd.array(2 * step * columns),
            odd.array(2 * (bins - 1) * columns),
            odd.array(1 + columns, np.float64),
        )
    )
    for _ in range(4):
        first, last, newest, at = odd.whole(6), odd.whole(6), odd.whole(6), odd.whole(2 * frames)
        if paths:
            tried(lambda: paths.sum(first, last, newest, odd.array(bins, np.complex64)))  # noqa: B023
        if learner:
            tried(lambda: learner.foresee(first, last, newest, 0.999, 0.001))  # noqa: B023
            tried(lambda: learner.judge(newest, odd.whole(1), 0.7, 0.9, 1e-9))  # noqa: B023
            tried(learner.weigh)
            tried(lambda: learner.learn(first, last, newest))  # noqa: B023
            tried(lambda: learner.hold(first))  # noqa: B023
        if head:
            tried(lambda: head.foresee(odd.array(odd.whole(frames)), at, newest))  # noqa: B023
        if music:
            tried(lambda: music.take(odd.block(None, columns), at, newest))  # noqa: B023
    tried(lambda: native.hop.lean(odd.array(bins), 0.9, 1.0))


def use_calls(odd: Odd) -> None:
    hop, frames, channels = native.hop, odd.whole(100), odd.whole(4)
    block = odd.block(frames, channels)
    loud = block * np.float32(1e30) if odd.rng.random() < 0.3 else block
    columns = odd.rng.integers(-1, 4, max(0, channels)).astype(np.int32)
    tried(lambda: hop.mend(loud, 1000.0))
    tried(lambda: hop.limit(loud, float(odd.rng.random()) + 1e-5, float(odd.rng.random()), 1e-4, 1000.0))
    tried(lambda: hop.hold_under(loud, odd.block(frames, channels), 0.5, 1.1))
    counts = odd.rng.integers(0, 4, max(0, channels)).astype(np.int32)
    tried(lambda: hop.gather(block, columns, counts, odd.block(frames, channels)))
    tried(lambda: hop.take_answer(odd.array(frames), odd.array(frames), 1e6))
    tried(lambda: hop.ramp(odd.array(frames), 0.0, 0.1, odd.whole(100)))
    tried(lambda: hop.scale(block, odd.array(frames)))
    tried(lambda: hop.crossfade(block, odd.block(frames, channels), odd.array(frames)))
    tried(lambda: hop.pick(block, columns, odd.block(frames, channels)))
    tried(lambda: hop.add_columns(block, columns, odd.block(frames, channels), odd.whole(4), odd.whole(2)))
    for call in (hop.mend, hop.limit, hop.hold_under, hop.gather, hop.scale, hop.pick, hop.flush_denormals):
        tried(lambda: call(*[None] * odd.whole(5)))  # noqa: B023


def use_effects(odd: Odd) -> None:
    sections, channels, exact = odd.whole(6), odd.whole(4), np.float64
    filters = tried(
        lambda: native.hop.Biquads(
            sections,
            channels,
            odd.array(5 * sections, exact),
            odd.array(5 * sections, exact),
            odd.array(sections, np.int32),
            odd.array(sections, np.int32),
            odd.array(2 * sections * channels, exact),
        )
    )
    for _ in range(4):
        if filters:
            tried(lambda: filters.process(odd.block(None, channels)))
        block = odd.block(None, channels)
        tried(lambda: native.hop.compress(block, odd.block(*block.shape), odd.array(30, exact)))  # noqa: B023
        tried(lambda: native.hop.shape_transients(block, odd.array(19, exact)))  # noqa: B023
        tried(lambda: native.hop.automix(block, odd.array(72, exact)))  # noqa: B023
        past, needs = odd.array(block.shape[1] * (62 + 40)), odd.array(22 + 40, exact)
        arrays = odd.array(72), odd.array(23, exact), past, needs, odd.array(19, exact)
        tried(lambda: native.hop.limit_true(block, *arrays, 2.5, 1000.0))  # noqa: B023


def use_repair(odd: Odd) -> None:
    channels, order, hop, ahead = odd.whole(3), odd.whole(12), odd.whole(16), odd.whole(60)
    window, longest, peaks, every = odd.whole(90), odd.whole(ahead), odd.whole(9), odd.whole(4)
    past, exact = max(0, window + abs(odd.whole(9))), np.float64
    end, most, width = past + hop + ahead, odd.whole(40), order + 1
    F, D, N = np.float32, np.float64, np.int32
    shared = ((window, F), (channels * end, F), (hop * channels, F), (hop * channels, F))

    def arrays(*lengths: tuple[int, type]) -> list[np.ndarray]:
        """One array in some tries may be off, or hardly any would ever work."""
        made = [odd.rng.standard_normal(max(0, count)).astype(kind) for count, kind in lengths]
        if odd.rng.random() < 0.3:
            at = int(odd.rng.integers(len(made)))
            made[at] = odd.array(*lengths[at])
        return made

    sizes = (odd.whole(20), odd.whole(9), odd.whole(9), odd.whole(9), odd.whole(9))
    for_clicks = arrays(
        *((11, D), *shared, (channels * peaks, F), (end, F), (end, F), (longest, F), (channels * width, D)),
        *((window, D), (channels * longest * width, D), (longest, D), (2, D), (longest, N), (channels, N), (1, N)),
    )
    for_clips = arrays(
        *((12, D), *shared, (width, D), (window, D), (most * width, D), (most, D), (10 * channels, D), (2, D)),
        *((2, D), (most, N)),
    )
    clicks = tried(
        lambda: native.hop.Declick(
            channels, order, hop, past, ahead, peaks, window, every, longest, *sizes, *for_clicks
        )
    )
    clips = tried(lambda: native.hop.Declip(channels, order, hop, past, ahead, window, most, *for_clips))
    for _ in range(4):
        done = odd.whole(hop)
        if clicks:
            tried(lambda: clicks.process(odd.block(None, channels), done))  # noqa: B023
        if clips:
            tried(lambda: clips.process(odd.block(None, channels), done))  # noqa: B023
    tried(lambda: native.hop.period_of(odd.array(None, exact), odd.whole(9), odd.array(None, exact), 0.5, 0.9))
    heard, numbers = odd.array(64), odd.array(72, exact)
    for _ in range(4):
        tried(lambda: native.hop.pops_hear(odd.block(None, channels), heard, numbers, odd.array(None, exact)))


USES = (
    use_repair,
    use_transform,
    use_stft,
    use_denoise,
    use_sides_and_stems,
    use_rings,
    use_wire,
    use_ends_rumble_and_fir,
    use_late,
    use_leak,
    use_calls,
    use_effects,
)


@pytest.mark.parametrize("use", USES, ids=lambda use: use.__name__)
def test_odd_sizes(use: Callable[[Odd], None]) -> None:
    for seed in range(400):
        use(Odd(seed))


def test_most_odd_calls_are_refused_but_not_all() -> None:
    """The fuzz would find nothing if nothing ever fitted."""
    odd, made = Odd(1), 0
    for _ in range(200):
        made += transform(odd) is not None
    assert 20 < made < 190
