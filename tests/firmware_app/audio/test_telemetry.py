"""Telemetry: what the page calls load is the mean, and it comes down again."""

import pytest

from firmware_app.audio.telemetry import LoadHistogram


def test_the_mean_starts_with_what_it_has_and_follows_within_seconds():
    load = LoadHistogram()
    assert load.mean() == 0.0  # nothing yet
    for share in (0.2, 0.4):
        load.add(share)
    assert load.mean() == pytest.approx(0.3)
    for _ in range(100):  # five seconds of frames, a burst in one block of ten
        for block in range(10):
            load.add(1.0 if block == 0 else 0.1)
        load.mean()
    assert load.mean() == pytest.approx(0.19, abs=0.005)
    assert load.percentiles(1.0)[1] > 0.9  # p99 is the burst


def test_no_new_block_leaves_the_mean_as_it_was():
    load = LoadHistogram()
    load.add(0.5)
    assert load.mean() == load.mean() == 0.5
