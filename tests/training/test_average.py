"""Weights of several checkpoints become one network."""

import argparse

import pytest

torch = pytest.importorskip("torch")

from training import checkpoints  # noqa: E402
from training.average import average, weighted  # noqa: E402
from training.model import DenoiseNet, NetShape  # noqa: E402


def checkpoint(value: float, step: int, width: int = 8) -> dict:
    shape = NetShape(width=width, blocks=1)
    weights = {name: torch.full_like(x, value) for name, x in DenoiseNet(shape).state_dict().items()}
    return {"shape": shape.as_dict(), "average": weights, "step": step, "audio_hours": step / 100}


def test_weights_are_the_weighted_mean_and_the_count_is_of_the_furthest(tmp_path):
    checkpoints.save_committed(tmp_path / "half.pt", checkpoint(1.0, 300))
    found = average([(checkpoints.load(tmp_path / "half.pt"), 3.0), (checkpoint(5.0, 200), 1.0)])
    net = checkpoints.network(found)
    assert all(torch.equal(x.detach(), torch.full_like(x, 2.0)) for x in net.parameters())
    assert (found["step"], found["audio_hours"]) == (300, 3.0)


def test_another_shape_is_refused_by_name():
    with pytest.raises(ValueError, match="'width': 16"):
        average([(checkpoint(1.0, 5), 1.0), (checkpoint(1.0, 3, width=16), 1.0)])


def test_what_is_no_weight_or_no_file_is_named(tmp_path):
    (tmp_path / "a.pt").touch()
    assert weighted(f"{tmp_path}/a.pt=2.5") == (tmp_path / "a.pt", 2.5)
    assert weighted(f"{tmp_path}/a.pt")[1] == 1.0
    wrongs = {"b.pt": "b.pt", "a.pt=no": "'no'", "a.pt=-1": "'-1'"}
    for wrong, named in wrongs.items():
        with pytest.raises(argparse.ArgumentTypeError, match=named):
            weighted(f"{tmp_path}/{wrong}")
