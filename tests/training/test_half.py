"""Products in bfloat16: near enough to float32 forward and backward, and never in what is measured or shipped."""

import pytest

pytest.importorskip("torch", reason="training runs in its own environment, see training/requirements.txt")

import torch

from training import half


def test_gradients_are_those_of_the_plain_layer() -> None:
    torch.manual_seed(0)
    layer = torch.nn.Linear(96, 64)
    plain, fast = (torch.randn(7, 5, 96, generator=torch.Generator().manual_seed(1)).requires_grad_() for _ in range(2))
    aim = torch.randn(7, 5, 64)
    found = []
    for x, product in ((plain, layer), (fast, lambda x: half._HalfLinear.apply(x, layer.weight, layer.bias))):
        layer.zero_grad()
        y = product(x)
        (y - aim).square().sum().backward()
        found.append([y.detach(), x.grad, layer.weight.grad.clone(), layer.bias.grad.clone()])
    for one, other in zip(*found, strict=True):
        assert (one - other).norm() < 0.01 * one.norm()


def test_without_gradients_it_is_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(half, "pays", lambda: True)
    layer, x = torch.nn.Linear(32, 16), torch.randn(3, 2, 32)
    with torch.no_grad():
        assert torch.equal(half.linear(layer, x), layer(x))
    assert torch.equal(half.linear(layer.eval(), x), layer(x))
