"""From a checkpoint to a bundle folder: TFLite and ONNX with int8 weights, and bundle.toml.

    python -m training.export --checkpoint training/denoise_live/checkpoint.pt --bundle models_quantized/denoise-live

Both files come from the same float32 network and hold the same int8 weights (training.quantise). LiteRT and its
predecessor tflite-runtime load the same TFLite file. The exporter streams a minute of test sound through both files
and prints the difference.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch

from dsp.layouts import stems as stems_layout
from training import bundle_writer, checkpoints, quantise
from training.bundle_writer import About
from training.data import sources
from training.model import DenoiseNet, parameter_count
from training.runtimes import OnnxStep, Step, TfliteStep, stored_weight_types
from training.stems_model import StemsEnsemble
from training.stream import agreement_db

NAME = "denoise-live"
ABOUT = {
    NAME: bundle_writer.DENOISE_LIVE,
    "denoise-light": bundle_writer.DENOISE_LIGHT,
    "denoise-studio": bundle_writer.DENOISE_STUDIO,
}
"""By the bundle's name. Other names get the live one's."""

Net = DenoiseNet | StemsEnsemble


def export_tflite(net: Net, path: Path, plain: Path | None = None) -> None:
    """Convert and quantise; see training.quantise.  plain: keep the float file here."""
    import litert_torch

    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "plain.tflite"
        litert_torch.convert(net.as_step(), _example(net)).export(str(made))
        if plain:
            shutil.copyfile(made, plain)
        step = net.as_step()
        in_float = [step.get_submodule(name).weight.detach().numpy() for name in quantise.float_layers(step)]
        quantise.quantise_tflite(made, path, in_float)


def export_onnx(net: Net, path: Path, plain: Path | None = None) -> None:
    """Export and quantise; see training.quantise.  plain: keep the float file here."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "plain.onnx"
        torch.onnx.export(
            net.as_step(),
            _example(net),
            str(made),
            input_names=["features", "state"],
            output_names=["mask", "next_state"],
            opset_version=17,
            dynamo=False,
        )
        if plain:
            shutil.copyfile(made, plain)
        quantise.quantise_onnx(made, path, quantise.float_layers(net.as_step()))


def _example(net: Net) -> tuple[torch.Tensor, torch.Tensor]:
    size = stems_layout.INPUT_SIZE if isinstance(net, StemsEnsemble) else net.layout.input_size
    return torch.zeros(1, size), torch.zeros(1, net.state_size)


def export_bundle(
    net: Net,
    folder: Path,
    version: str,
    float_folder: Path | None = None,
    about: About = bundle_writer.DENOISE_LIVE,
    agreement: Callable[[Step, Step], float] = agreement_db,
) -> None:
    """Write all of a bundle but its card, and print how well its files agree.

    agreement: level of the difference between two files' sound, in dB.
    float_folder: also write the network with float32 weights here, as a bundle to compare with. It is never shipped.
    """
    name = folder.name
    for each in (folder, *filter(None, [float_folder])):
        each.mkdir(parents=True, exist_ok=True)
    tflite, onnx = (folder / f"{name}.{kind}" for kind in ("tflite", "onnx"))
    plain = {kind: float_folder / f"{name}.{kind}" if float_folder else None for kind in ("tflite", "onnx")}
    export_tflite(net, tflite, plain=plain["tflite"])
    export_onnx(net, onnx, plain=plain["onnx"])
    for path in (tflite, onnx):
        print(path.name, path.stat().st_size, "bytes, elements by stored type:", stored_weight_types(path))
    steps: dict[str, Step] = {"tflite": TfliteStep(tflite), "onnx": OnnxStep(onnx)}
    files = {
        "tflite": (tflite, steps["tflite"].names),
        "tflite_runtime": (tflite, steps["tflite"].names),
        "onnx": (onnx, steps["onnx"].names),
    }
    bundle_writer.write(folder, name, version, parameter_count(net), net.state_size, files, about)
    print(f"tflite against onnx over 60 s: {agreement(steps['tflite'], steps['onnx']):.1f} dB")
    if float_folder:
        made: dict[str, Path] = {kind: path for kind, path in plain.items() if path}
        floats: dict[str, Step] = {"tflite": TfliteStep(made["tflite"]), "onnx": OnnxStep(made["onnx"])}
        names = {kind: (made[kind], floats[kind].names) for kind in made}
        bundle_writer.write(float_folder, name, f"{version}-float", parameter_count(net), net.state_size, names, about)
        for kind, step in floats.items():
            print(f"{kind} int8 against float over 60 s: {agreement(step, steps[kind]):.1f} dB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--bundle", type=Path, default=Path("models_quantized") / NAME)
    parser.add_argument("--version", default="0.1.0")
    parser.add_argument("--float", type=Path, help="also write a float32 bundle here, to compare with")
    parser.add_argument("--committed", type=Path, help="also write the averaged weights here, in half precision")
    parser.add_argument("--data", type=Path, help="name the sources of this folder's INDEX.tsv, too")
    args = parser.parse_args()
    torch.set_num_threads(1)
    checkpoint = checkpoints.load(args.checkpoint)
    net = checkpoints.network(checkpoint)
    about = ABOUT.get(args.bundle.name, bundle_writer.DENOISE_LIVE)
    if net.layout.name != about.layout:
        parser.error(f"{args.checkpoint}: layout {net.layout.name}, allowed for {args.bundle.name} is {about.layout}")
    if args.data:
        about = replace(about, trained_on=about.trained_on + sources.attributions(args.data))
    if args.committed:
        checkpoints.save_committed(args.committed, checkpoint)
    export_bundle(net, args.bundle, args.version, args.float, about, partial(agreement_db, layout=net.layout))


if __name__ == "__main__":
    main()
