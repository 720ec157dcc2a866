"""A classical separator without training: harmonic and percussive parts by medians, then the centre of the image.

D. Fitzgerald, "Harmonic/percussive separation using median filtering", DAFx 2010; centre extraction by the likeness of
both channels, as in C. Avendano and J.-M. Jot, "A frequency-domain approach to multichannel upmix", JAES 52 (2004).
"""

from __future__ import annotations

from types import ModuleType

import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.float64]
MEDIAN = 17  # cells on either axis
BASS_HZ, VOICE_HZ = 180.0, (180.0, 9000.0)


def hpss_and_centre(tool: ModuleType, mix: Sound) -> dict[str, Sound]:
    """(frames, 2) at 48 kHz -> the four stems, adding up to it. tool: score_stems, for its transform."""
    spectrum, window, size, hop = tool.stft(mix)
    magnitude = np.abs(spectrum).mean(axis=2)
    harmonic, percussive = _median(magnitude, 0) ** 2, _median(magnitude, 1) ** 2
    steady = harmonic / (harmonic + percussive + 1e-12)
    left, right = spectrum[..., 0], spectrum[..., 1]
    alike = 2 * np.abs(left * np.conj(right)) / (np.abs(left) ** 2 + np.abs(right) ** 2 + 1e-12)
    hz = np.fft.rfftfreq(size, 1 / 48_000)
    low, voiced = hz < BASS_HZ, (hz >= VOICE_HZ[0]) & (hz <= VOICE_HZ[1])
    masks = {"vocals": steady * alike**4 * voiced, "drums": 1 - steady, "bass": steady * low}
    masks["other"] = 1 - sum(masks.values())
    return {stem: tool.istft(spectrum * mask[..., None], window, size, hop, len(mix)) for stem, mask in masks.items()}


def _median(magnitude: Sound, axis: int) -> Sound:
    pad = [(0, 0), (0, 0)]
    pad[axis] = (MEDIAN // 2, MEDIAN // 2)
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(magnitude, pad, mode="edge"), MEDIAN, axis)
    return np.median(windows, axis=-1)
