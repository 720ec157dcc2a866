"""TFLite files as the exporter writes them: one scale a matrix, and nothing else changed by it."""

import shutil
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training runs in its own environment, see training/requirements.txt")
pytest.importorskip("litert_torch")

from dsp.layouts.denoise import LIVE  # noqa: E402
from training import matrix_scales, quantise  # noqa: E402
from training.export import export_onnx, export_tflite  # noqa: E402
from training.model import DenoiseNet, NetShape  # noqa: E402
from training.runtimes import OnnxStep, Step, TfliteStep, matrix_scale_counts, stored_int8  # noqa: E402

# What litert_torch and the older ONNX exporter say of the torch they use.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A small network: as the quantiser leaves it ("rows"), as it is shipped ("matrices"), and in ONNX."""
    folder = tmp_path_factory.mktemp("export")
    files = {"rows": folder / "rows.tflite", "matrices": folder / "tiny.tflite", "onnx": folder / "tiny.onnx"}
    torch.manual_seed(6)
    net = DenoiseNet(NetShape(width=64, blocks=2)).eval()  # its blocks' biases are zeros, all in one buffer
    with torch.no_grad():
        torch.nn.init.normal_(net.filters.weight, std=0.1)
        net.filters.weight[5] = 0.0  # a row of zeros has no scale of its own
        net.filters.weight[6] *= 100.0  # a loud row would leave the others few steps of a common scale

    def keep_both(path: Path) -> None:
        shutil.copyfile(path, files["rows"])
        matrix_scales.move_row_scales_out(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quantise, "move_row_scales_out", keep_both)
        export_tflite(net, files["matrices"])
    export_onnx(net, files["onnx"])
    return files


def masks(step: Step) -> np.ndarray:
    rng = np.random.default_rng(8)
    return np.concatenate([step(rng.standard_normal((1, LIVE.input_size)).astype(np.float32)) for _ in range(100)])


def apart_db(one: np.ndarray, other: np.ndarray) -> float:
    return float(10 * np.log10(np.square(one - other).sum() / np.square(one).sum() + 1e-20))


def test_every_matrix_has_one_scale(files: dict[str, Path]) -> None:
    assert max(matrix_scale_counts(files["rows"])) > 1
    assert set(matrix_scale_counts(files["matrices"])) == {1}


def test_the_integers_stay(files: dict[str, Path]) -> None:
    before, after = stored_int8(files["rows"]), stored_int8(files["matrices"])
    assert len(before) == len(after) > 5
    for values, others in zip(before, after, strict=True):
        assert np.array_equal(values, others)


def test_it_computes_the_same(files: dict[str, Path]) -> None:
    rows = masks(TfliteStep(files["rows"]))
    assert apart_db(rows, masks(TfliteStep(files["matrices"]))) < -60.0
    assert apart_db(rows, masks(OnnxStep(files["onnx"]))) < -40.0


def test_a_file_with_one_scale_a_matrix_stays_as_it_is(files: dict[str, Path], tmp_path: Path) -> None:
    again = tmp_path / "again.tflite"
    shutil.copyfile(files["matrices"], again)
    matrix_scales.move_row_scales_out(again)
    assert again.read_bytes() == files["matrices"].read_bytes()
