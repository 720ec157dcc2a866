from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="training runs in its own environment, see training/requirements.txt")

from dsp.layouts.denoise import LAYOUTS, LIVE  # noqa: E402
from training import scan  # noqa: E402
from training.model import DenoiseNet, NetShape, StepNet  # noqa: E402
from training.train_denoise import Trainer  # noqa: E402


def _pair(frames: int = 40, batch: int = 3, width: int = 32):
    torch.manual_seed(1)
    return torch.randn(frames, batch, 3 * width), torch.randn(batch, width)


def test_fused_scan_equals_the_loop_forward_and_backward() -> None:
    pre, h0 = _pair()
    results = []
    for function in (scan.gated_scan, scan.gated_scan_plain):
        given = pre.clone().requires_grad_()
        y, last = function(given, h0)
        (y * torch.linspace(-1, 1, y.numel()).view_as(y)).sum().backward()
        results.append((y.detach(), last, given.grad))
    for fused, plain in zip(*results, strict=True):
        torch.testing.assert_close(fused, plain, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("taps", [1, 3])
def test_fused_norm_conv_equals_torch_forward_and_backward(taps: int) -> None:
    torch.manual_seed(2)
    x, weight, past = torch.randn(20, 3, 32), torch.randn(taps, 32), torch.randn(taps - 1, 3, 32)
    results = []
    for function in (scan.norm_conv, scan.norm_conv_plain):
        given, own = x.clone().requires_grad_(), weight.clone().requires_grad_()
        y, after = function(given, own, past)
        (y * torch.linspace(-1, 1, y.numel()).view_as(y)).sum().backward()
        results.append((y.detach(), after, given.grad, own.grad))
    for fused, plain in zip(*results, strict=True):
        torch.testing.assert_close(fused, plain, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", list(LAYOUTS))
def test_the_streaming_step_equals_the_parallel_form_over_200_frames(name: str) -> None:
    torch.manual_seed(3)
    net = DenoiseNet(NetShape(width=64, blocks=3, features=name)).eval()
    torch.nn.init.normal_(net.filters.weight, std=0.1)
    size = LAYOUTS[name].input_size
    features = torch.randn(200, 1, size) * torch.linspace(0.1, 2, size) + 0.3
    net.whiten_like(features)
    with torch.no_grad():
        expected, _ = net(features, net.fresh_state(1))
        step, state = StepNet(net), torch.zeros(1, net.state_size)
        for frame, wanted in zip(features, expected, strict=True):
            mask, state = step(frame, state)
            torch.testing.assert_close(mask, wanted, atol=1e-5, rtol=1e-5)


def test_state_carries_over_between_segments() -> None:
    torch.manual_seed(4)
    net = DenoiseNet(NetShape(width=32, blocks=2)).eval()
    features = torch.randn(30, 2, LIVE.input_size)
    with torch.no_grad():
        whole, _ = net(features, net.fresh_state(2))
        first, state = net(features[:13], net.fresh_state(2))
        second, _ = net(features[13:], state)
    torch.testing.assert_close(torch.cat((first, second)), whole, atol=1e-5, rtol=1e-5)


def test_an_untrained_network_passes_the_sound() -> None:
    net = DenoiseNet(NetShape(width=32, blocks=2))
    mask, _ = net(torch.zeros(1, 1, LIVE.input_size), net.fresh_state(1))
    assert (mask[0, 0, :96] > 0.6).all()
    assert (mask[0, 0, 576:616] > 0.6).all()
    assert not mask[0, 0, 96:576].any()
    assert not mask[0, 0, 616:].any()


def test_blocks_put_on_top_of_a_checkpoint_begin_as_nothing(tmp_path: Path) -> None:
    torch.manual_seed(3)
    small = Trainer(NetShape(width=32, blocks=2), 1e-3, "cpu")
    small.average = {name: value.clone() for name, value in small.net.state_dict().items()}
    small.save(tmp_path / "small.pt", {})
    large = Trainer(NetShape(width=32, blocks=3), 1e-3, "cpu")
    large.start_from(tmp_path / "small.pt")
    features = torch.randn(20, 2, small.net.into.in_features)
    masks = [net(features, net.fresh_state(2))[0] for net in (small.net, large.net)]
    torch.testing.assert_close(*masks)
    assert len(large.net.blocks) == 3


def test_the_average_reaches_back_as_far_as_told() -> None:
    trainer = Trainer(NetShape(width=16, blocks=1), 1e-3, "cpu")
    trainer.step, trainer.average_steps = 10_000, 20
    before = {name: value.clone() for name, value in trainer.average.items()}
    with torch.no_grad():
        trainer.net.gains.bias += 1.0
    trainer._follow()
    torch.testing.assert_close(trainer.average["gains.bias"] - before["gains.bias"], torch.full((LIVE.bands,), 0.05))
