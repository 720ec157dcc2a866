"""Writes bundle.toml, which tells the box what it must know about a model's files."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

from dsp.layouts import stems as stems_layout
from dsp.layouts.denoise import LIVE, STUDIO, Layout
from training.data import sources

Files = dict[str, tuple[Path, dict[str, str]]]


@dataclass(frozen=True)
class About:
    """What all versions of a bundle have in common."""

    kind: str
    summary: str
    best_for: str  # on the page; what it scores is added by hand, as in its card
    channels: int
    hop_frames: int
    window_frames: int
    synthesis_frames: int
    layout: str
    input_size: int
    output_size: int
    trained_on: tuple[tuple[str, str, str], ...]  # source, licence, what


def _denoiser(layout: Layout, summary: str, best_for: str) -> About:
    return About(
        kind="denoise",
        summary=summary,
        best_for=best_for,
        channels=1,
        hop_frames=layout.hop_frames,
        window_frames=layout.window_frames,
        synthesis_frames=layout.synthesis_frames,
        layout=layout.name,
        input_size=layout.input_size,
        output_size=layout.output_size,
        trained_on=sources.ATTRIBUTIONS,
    )


DENOISE_LIVE = _denoiser(
    LIVE,
    "Live voice denoiser, full band, 5.3 ms algorithmic latency",
    "Singing and speaking that you hear through the box",
)
DENOISE_LIGHT = _denoiser(
    LIVE,
    "Small voice denoiser for a Pi 4 and for busy moments, full band, 5.3 ms algorithmic latency",
    "A Raspberry Pi 4, and boards with much else to do",
)
DENOISE_STUDIO = _denoiser(
    STUDIO,
    "Voice denoiser for recording, full band, 20 ms algorithmic latency",
    "Takes and streams that nobody hears through the box while singing",
)
STEMS_LIVE = About(
    kind="stems",
    summary="Live separation into vocals, drums, bass and other, 21.3 ms algorithmic latency",
    best_for="Turning a voice or an instrument down while a song plays",
    channels=stems_layout.CHANNELS,
    hop_frames=stems_layout.HOP_FRAMES,
    window_frames=stems_layout.WINDOW_FRAMES,
    synthesis_frames=stems_layout.SYNTHESIS_FRAMES,
    layout=stems_layout.LAYOUT,
    input_size=stems_layout.INPUT_SIZE,
    output_size=stems_layout.OUTPUT_SIZE,
    trained_on=sources.STEMS_ATTRIBUTIONS,
)
STEMS_LIGHT = replace(
    STEMS_LIVE,
    summary="Live separation with one network instead of three, for a Pi 4, 21.3 ms algorithmic latency",
    best_for="Stems on a Raspberry Pi 4",
)


def write(
    folder: Path, name: str, version: str, parameters: int, state_size: int, files: Files, about: About = DENOISE_LIVE
) -> None:
    """Describe a bundle.  files: by runtime, the file and the names of its tensors as that runtime reports them."""
    entries: list[tuple[str, object]] = [
        ("schema", 1),
        ("name", name),
        ("version", version),
        ("kind", about.kind),
        ("summary", about.summary),
        ("best_for", about.best_for),
        ("rate_hz", 48_000),
        ("channels", about.channels),
        ("hop_frames", about.hop_frames),
        ("window_frames", about.window_frames),
        ("synthesis_frames", about.synthesis_frames),
        ("lookahead_frames", 0),
        ("algorithmic_latency_frames", about.synthesis_frames),
        ("features", about.layout),
        ("input_size", about.input_size),
        ("output_size", about.output_size),
        ("state_size", state_size),
        ("parameters", parameters),
        ("default_runtime", "tflite"),
        ("licence", "Apache-2.0"),
    ]
    lines = [f"{key} = {json.dumps(value)}" for key, value in entries]
    lines.append("trained_on = [")
    lines += [
        f"  {{ name = {json.dumps(source)}, licence = {json.dumps(licence)}, what = {json.dumps(what)} }},"
        for source, licence, what in about.trained_on
    ]
    lines.append("]")
    for runtime, (path, names) in files.items():
        lines += ["", f"[files.{runtime}]", f"path = {json.dumps(path.name)}"]
        lines.append(f"sha256 = {json.dumps(hashlib.sha256(path.read_bytes()).hexdigest())}")
        lines += [f"{key} = {json.dumps(value)}" for key, value in names.items()]
    (folder / "bundle.toml").write_text("\n".join(lines) + "\n")
