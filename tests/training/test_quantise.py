"""int8 weights as the exporter writes them: stored as int8, computed exactly on any processor."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training runs in its own environment, see training/requirements.txt")
pytest.importorskip("onnx")

from dsp.layouts.denoise import LIVE  # noqa: E402
from training import quantise  # noqa: E402
from training.export import export_onnx  # noqa: E402
from training.model import DenoiseNet, NetShape, StepNet  # noqa: E402
from training.runtimes import OnnxStep, stored_int8, stored_weight_types  # noqa: E402

# torch's older ONNX exporter, which writes the plain graph we want.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def net() -> DenoiseNet:
    torch.manual_seed(6)
    net = DenoiseNet(NetShape(width=64, blocks=2)).eval()
    with torch.no_grad():
        torch.nn.init.normal_(net.filters.weight, std=0.1)
        net.filters.weight[5] = 0.0  # a row of zeros has no scale of its own
        # Weights at both ends of their range, all of one sign: where 16-bit sums of products overflow.
        net.blocks[0].mix.weight[:8] = 0.5
    return net


@pytest.fixture(scope="module")
def exported(net: DenoiseNet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "tiny.onnx"
    export_onnx(net, path)
    return path


def test_values_times_scale_are_the_weights_within_half_a_step() -> None:
    weight = np.random.default_rng(7).standard_normal((9, 30)).astype(np.float32)
    weight[4] = 0.0
    values, scale = quantise.rounded(weight)
    assert np.abs(values * scale[:, None] - weight).max() <= scale.max() * 0.5001
    assert np.abs(np.delete(values, 4, axis=0)).max(axis=1).tolist() == [127] * 8
    assert not values[4].any()


def test_gains_and_what_leads_to_them_compute_in_float_but_not_the_taps(net: DenoiseNet) -> None:
    assert quantise.float_layers(net.as_step()) == ["net.blocks.1.out", "net.gains"]


def test_every_matrix_is_stored_as_int8(net: DenoiseNet, exported: Path) -> None:
    matrices = sum(module.weight.numel() for module in net.modules() if isinstance(module, torch.nn.Linear))
    assert sum(values.size for values in stored_int8(exported)) == matrices
    assert stored_weight_types(exported)["INT8"] == matrices
    assert exported.stat().st_size < 1.5 * matrices


def test_it_computes_what_the_rounded_weights_say(net: DenoiseNet, exported: Path) -> None:
    rounded_net = StepNet(net).eval()
    for module in rounded_net.modules():
        if isinstance(module, torch.nn.Linear):
            values, scale = quantise.rounded(module.weight.detach().numpy())
            module.weight.data = torch.from_numpy(values * scale[:, None])
    step, state = OnnxStep(exported), torch.zeros(1, net.state_size)
    rng = np.random.default_rng(8)
    wanted, found = [], []
    with torch.no_grad():
        for _ in range(100):
            features = rng.standard_normal((1, LIVE.input_size)).astype(np.float32)
            mask, state = rounded_net(torch.from_numpy(features), state)
            wanted.append(mask.numpy())
            found.append(step(features))
    error = np.square(np.array(found) - np.array(wanted)).sum() / np.square(np.array(wanted)).sum()
    assert 10 * np.log10(error) < -35.0  # what is left is the rounding of activations
