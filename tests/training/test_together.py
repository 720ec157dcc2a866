"""Processes that learn together end with the very same weights: those of one that heard all they heard."""

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="training runs in its own environment, see training/requirements.txt")

from training import together  # noqa: E402

ROWS = 8


def learn(rank: int, folder: Path, share: int) -> None:
    """Three steps of least squares on `share` rows of what all processes hear."""
    torch.manual_seed(9 + rank)
    layer = torch.nn.Linear(5, 3)
    together.take_from_first(layer)
    torch.manual_seed(8)
    sounds, wanted = torch.randn(3, ROWS, 5), torch.randn(3, ROWS, 3)
    descent = torch.optim.SGD(layer.parameters(), lr=0.1)
    mine = slice(rank * share, (rank + 1) * share)
    for sound, target in zip(sounds[:, mine], wanted[:, mine], strict=True):
        descent.zero_grad()
        (layer(sound) - target).square().mean().backward()
        together.average_gradients(layer)
        descent.step()
    said = together.from_first(10.0 + rank)
    torch.save({**layer.state_dict(), "processes": together.processes(), "said": said}, folder / f"{share}-{rank}.pt")


def test_two_with_half_each_learn_what_one_learns_from_all(tmp_path: Path) -> None:
    together.run(1, learn, tmp_path, ROWS)
    together.run(2, learn, tmp_path, ROWS // 2)
    alone, first, second = (torch.load(tmp_path / f"{name}.pt") for name in ("8-0", "4-0", "4-1"))
    assert (alone["processes"], first["processes"], second["processes"]) == (1, 2, 2)
    assert first["said"] == second["said"] == 10.0
    for name in ("weight", "bias"):
        assert torch.equal(first[name], second[name])
        assert torch.allclose(first[name], alone[name], atol=1e-6)
