"""Write bundle.toml: what the box must know about a model's files."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from dsp import features as layout
from training.data.sources import ATTRIBUTIONS

Files = dict[str, tuple[Path, dict[str, str]]]


def write(folder: Path, name: str, version: str, parameters: int, state_size: int, files: Files) -> None:
    """Describe a bundle.  files: by runtime, the file and the names of its tensors as that runtime reports them."""
    entries: list[tuple[str, object]] = [
        ("schema", 1),
        ("name", name),
        ("version", version),
        ("kind", "denoise"),
        ("summary", "Live voice denoiser, full band, 5.3 ms algorithmic latency"),
        ("rate_hz", 48_000),
        ("channels", 1),
        ("hop_frames", 128),
        ("window_frames", 768),
        ("synthesis_frames", 256),
        ("lookahead_frames", 0),
        ("algorithmic_latency_frames", 256),
        ("features", layout.LAYOUT),
        ("input_size", layout.INPUT_SIZE),
        ("output_size", layout.OUTPUT_SIZE),
        ("state_size", state_size),
        ("parameters", parameters),
        ("default_runtime", "tflite"),
        ("licence", "Apache-2.0"),
    ]
    lines = [f"{key} = {json.dumps(value)}" for key, value in entries]
    lines.append("trained_on = [")
    lines += [
        f"  {{ name = {json.dumps(source)}, licence = {json.dumps(licence)}, what = {json.dumps(what)} }},"
        for source, licence, what in ATTRIBUTIONS
    ]
    lines.append("]")
    for runtime, (path, names) in files.items():
        lines += ["", f"[files.{runtime}]", f"path = {json.dumps(path.name)}"]
        lines.append(f"sha256 = {json.dumps(hashlib.sha256(path.read_bytes()).hexdigest())}")
        lines += [f"{key} = {json.dumps(value)}" for key, value in names.items()]
    (folder / "bundle.toml").write_text("\n".join(lines) + "\n")
