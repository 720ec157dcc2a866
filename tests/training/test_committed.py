"""A committed checkpoint and the bundle made from it belong together: one is never committed without the other."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training runs in its own environment, see training/requirements.txt")

from tests.rigs.checkout import MODELS, ROOT  # noqa: E402
from training import checkpoints, quantise, stems_model  # noqa: E402
from training.runtimes import stored_int8  # noqa: E402
from training.stems_model import StemsEnsemble  # noqa: E402

MADE_FROM = {
    "denoise-live": "denoise_live",
    "denoise-light": "denoise_light",
    "denoise-studio": "denoise_studio",
    "stems-live": "stems_live",
    "stems-light": "stems_live",
}


def step_network(bundle: str) -> torch.nn.Module:
    path = ROOT / "training" / MADE_FROM[bundle] / "checkpoint.pt"
    if not bundle.startswith("stems"):
        return checkpoints.network(checkpoints.load(path)).as_step()
    members = checkpoints.load_members([path])[: 1 if bundle == "stems-light" else None]
    return StemsEnsemble([stems_model.network(member) for member in members]).as_step()


def matrices(step: torch.nn.Module) -> dict[str, np.ndarray]:
    """Of the layers a step network uses: its own first layer stands for that of the network it was made from."""
    found = {name: module for name, module in step.named_modules() if isinstance(module, torch.nn.Linear)}
    return {name: layer.weight.detach().numpy() for name, layer in found.items() if not name.endswith("net.into")}


@pytest.mark.parametrize("bundle", MADE_FROM)
def test_a_bundle_holds_its_checkpoint_s_weights(bundle: str) -> None:
    stored = stored_int8(MODELS / bundle / f"{bundle}.tflite")
    wanted = [quantise.rounded(weight)[0] for weight in matrices(step_network(bundle)).values()]
    assert sorted(values.shape for values in stored) == sorted(values.shape for values in wanted)
    for values in wanted:
        # Half precision moves a few weights to the next integer.
        distances = [np.abs(values.astype(int) - other) for other in stored if other.shape == values.shape]
        nearest = min(distances, key=lambda distance: float(distance.mean()))
        assert nearest.mean() < 0.05
        assert nearest.max() <= 1


def test_one_checkpoint_a_network_is_committed() -> None:
    listed = subprocess.run(["git", "ls-files", "*.pt", "*.npz", "*.ckpt"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    assert set(listed.stdout.split()) == {f"training/{folder}/checkpoint.pt" for folder in MADE_FROM.values()}


def test_committed_weights_are_in_half_precision() -> None:
    for folder in set(MADE_FROM.values()):
        path: Path = ROOT / "training" / folder / "checkpoint.pt"
        for member in checkpoints.load_members([path]):
            assert {value.dtype for value in member["average"].values()} == {torch.float16}
