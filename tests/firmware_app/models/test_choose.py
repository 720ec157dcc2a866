"""The choice of bundle and period: real chains and the real measurement, on a processor clock that the test winds."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from firmware_app.config import places
from firmware_app.models.budget import block_times
from firmware_app.models.carry import MOST_LOAD, Load, shortest, verdict
from firmware_app.models.choice import Candidates, machine_of
from firmware_app.models.choose import FIRST_BLOCKS, MOST_BLOCKS, choose

DEMO = places.find().demo_vocal
ROW = FIRST_BLOCKS + MOST_BLOCKS


def candidates(*voices: str, stems: str | None = None, period_frames: int | None = None) -> Candidates:
    found = {f"voice-{n}": Path(voice) for n, voice in enumerate(voices)}
    return Candidates(found, Path(stems) if stems else None, "tflite", period_frames, 1)


def cpu(*block_us: float) -> Callable[[], int]:
    """A processor clock on which each block of the first row takes block_us[0], and so on; the last one stays."""

    def times() -> Iterator[int]:
        now = calls = 0
        while True:
            yield now
            row = calls // ROW
            now += round(1000 * block_us[min(row, len(block_us) - 1)])
            calls += 1
            yield now

    reading = times()
    return lambda: next(reading)


def standing() -> float:
    """A clock that stands still: no row ends before its last block."""
    return 0.0


@pytest.mark.parametrize(
    ("block_us", "chosen", "fits"),
    [
        ([300.0], ("voice-0", 64), True),  # of 1333 us: 22 %
        ([1000.0], ("voice-0", 128), True),  # 75 % at 64, 37 % at 128
        ([1650.0] * 4 + [400.0], ("voice-1", 64), True),  # the better one fits at 256 only, which is felt
        ([1650.0], ("voice-0", 256), True),  # 62 % at 128 for both: then the better one, longer
        ([9000.0], ("voice-0", 256), False),  # nothing fits: what comes nearest
    ],
)
def test_the_best_bundle_at_the_shortest_period_that_fits(
    tiny: str, block_us: list[float], chosen: tuple[str, int], fits: bool
) -> None:
    found = choose(candidates(tiny, tiny), DEMO, standing, cpu(*block_us))
    assert found is not None
    assert ((found.bundle, found.period_frames), found.fits) == (chosen, fits)
    assert {load.period_frames for load in found.loads} == {32, 64, 128, 256}
    assert {load.bundle for load in found.loads} == {found.bundle}
    first = {load.period_frames: load for load in found.loads}
    used_us = block_us[0] if found.bundle == "voice-0" else block_us[-1]
    for period, load in first.items():
        assert load.p99 == pytest.approx(min(9.99, used_us / (1e6 * period / 48_000)), abs=1e-4)
    assert found.load_p99 == first[found.period_frames].p99


def test_a_period_that_music_does_not_keep_is_not_chosen(tiny: str) -> None:
    """Rows: 128, 64, 256 and 32 of the voice, then 64 of the stems, whose hop is dear."""
    stems = str(places.find().models / "stems-light")
    for stems_us, period in ((700.0, 64), (900.0, 128)):  # 53 % and 68 % of 1333 us
        found = choose(candidates(tiny, stems=stems), DEMO, standing, cpu(*[300.0] * 4, stems_us))
        assert found is not None
        assert found.period_frames == period
    dry = choose(candidates(tiny, stems=str(places.find().models / "none")), DEMO, standing, cpu(300.0))
    assert dry is not None
    assert dry.period_frames == 64


def test_a_period_that_a_person_has_set_stays(tiny: str) -> None:
    found = choose(candidates(tiny, tiny, period_frames=32), DEMO, standing, cpu(*[600.0] * 4, 100.0))
    assert found is not None
    assert (found.bundle, found.period_frames, found.fits) == ("voice-1", 32, True)  # 90 % of 667 us is too much
    found = choose(candidates(tiny, period_frames=480), DEMO, standing, cpu(100.0))
    assert found is not None
    assert found.period_frames == 480


def test_when_the_time_is_over_one_row_a_bundle_has_to_do(tiny: str) -> None:
    now = 0.0

    def slow() -> float:
        nonlocal now
        now += 0.01  # a row of 0.15 s has some 15 blocks, fewer than warm it up: it never fits
        return now

    found = choose(candidates(tiny, tiny), DEMO, slow, cpu(1.0))
    assert found is not None
    assert not found.fits
    assert [load.p99 for load in found.loads if load.period_frames == found.period_frames] == [9.99]
    now = 1e3
    jumps = iter([0.0, *[5.0] * 10_000])  # two seconds are over at once
    found = choose(candidates(tiny), DEMO, lambda: next(jumps), cpu(1.0))
    assert found is not None
    assert [load.period_frames for load in found.loads] == [128]


def test_a_bundle_that_cannot_be_loaded_or_is_for_music_is_passed_over(tiny: str, tmp_path: Path) -> None:
    stems = str(places.find().models / "stems-light")
    found = choose(candidates(str(tmp_path), stems, tiny), DEMO, standing, cpu(300.0))
    assert found is not None
    assert found.bundle == "voice-2"
    assert choose(candidates(str(tmp_path)), DEMO, standing, cpu(300.0)) is None


def test_a_measurement_holds_for_its_bundles_and_runtime(tiny: str, tmp_path: Path) -> None:
    before = machine_of(candidates(tiny))
    assert machine_of(candidates(tiny)) == before
    assert machine_of(candidates(tiny, period_frames=64)) == before  # a period set since changes nothing
    assert machine_of(candidates(tiny, stems=tiny)) != before
    other = tmp_path / "tiny"
    other.mkdir()
    (other / "bundle.toml").write_bytes((Path(tiny) / "bundle.toml").read_bytes() + b"\n")
    assert machine_of(candidates(str(other))) != before


def test_the_clock_of_the_processor_is_this_threads(tiny: str) -> None:
    times = block_times(lambda block: None, np.zeros((512, 1), np.float32), 64, 1, 50, warm_blocks=3)
    assert times.shape == (50, 2)
    assert (times >= 0).all()


@pytest.mark.parametrize(
    ("p99", "said"),
    [
        ({256: 0.2, 128: 0.3, 64: 0.6, 32: 1.2}, "carries m at 64 x 3 with 40 % to spare (4.0 ms of buffer)"),
        ({256: 0.2, 128: 0.3, 64: 0.45, 32: 0.55}, "carries m at 32 x 3 with 45 % to spare (2.0 ms of buffer)"),
        ({256: 0.75, 128: 1.5}, "does not carry m: at 256 frames it takes 75 % of the time, and 60 % is the most"),
    ],
)
def test_the_verdict_is_one_line(p99: dict[int, float], said: str) -> None:
    loads = [Load("m", period, 0.1, share) for period, share in p99.items()]
    assert verdict(loads, 3) == said
    best = shortest(loads)
    assert (best is None) == (min(p99.values()) > MOST_LOAD)
