"""A clock that is not what it said is noticed; a busy computer, an honest drift and a USB bus in steps are not."""

import numpy as np
import pytest

from hw.audio.clocks.rate_watch import RateWatch


def verdicts(rate_hz: float, *, held_up: float = 0.0, step_s: float = 0.0, period: int = 128) -> list[int]:
    """Of ten seconds of blocks at `rate_hz`. held_up: share of blocks that come late. step_s: when they may come."""
    rng, watch, now, seen = np.random.default_rng(2), RateWatch(48_000, period), 0.0, []
    for number in range(int(10 * rate_hz / period)):
        due = number * period / rate_hz
        if step_s:
            due = np.ceil(due / step_s) * step_s
        now = max(now, due + (rng.uniform(0.002, 0.05) if rng.random() < held_up else 0.0))
        if watch.block(now):
            seen.append(watch.off_hz)
    return seen


@pytest.mark.parametrize("rate_hz", [44_100, 96_000, 32_000])
def test_another_rate_is_noticed_within_five_seconds(rate_hz: int) -> None:
    seen = verdicts(rate_hz)
    assert len(seen) >= 2
    assert all(abs(hz / rate_hz - 1) < 0.01 for hz in seen)


@pytest.mark.parametrize("options", [{}, {"held_up": 0.02}, {"step_s": 0.001, "period": 64}])
@pytest.mark.parametrize("rate_hz", [48_000, 48_000 * 1.001, 48_000 * 0.98])
def test_an_honest_clock_is_left_alone(rate_hz: float, options: dict[str, float]) -> None:
    seen = verdicts(rate_hz, **options)  # type: ignore[arg-type]
    assert len(seen) >= 2
    assert not any(seen)


def test_what_has_no_clock_is_not_judged_by_it() -> None:
    """ALSA's null PCM."""
    watch = RateWatch(48_000, 480)
    assert not any(watch.block(number * 1e-4) and watch.off_hz for number in range(1000))


def test_after_lost_sound_it_begins_anew() -> None:
    watch = RateWatch(48_000, 480)
    for number in range(100):
        watch.block(number * 0.01)
    watch.forget()
    assert not any(watch.block(10.0 + number * 0.01) for number in range(100))
    assert watch.off_hz == 0
