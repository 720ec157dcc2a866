"""Do no harm: clean voices, spoken and sung, through the chain with each stage alone, and with all that mend.

SI-SDR after a gain match (25 dB or more is asked), and the change of loudness (0.5 LU at most). A stage is on at its
default settings; those without a switch at MODERATE. `all that mend` are those of MENDS together: tone, leveller,
compressor and transients are meant to change the sound. Without a model, so that only the stages are judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from bench.harm import si_sdr_db
from bench.restore.rows import Row
from dsp.analysis.loudness import HOP_FRAMES, Loudness
from dsp.block import RATE_HZ
from dsp.rack.build import build_chain
from dsp.rack.chain import Chain
from dsp.rack.voice_stages import AHEAD, BEHIND

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "voice"
VOICES = (
    "singing/producerspace_etv_am_136_phrase_00", "fullband/kerstin_024", "singing/producerspace_shv_ab_124_00",
    "fullband/nathalie_03", "singing/producerspace_etv_gm_136_phrase_00", "fullband/philipp_00",
)  # fmt: skip
SECONDS = 10.0
PERIOD = 128
MODERATE = {"breath.amount_db": 6.0, "dereverb.amount": 0.3}
MENDS = ("declip", "declick", "low_cut", "plosives", "feedback", "hum", "dereverb", "gate", "breath", "deess")
CHANGES = ("leveller", "compressor")
"""Their gain is meant to move: SI-SDR says nothing about them."""

Sound = NDArray[np.float32]


def settings() -> dict[str, dict[str, float]]:
    """What switches each stage of one microphone on, by its name."""
    found: dict[str, dict[str, float]] = {}
    for kind in (*AHEAD, *BEHIND):
        on = {spec.id: 1.0 for spec in kind.params if spec.id == f"{kind.name}.on"}
        on |= {id: value for id, value in MODERATE.items() if id.startswith(f"{kind.name}.")}
        if on and kind.name not in ("bleed", "automix"):  # they need more than one input
            found[kind.name] = on
    return found


def rows(limit: int | None = None) -> list[Row]:
    """limit: so many voices."""
    of_stages = settings()
    others = {id: 0.0 for on in of_stages.values() for id in on}  # hum is on by default
    together = {id: MODERATE.get(id, 1.0) for name in MENDS for id in of_stages.get(name, {})}
    tried: dict[str, Mapping[str, float]] = {name: on for name, on in of_stages.items() if name not in CHANGES}
    found: list[Row] = []
    for name, on in {**tried, "all that mend": together}.items():
        worst_db, most_lu, whose = np.inf, 0.0, ""
        for voice, sound in _voices(limit):
            out = _through(build_chain(None, real_time=False), sound, {**others, **on})
            si_sdr, lu = si_sdr_db(out, sound), abs(_lufs(out) - _lufs(sound))
            if si_sdr < worst_db:
                worst_db, whose = si_sdr, voice
            most_lu = max(most_lu, lu)
        found.append(Row(name, f"a clean voice, the worst ({whose})", "SI-SDR, dB (25)", np.inf, worst_db))
        found.append(
            Row(name, "a clean voice, the worst", "loudness off, LU (0.5)", 0.0, most_lu, more_is_better=False)
        )
    return found


def _voices(limit: int | None) -> Iterator[tuple[str, Sound]]:
    """Their names, and clean sound with its peak at -6 dBFS."""
    for name in VOICES[:limit]:
        path = DATA / f"{name}.opus"
        if not path.exists():
            raise SystemExit(f"{path}: no such voice; the data lies beside the clone as ../shared")
        sound = soundfile.read(path, dtype="float32", always_2d=True)[0][: round(SECONDS * RATE_HZ), 0]
        yield path.stem, (sound * (0.5 / np.abs(sound).max())).astype(np.float32)


def _through(chain: Chain, sound: Sound, values: Mapping[str, float]) -> Sound:
    """Aligned with `sound`."""
    for id, value in values.items():
        chain.set_param(id, value)
    chain.prepare(RATE_HZ, PERIOD, 1)
    late = chain.latency_frames
    out = np.zeros((-(-(len(sound) + late) // PERIOD) * PERIOD, 1), np.float32)
    out[: len(sound), 0] = sound
    for start in range(0, len(out), PERIOD):
        chain.process(out[start : start + PERIOD])
    return out[late : late + len(sound), 0]


def _lufs(sound: Sound) -> float:
    meter = Loudness(1, len(sound) / RATE_HZ + 1.0)
    for at in range(0, len(sound) - HOP_FRAMES + 1, HOP_FRAMES):
        meter.add(sound[at : at + HOP_FRAMES, None])
    return meter.lufs
