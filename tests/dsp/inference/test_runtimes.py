import dataclasses
import gc
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dsp.inference import RuntimeUnfitError, StepModel, open_model
from dsp.inference.bundle import Bundle, BundleError, BundleHashError, list_bundles
from dsp.inference.interpreter import TfliteStepModel
from dsp.layouts.denoise import LIVE
from tests.rigs.checkout import MODELS

RUNTIMES = ("onnx", "tflite")


def answers(model: StepModel, steps: int = 200) -> np.ndarray:
    rng = np.random.default_rng(2)
    out = []
    for _ in range(steps):
        model.input[:] = rng.normal(0, 1, (1, LIVE.input_size))
        model.step()
        out.append(model.output.copy())
    return np.concatenate(out)


def test_both_runtimes_agree(tiny_bundle: Bundle) -> None:
    onnx, tflite = (answers(open_model(tiny_bundle, runtime)) for runtime in RUNTIMES)
    assert np.abs(onnx - tflite).max() < 1e-5


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_the_state_is_kept_between_steps_and_gone_after_a_reset(tiny_bundle: Bundle, runtime: str) -> None:
    model = open_model(tiny_bundle, runtime)
    first, second = answers(model), answers(model)
    assert np.abs(first[0] - second[0]).max() > 1e-4  # same features, another past
    model.reset()
    assert np.array_equal(answers(model), first)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_input_and_output_stay_the_same_memory(tiny_bundle: Bundle, runtime: str) -> None:
    model = open_model(tiny_bundle, runtime)
    places = model.input.ctypes.data, model.output.ctypes.data
    held = model.input, model.output
    for _ in range(5):
        model.step()
    assert (model.input.ctypes.data, model.output.ctypes.data) == places
    assert held[0].shape == (1, LIVE.input_size)
    assert held[1].shape == (1, LIVE.output_size)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_step_leaves_its_input_alone(tiny_bundle: Bundle, runtime: str) -> None:
    model = open_model(tiny_bundle, runtime)
    features = np.random.default_rng(5).standard_normal(model.input.shape, np.float32)
    model.input[:] = features
    for _ in range(5):
        model.step()
    assert np.array_equal(model.input, features)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_input_and_output_outlive_the_model(tiny_bundle: Bundle, runtime: str) -> None:
    held = []
    for value in range(1, 9):
        model = open_model(tiny_bundle, runtime)
        model.input.fill(value)
        model.output.fill(-value)
        held.append((model.input, model.output))
        del model
        gc.collect()
    for value, (given, answer) in enumerate(held, 1):
        assert np.array_equal(given, np.full_like(given, value))
        assert np.array_equal(answer, np.full_like(answer, -value))


@pytest.mark.parametrize("name", [path.name for path in list_bundles(MODELS)])
def test_the_state_that_stays_in_the_runtime_is_the_one_that_was_copied_out_and_in(name: str) -> None:
    """LiteRT's own memory against its interface that copies: not a bit may differ."""
    from ai_edge_litert.interpreter import Interpreter

    bundle = Bundle.load(MODELS / name)
    file, copying = bundle.files["tflite"], Interpreter(model_content=bundle.weights("tflite"), num_threads=1)
    copying.allocate_tensors()
    index = {entry["name"]: entry["index"] for entry in (*copying.get_input_details(), *copying.get_output_details())}
    model, state = open_model(bundle, "tflite"), np.zeros((1, bundle.state_size), np.float32)
    rng = np.random.default_rng(7)
    for _ in range(60):
        model.input[:] = rng.standard_normal(model.input.shape, np.float32)
        copying.set_tensor(index[file.input], model.input)
        copying.set_tensor(index[file.state_in], state)
        copying.invoke()
        state = copying.get_tensor(index[file.state_out])
        model.step()
        assert np.array_equal(model.output, copying.get_tensor(index[file.output]))


class Wandering:
    """An interpreter that lays its tensors out anew in each step, as one of a graph of changing sizes may."""

    def __init__(self, **options: Any) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self._real = Interpreter(**options)
        self._kept: list[np.ndarray] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def tensor(self, index: int) -> Any:
        self._kept.append(self._real.get_tensor(index))
        return lambda: self._kept[-1]


def test_a_runtime_that_moves_its_memory_is_refused(tiny_bundle: Bundle) -> None:
    with pytest.raises(RuntimeUnfitError, match="tflite: moves the graph's inputs and outputs about in memory"):
        TfliteStepModel(tiny_bundle, tiny_bundle.weights("tflite"), "tflite", Wandering)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_no_exception_is_raised_and_swallowed_in_a_step(tiny_bundle: Bundle, runtime: str) -> None:
    model, raised = open_model(tiny_bundle, runtime), []

    def watch(frame: Any, event: str, argument: Any) -> Any:
        if event == "exception":
            raised.append(argument)
        return watch

    before = sys.gettrace()
    sys.settrace(watch)
    try:
        model.step()
    finally:
        sys.settrace(before)
    assert raised == []


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_poisoned_state_is_cured_by_reset(tiny_bundle: Bundle, runtime: str) -> None:
    model = open_model(tiny_bundle, runtime)
    expected = answers(model, 5)
    model.input.fill(np.nan)
    model.step()
    model.reset()
    assert np.array_equal(answers(model, 5), expected)


def test_auto_takes_the_bundle_s_own_choice(tiny_bundle: Bundle) -> None:
    assert open_model(tiny_bundle).runtime.startswith("tflite")
    assert open_model(dataclasses.replace(tiny_bundle, default_runtime="onnx")).runtime == "onnx"


class Deaf:
    """A model as tflite-runtime 2.14 runs int8 layers with a scale per channel: it returns the bias for any input."""

    runtime = "tflite (deaf)"

    def __init__(self, answer: float) -> None:
        self.input = np.zeros((1, 330), np.float32)
        self.output = np.full((1, 616), answer, np.float32)

    def step(self) -> None: ...
    def reset(self) -> None: ...


@pytest.mark.parametrize(
    ("answer", "message"), [(0.5, "answers the same whatever it hears"), (np.nan, "answer is not finite")]
)
def test_a_runtime_that_only_pretends_is_found_out_and_auto_takes_the_other(
    tiny_bundle: Bundle, monkeypatch: pytest.MonkeyPatch, answer: float, message: str
) -> None:
    from dsp.inference import tflite

    monkeypatch.setattr(tflite, "open_step_model", lambda bundle, weights: Deaf(answer))
    with pytest.raises(RuntimeUnfitError, match=message):
        open_model(tiny_bundle, "tflite")
    assert open_model(tiny_bundle).runtime == "onnx"


def test_a_runtime_that_is_not_installed_is_named(tiny_bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "dsp.inference.onnx", raising=False)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(RuntimeUnfitError, match="no runtime runs tiny: onnx: onnxruntime is not installed"):
        open_model(tiny_bundle, "onnx")
    assert open_model(dataclasses.replace(tiny_bundle, default_runtime="onnx")).runtime.startswith("tflite")


def test_an_unknown_runtime_is_refused_by_name(tiny_bundle: Bundle) -> None:
    with pytest.raises(BundleError, match=r"runtime = 'torch': allowed auto, tflite, tflite_runtime, onnx"):
        open_model(tiny_bundle, "torch")


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_graph_that_is_not_what_the_bundle_says_is_refused(tiny_bundle: Bundle, runtime: str) -> None:
    file = dataclasses.replace(tiny_bundle.files[runtime], state_out="other")
    wrong = dataclasses.replace(tiny_bundle, state_size=99, files={**tiny_bundle.files, runtime: file})
    with pytest.raises(BundleError) as caught:
        open_model(wrong, runtime)
    assert f"files.{runtime}.state_out = 'other'" in str(caught.value)
    assert "state has shape (1, 16): bundle.toml says (1, 99)" in str(caught.value)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_weights_that_are_none_are_refused_with_the_file_s_name(
    tiny_bundle: Bundle, runtime: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Bundle, "weights", lambda self, name: b"not a model" * 99)
    with pytest.raises(BundleError, match=rf"tiny\.{runtime}: .* refuses it"):
        open_model(tiny_bundle, runtime)


def test_weights_swapped_after_loading_are_noticed(tiny_bundle: Bundle) -> None:
    tiny_bundle.files["onnx"].path.write_bytes(b"swapped")
    with pytest.raises(BundleHashError, match="expected"):
        open_model(tiny_bundle, "onnx")


@pytest.mark.parametrize(("runtime", "absent"), [("tflite", "onnxruntime"), ("onnx", "ai_edge_litert")])
def test_a_process_loads_only_the_runtime_it_uses_and_says_nothing(
    tiny_folder: Path, runtime: str, absent: str
) -> None:
    code = (
        "import sys; from dsp.rack.build import build_chain; import numpy as np\n"
        f"chain = build_chain({str(tiny_folder)!r}, {runtime!r}); chain.prepare(48000, 128, 1)\n"
        "chain.process(np.zeros((128, 1), np.float32))\n"
        f"assert {absent!r} not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == done.stderr == ""


SHIPPED = MODELS / "denoise-live"


def test_the_shipped_bundle_says_the_same_in_both_runtimes() -> None:
    bundle = Bundle.load(SHIPPED)
    onnx, tflite = (answers(open_model(bundle, runtime)) for runtime in RUNTIMES)
    # Each runtime rounds int8 activations in its own way.
    assert np.abs(onnx - tflite).mean() < 0.01
    assert np.abs(tflite).max() > 0.1


def test_onnx_runtime_keeps_no_identity_and_reports_to_nobody(
    tiny_bundle: Bundle, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("home")
    code = (
        "import sys, pathlib, time; from dsp.inference.bundle import Bundle; from dsp.inference import open_model\n"
        "model = open_model(Bundle.load(pathlib.Path(sys.argv[1])), 'onnx')\n"
        "for _ in range(50): model.step()\n"
        "time.sleep(0.3)\n"
    )
    suppressing = ("CI", "PYTEST", "GITHUB", "TF_BUILD", "XDG", "ORT_")  # with these the runtime sends nothing anyway
    environment = {name: value for name, value in os.environ.items() if not name.startswith(suppressing)}
    subprocess.run(
        [sys.executable, "-c", code, str(tiny_bundle.folder)],
        env=environment | {"HOME": str(home)},
        check=True,
        timeout=60,
    )
    assert not list(home.rglob("*"))
