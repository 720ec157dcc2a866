"""From a checkpoint to a bundle folder: TFLite and ONNX with int8 weights, bundle.toml, CARD.md.

    python -m training.export --checkpoint training/denoise_live/checkpoint.pt --bundle models_quantized/denoise-live

Weights become int8 per output channel, activations stay float. Both files come from the same float32 network; the
exporter streams a minute of test sound through both and prints how far apart they are.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import torch

from dsp import features as layout
from training import bundle_writer, checkpoints
from training.model import DenoiseNet, StepNet, parameter_count
from training.runtimes import OnnxStep, TfliteStep, stored_weight_types
from training.stream import agreement_db

NAME = "denoise-live"


def export_tflite(net: DenoiseNet, path: Path, per_channel: bool = True) -> None:
    """Convert and quantise weights to int8, with a scale per output channel or, for tflite-runtime, per tensor."""
    import litert_torch
    from ai_edge_quantizer import quantizer, recipe

    example = (torch.zeros(1, layout.INPUT_SIZE), torch.zeros(1, net.state_size))
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.tflite"
        litert_torch.convert(StepNet(net).eval(), example).export(str(plain))
        quantiser = quantizer.Quantizer(str(plain))
        rules = recipe.dynamic_wi8_afp32()
        if not per_channel:
            for rule in rules:
                rule["op_config"]["weight_tensor_config"]["granularity"] = "TENSORWISE"
        quantiser.load_quantization_recipe(rules)
        path.unlink(missing_ok=True)  # the quantiser does not overwrite
        quantiser.quantize().export_model(str(path))


def export_onnx(net: DenoiseNet, path: Path) -> None:
    """Export and quantise weights to int8 (MatMulInteger)."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    example = (torch.zeros(1, layout.INPUT_SIZE), torch.zeros(1, net.state_size))
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.onnx"
        torch.onnx.export(
            StepNet(net).eval(),
            example,
            str(plain),
            input_names=["features", "state"],
            output_names=["mask", "next_state"],
            opset_version=17,
            dynamo=False,
        )
        quantize_dynamic(str(plain), str(path), weight_type=QuantType.QInt8, per_channel=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--bundle", type=Path, default=Path("models_quantized") / NAME)
    parser.add_argument("--version", default="0.1.0")
    parser.add_argument("--committed", type=Path, help="also write averaged weights in half precision here")
    args = parser.parse_args()
    torch.set_num_threads(1)
    checkpoint = checkpoints.load(args.checkpoint)
    net = checkpoints.network(checkpoint)
    if args.committed:
        checkpoints.save_committed(args.committed, checkpoint)
    args.bundle.mkdir(parents=True, exist_ok=True)
    tflite, onnx = args.bundle / f"{NAME}.tflite", args.bundle / f"{NAME}.onnx"
    old_tflite = args.bundle / f"{NAME}-tflite-runtime.tflite"
    export_tflite(net, tflite)
    # tflite-runtime 2.14 computes int8 layers with a scale per channel as if their weights were zero.
    export_tflite(net, old_tflite, per_channel=False)
    export_onnx(net, onnx)
    for path in (tflite, old_tflite, onnx):
        print(path.name, path.stat().st_size, "bytes, elements by stored type:", stored_weight_types(path))
    steps = {"tflite": TfliteStep(tflite), "tflite_runtime": TfliteStep(old_tflite), "onnx": OnnxStep(onnx)}
    files = {"tflite": tflite, "tflite_runtime": old_tflite, "onnx": onnx}
    names = {runtime: (files[runtime], step.names) for runtime, step in steps.items()}
    bundle_writer.write(args.bundle, NAME, args.version, parameter_count(net), net.state_size, names)
    print(f"tflite against onnx over 60 s: {agreement_db(steps['tflite'], steps['onnx']):.1f} dB")


if __name__ == "__main__":
    main()
