"""A learning curve: no line leads back to where a run began again."""

import math
import sys

import pytest

pytest.importorskip("matplotlib")

from training import plot
from training.schedule import append_row


def test_a_run_that_went_on_from_an_earlier_checkpoint_leaves_a_gap():
    hours, values = plot.with_gaps([1.0, 2.0, 3.0, 2.0, 4.0], [5.0, 6.0, 7.0, 6.5, 8.0])
    assert [value for value in hours if not math.isnan(value)] == [1.0, 2.0, 3.0, 2.0, 4.0]
    assert [value for value in values if not math.isnan(value)] == [5.0, 6.0, 7.0, 6.5, 8.0]
    assert math.isnan(hours[3])
    assert math.isnan(values[3])
    assert plot.with_gaps([1.0, 2.0], [3.0, 4.0]) == ([1.0, 2.0], [3.0, 4.0])
    assert plot.with_gaps([], []) == ([], [])


def test_the_picture_is_drawn_from_what_a_run_left(tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    for hours in (1.0, 2.0, 1.5):
        append_row(tmp_path / "a" / "train.csv", {"audio_hours": hours, "ratio_db": -hours})
        row = {"audio_hours": hours, "improvement": hours, "sung_improvement": "", "pesq": 1.5}
        append_row(tmp_path / "a" / "validation.csv", row)
    out = tmp_path / "made" / "curve.png"
    monkeypatch.setattr(sys, "argv", ["plot", "--names", "a", "--checkpoints", str(tmp_path), "--out", str(out)])
    plot.main()
    assert out.read_bytes().startswith(b"\x89PNG")
