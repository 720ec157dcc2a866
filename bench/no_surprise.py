"""Half an hour of unexpected input: music, silence, full-scale noise, clipping, DC. Does the output stay sane?

    python -m bench.no_surprise [--minutes 30] [--bundle models_quantized/denoise-live] [--stages] [--json]

It goes through the box's chain at full amount; with --stages every stage of the vocal chain for one microphone is on
too, at its default settings (bench.restore.no_harm), and a minute and a half is played: each trouble once. The level
is ridden then, so only what is finite and the peak count. After it every parameter jumps to its ends and back
(bench.param_changes). Printed for each kind of sound: the number of samples that are not finite; how far the output's
peak is over the input's; and, from one second after the voice is back, the difference from an output that never heard
the trouble, as level and as residual. It asserts nothing; tests/models does.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench import param_changes
from bench.restore.no_harm import settings
from dsp.block import RATE_HZ
from dsp.inference.bundle import Bundle
from dsp.layouts.denoise import LAYOUTS
from dsp.rack.build import build_chain
from dsp.rack.chain import Chain

ROOT = Path(__file__).parent.parent
PERIOD = 128
AMOUNT = "denoise.amount_db"
ROUND_MINUTES = 1.2
VOICE_FRAMES = 3 * RATE_HZ // PERIOD * PERIOD
Sound = NDArray[np.float32]
Maker = Callable[[int, np.random.Generator], Sound]


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of trouble. over_peak_db: the output's peak over the input's. The last two: once the voice is back."""

    kind: str
    seconds: float
    not_finite: int
    over_peak_db: float
    level_off_db: float
    residual_db: float


def music(frames: int, rng: np.random.Generator) -> Sound:
    """Chords of plucked tones over drum strokes: sharp attacks, pitched, dense. Peak 0.7."""
    sound = np.zeros(frames)
    time = np.arange(RATE_HZ) / RATE_HZ
    for start in range(0, frames, RATE_HZ // 4):
        notes = 110 * 2 ** (rng.integers(0, 36, 4) / 12)
        decays = np.exp(-time[:, None] * np.array([4.0, 5.0, 6.0, 3.0]))
        pluck = (np.sign(np.sin(2 * np.pi * time[:, None] * notes)) * decays).sum(axis=1)
        stroke = rng.standard_normal(RATE_HZ) * np.exp(-time * 30.0) * 2.0
        part = (pluck + stroke)[: frames - start]
        sound[start : start + len(part)] += part
    return _scaled(sound, 0.7)


def silence(frames: int, rng: np.random.Generator) -> Sound:
    return np.zeros(frames, np.float32)


def full_scale_noise(frames: int, rng: np.random.Generator) -> Sound:
    return rng.uniform(-1.0, 1.0, frames).astype(np.float32)


def quiet_noise(frames: int, rng: np.random.Generator) -> Sound:
    """Noise under the limiter's ceiling, so that the limiter hides nothing."""
    return rng.uniform(-0.1, 0.1, frames).astype(np.float32)


def clipping(frames: int, rng: np.random.Generator) -> Sound:
    """Several tones 20 dB over full scale, clipped there."""
    time = np.arange(frames)[:, None] / RATE_HZ
    tones = np.sin(2 * np.pi * time * rng.uniform(80, 3000, 3)).sum(axis=1)
    clipped: Sound = np.clip(10.0 * tones, -1.0, 1.0).astype(np.float32)
    return clipped


def quiet_clipping(frames: int, rng: np.random.Generator) -> Sound:
    """The same, turned down 20 dB afterwards."""
    return clipping(frames, rng) * np.float32(0.1)


def dc(frames: int, rng: np.random.Generator) -> Sound:
    """Steps between DC offsets, some at full scale."""
    levels = np.append(rng.uniform(-1.0, 1.0, -(-frames // 24_000)), 1.0)
    return np.repeat(levels[-(-frames // 24_000) :: -1], 24_000)[:frames].astype(np.float32)


TROUBLES: tuple[Maker, ...] = (music, silence, full_scale_noise, quiet_noise, clipping, quiet_clipping, dc)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench.no_surprise", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, help="30, or 1.2 with --stages")
    parser.add_argument("--bundle", type=Path, default=ROOT / "models_quantized" / "denoise-live")
    parser.add_argument("--runtime", default="auto")
    parser.add_argument("--stages", action="store_true", help="with every stage of the vocal chain on")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    from training.demo_vocal.make_demo_vocal import demo_vocal

    chain = build_chain(options.bundle, options.runtime, real_time=False)
    if options.stages:
        for on in settings().values():
            for id, value in on.items():
                chain.set_param(id, value)
    voice = demo_vocal()[1].astype(np.float32)
    minutes = options.minutes or (ROUND_MINUTES if options.stages else 30.0)
    findings = run(chain, voice, 60.0 * minutes, memory_frames(options.bundle))
    if options.json:
        print(json.dumps([asdict(finding) for finding in findings], indent=1))
    else:
        print(as_text(chain.model_name, worst(findings)), flush=True)
    if options.stages:
        chain.set_param(AMOUNT, chain.params[AMOUNT].default)
        jumps = param_changes.worst_of_each(chain)
        print(param_changes.as_text(jumps))
        return int(any(jump.clicks for jump in jumps))
    return 0


def memory_frames(folder: Path) -> int:
    """How far back the output of the bundle in `folder` may reach, apart from the oldest taps. Raises BundleError."""
    layout = LAYOUTS[Bundle.load(folder).features]
    return layout.heard_hops * layout.hop_frames


def run(
    chain: Chain, voice: Sound, seconds: float, memory: int, segment_s: float = 8.0, seed: int = 0
) -> list[Finding]:
    """Play trouble after trouble, with the voice between them, without a reset, until `seconds` have gone through.

    chain: not yet prepared. voice: clean, (frames,), at least three seconds. memory: from memory_frames().
    """
    chain.set_param(AMOUNT, chain.params[AMOUNT].high)
    chain.prepare(RATE_HZ, PERIOD, 1)
    memory += chain.latency_frames  # stages that look ahead are late as well
    voice = np.resize(voice, VOICE_FRAMES)
    wanted = _play(chain, np.concatenate((np.zeros(RATE_HZ // PERIOD * PERIOD, np.float32), voice)))[-VOICE_FRAMES:]
    rng = np.random.default_rng(seed)
    before = voice
    findings: list[Finding] = []
    done = 0.0
    while done < seconds:
        make = TROUBLES[len(findings) % len(TROUBLES)]
        trouble = make(int(segment_s * RATE_HZ) // PERIOD * PERIOD, rng)
        out = _play(chain, np.concatenate((trouble, voice)))
        findings.append(_judge(make.__name__, np.concatenate((before, trouble)), trouble, out, wanted, memory))
        before = voice
        done += (len(trouble) + len(voice)) / RATE_HZ
    return findings


def _play(chain: Chain, sound: Sound) -> Sound:
    """The chain's output, a period at a time, with its delay."""
    out = sound.copy()
    for start in range(0, len(out), PERIOD):
        chain.process(out[start : start + PERIOD, None])
    return out


def _judge(kind: str, heard: Sound, trouble: Sound, out: Sound, wanted: Sound, memory: int) -> Finding:
    during, after = out[: len(trouble)], out[len(trouble) :]
    # While the voice before it may still be heard, its peak counts as input too.
    at_first = _peak_db(during[:memory], heard[-len(trouble) - memory :][: 2 * memory])
    then = _peak_db(during[memory:], trouble)
    late, right = after[RATE_HZ:], wanted[RATE_HZ:]
    return Finding(
        kind=kind,
        seconds=len(out) / RATE_HZ,
        not_finite=int(np.count_nonzero(~np.isfinite(out))),
        over_peak_db=max(at_first, then),
        level_off_db=_db(float(np.square(late).sum()), float(np.square(right).sum())),
        residual_db=_db(float(np.square(late - right).sum()), float(np.square(right).sum())),
    )


def worst(findings: list[Finding]) -> list[Finding]:
    """One row for each kind: the worst of each figure over the run."""
    rows = []
    for kind in dict.fromkeys(finding.kind for finding in findings):
        same = [finding for finding in findings if finding.kind == kind]
        rows.append(
            Finding(
                kind,
                sum(f.seconds for f in same),
                sum(f.not_finite for f in same),
                max(f.over_peak_db for f in same),
                max((f.level_off_db for f in same), key=abs),
                max(f.residual_db for f in same),
            )
        )
    return rows


def as_text(model: str, rows: list[Finding]) -> str:
    lines = [f"{model}, {sum(row.seconds for row in rows) / 60:.1f} minutes; worst of each kind"]
    lines.append(f"{'':17}{'minutes':>8}{'no numbers':>12}{'peak over input':>17}  voice again: level off   residual")
    lines += [
        f"{row.kind.replace('_', ' '):17}{row.seconds / 60:8.1f}{row.not_finite:12}{row.over_peak_db:14.2f} dB"
        f"{row.level_off_db:22.2f} dB{row.residual_db:8.1f} dB"
        for row in rows
    ]
    return "\n".join(lines)


def _peak_db(out: Sound, sound: Sound) -> float:
    """The peak of `out` over that of `sound`. Peaks under -80 dBFS count as -80."""
    return float(20.0 * np.log10(max(np.abs(out).max(), 1e-4) / max(np.abs(sound).max(), 1e-4)))


def _db(power: float, reference: float) -> float:
    return float(10.0 * np.log10((power + 1e-12) / (reference + 1e-12)))


def _scaled(sound: NDArray[np.float64], peak: float) -> Sound:
    scaled: Sound = (sound * (peak / np.abs(sound).max())).astype(np.float32)
    return scaled


if __name__ == "__main__":
    sys.exit(main())
