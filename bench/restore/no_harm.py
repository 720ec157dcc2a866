"""Do no harm: clean voices, spoken and sung, through the chain with each stage alone, and with all that mend.

SI-SDR after a gain match (25 dB or more is asked), and the change of loudness (0.5 LU at most). A stage is on at its
default settings; those without a switch at MODERATE. `all that mend` are those of MENDS together: tone, leveller,
compressor and transients are meant to change the sound. It is repeated with each of them left out, which shows whose
harm it is. Without a model, so that only the stages are judged.

A low cut turns the phase far above its corner, as every filter without latency does, so SI-SDR against the input says
nothing about it: the analogue cut itself fails, as its row shows. Fixed, it is compared with that analogue cut. In auto
its corner follows the voice, and the phase with it: the row against one corner shows that, with nothing asked. Its
loudness is compared with the input's, as everybody's.
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
from dsp.parts.biquads import analogue
from dsp.rack.build import build_chain
from dsp.rack.chain import Chain
from dsp.rack.voice_stages import AHEAD, BEHIND
from dsp.restore.low_cut import BUTTERWORTH_Q, LowCut

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "voice"
VOICES = (
    "singing/producerspace_etv_am_136_phrase_00", "fullband/kerstin_024", "singing/producerspace_shv_ab_124_00",
    "fullband/nathalie_03", "singing/producerspace_etv_gm_136_phrase_00", "fullband/philipp_00",
    "fullband/producerspace_whisper_01", "singing/producerspace_etv_fm_136_adlib_00", "fullband/vocobox_00",
    "singing/producerspace_shv_fs_122_00", "fullband/producerspace_dvs2_00", "to12k/flemishguy_00",
)  # fmt: skip
"""Spoken, sung and whispered."""

SECONDS = 10.0
PERIOD = 128
MODERATE = {"breath.amount_db": 6.0, "dereverb.amount": 0.3}
MENDS = ("declip", "declick", "plosives", "feedback", "hum", "dereverb", "gate", "breath", "deess")
CHANGES = ("low_cut", "leveller", "compressor")
"""A filter turns the phase, and a gain is meant to move: SI-SDR against the input says nothing about them."""

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
    tried["all that mend"] = together
    for name in MENDS:
        left = {id: value for id, value in together.items() if not id.startswith(f"{name}.")}
        tried[f"all that mend but {name}"] = left
    for name, on in tried.items():
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
    return [*found, *_low_cut(limit)]


def _low_cut(limit: int | None) -> list[Row]:
    fixed_db, auto_db, ideal_db, most_lu = [], [], [], 0.0
    for _, sound in _voices(limit):
        still, hz = _cut(sound, {"low_cut.auto": 0.0})
        moving, median_hz = _cut(sound, {})
        ideal = _ideal_cut(sound, hz)
        fixed_db.append(si_sdr_db(still, ideal))
        ideal_db.append(si_sdr_db(ideal, sound))
        auto_db.append(si_sdr_db(moving, _ideal_cut(sound, median_hz)))
        most_lu = max(most_lu, abs(_lufs(moving) - _lufs(sound)))
    what, title = "a clean voice, the worst", "SI-SDR, dB"
    return [
        Row("low_cut", f"{what}, fixed, against the analogue cut", f"{title} (25)", np.inf, min(fixed_db)),
        Row("low_cut", f"{what}, analogue cut against the input", title, np.inf, min(ideal_db)),
        Row("low_cut", f"{what}, auto, against the analogue cut at its median corner", title, np.inf, min(auto_db)),
        Row("low_cut", f"{what}, auto", "loudness off, LU (0.5)", 0.0, most_lu, more_is_better=False),
    ]


def _cut(sound: Sound, values: Mapping[str, float]) -> tuple[Sound, float]:
    """Through the stage; and its median corner, Hz."""
    stage, corners = LowCut(), []
    stage.prepare(RATE_HZ, PERIOD, 1)
    for id, value in {"low_cut.on": 1.0, **values}.items():
        stage.set_param(id, value)
    stage.reset()
    out = np.resize(sound, (-(-len(sound) // PERIOD) * PERIOD, 1))
    for start in range(0, len(out), PERIOD):
        stage.process(out[start : start + PERIOD])
        corners.append(stage.detail)
    return out[: len(sound), 0], float(np.median(corners))


def _ideal_cut(sound: Sound, corner_hz: float) -> Sound:
    """The analogue filter, phase and all, by the spectrum."""
    size = 2 * len(sound)
    hz = np.fft.rfftfreq(size, 1.0 / RATE_HZ)
    spectrum = np.fft.rfft(sound, size)
    for q in BUTTERWORTH_Q:
        spectrum *= analogue("high_pass", corner_hz, 0.0, q, hz)
    cut: Sound = np.fft.irfft(spectrum, size)[: len(sound)].astype(np.float32)
    return cut


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
