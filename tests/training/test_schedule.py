"""How the training programs go on: the rate's way, and counts that are none."""

import sys

import pytest

pytest.importorskip("torch")

from training import train_denoise, train_stems
from training.schedule import WARM_UP_STEPS, append_row, decay_factor, rate_factor


def test_the_rate_rises_stays_and_falls_to_nothing():
    rising = [rate_factor(step, 100, None, 0) for step in range(100, 100 + WARM_UP_STEPS)]
    assert 0 < rising[0] < 0.01
    assert rising == sorted(rising)
    assert rate_factor(5000, 100, None, 0) == 1.0
    falling = [rate_factor(step, 0, 5000, 400) for step in range(5000, 5401, 50)]
    assert falling == sorted(falling, reverse=True)
    assert (falling[0], falling[-1]) == (1.0, 0.0)
    assert decay_factor(1.3) == 0.0  # a clock may run past the end


def test_rows_follow_one_head(tmp_path):
    for step in (25, 50):
        append_row(tmp_path / "train.csv", {"step": step, "loss": 1.5})
    assert (tmp_path / "train.csv").read_text().split() == ["step,loss", "25,1.5", "50,1.5"]


@pytest.mark.parametrize("program", [train_denoise, train_stems])
@pytest.mark.parametrize(("value", "said"), [("0", "0: allowed is 1 or more"), ("many", "invalid count value: 'many'")])
def test_counts_that_are_none_are_refused_by_name(program, value, said, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["train", "--batch", value])
    with pytest.raises(SystemExit):
        program.main()
    assert f"argument --batch: {said}" in capsys.readouterr().err
