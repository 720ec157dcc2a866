"""Short-time Fourier transform, one hop at a time, with low latency and exact reconstruction.

The analysis window is long, for fine frequency resolution, and asymmetric. The synthesis window covers only its newest
part. Their product is a Hann window of `synthesis_frames`; with a hop of half its length these add up to one. So the
algorithmic latency is `synthesis_frames`, however long the analysis window is.

Source: D. Mauler and R. Martin, "A low delay, variable resolution, perfect reconstruction spectral analysis-synthesis
system for speech enhancement", EUSIPCO 2007.
"""

from __future__ import annotations

import numpy as np
from numpy import fft  # by name: np.fft is imported at its first use, and that may be in the midst of the sound
from numpy.typing import NDArray

from dsp.native import bound

Audio = NDArray[np.float32]
Spectrum = NDArray[np.complex64]

_WRITES_INTO = np.lib.NumpyVersion(np.__version__) >= "2.0.0"
"""Whether numpy's FFT can write into a given array. Only the environment for tflite-runtime has an older numpy."""


def analysis_window(window_frames: int = 768, synthesis_frames: int = 256) -> Audio:
    """Rise over all but the last `synthesis_frames // 2` frames, fall over those. Shape (window_frames,)."""
    _check(window_frames, synthesis_frames)
    hop = synthesis_frames // 2
    rise = window_frames - hop
    window = np.empty(window_frames)
    window[:rise] = np.sin(0.5 * np.pi * (np.arange(rise) + 0.5) / rise)
    window[rise:] = np.cos(0.5 * np.pi * (np.arange(hop) + 0.5) / hop)
    return window.astype(np.float32)


def synthesis_window(window_frames: int = 768, synthesis_frames: int = 256) -> Audio:
    """The window whose product with the analysis window is a Hann window. Shape (synthesis_frames,): newest frames."""
    analysis = analysis_window(window_frames, synthesis_frames).astype(np.float64)
    hann = np.sin(np.pi * (np.arange(synthesis_frames) + 0.5) / synthesis_frames) ** 2
    return (hann / analysis[-synthesis_frames:]).astype(np.float32)


def inverse_transform(spectrum: Spectrum, out: Audio) -> None:
    """np.fft.irfft along the last axis, without a new array where numpy can.  out: (..., frames)."""
    if (transform := bound.transform(out.shape[-1])) is not None:
        transform.inverse(spectrum, out)
    elif _WRITES_INTO:
        fft.irfft(spectrum, out.shape[-1], axis=-1, out=out)  # type: ignore[arg-type]  # stubs know double only
    else:
        out[:] = fft.irfft(spectrum, out.shape[-1], axis=-1)


def forward_transform(waves: Audio, out: Spectrum) -> None:
    """np.fft.rfft along the last axis, without a new array where numpy can.  out: (..., bins)."""
    if (transform := bound.transform(waves.shape[-1])) is not None:
        transform.forward(waves, out)
    elif _WRITES_INTO:
        fft.rfft(waves, axis=-1, out=out)  # type: ignore[arg-type]  # stubs know double only
    else:
        out[:] = fft.rfft(waves, axis=-1)


class StreamingStft:
    """Hop in, spectrum out; spectrum in, hop out. Audio thread; buffers are made once and reused.

    The output is the input, `hop_frames` later. The arrays returned are views of internal buffers: use or copy them
    before the next call of the same method.
    """

    def __init__(
        self, channels: int, window_frames: int = 768, synthesis_frames: int = 256, hop_frames: int = 128
    ) -> None:
        if channels < 1:
            raise ValueError(f"channels = {channels}: allowed 1 or more")
        if 2 * hop_frames != synthesis_frames or window_frames % hop_frames:
            raise ValueError(
                f"hop_frames = {hop_frames}: must be half of synthesis_frames ({synthesis_frames}) "
                f"and divide window_frames ({window_frames})"
            )
        self.channels = channels
        self.window_frames = window_frames
        self.synthesis_frames = synthesis_frames
        self.hop_frames = hop_frames
        self.bins = window_frames // 2 + 1
        self.latency_frames = hop_frames
        self._analysis = analysis_window(window_frames, synthesis_frames)
        self._synthesis = synthesis_window(window_frames, synthesis_frames)
        # The past is stored twice, one window apart, so that the newest window is always one contiguous slice.
        self._past: Audio = np.zeros((channels, 2 * window_frames), np.float32)
        self._position = 0
        self._windowed: Audio = np.zeros((channels, window_frames), np.float32)
        self._spectrum: Spectrum = np.zeros((channels, self.bins), np.complex64)
        self._wave: Audio = np.zeros((channels, window_frames), np.float32)
        self._newest = self._wave[:, -synthesis_frames:]
        self._tail: Audio = np.zeros((channels, hop_frames), np.float32)
        self._out: Audio = np.zeros((hop_frames, channels), np.float32)
        self._native = bound.stft(
            hop_frames, self._analysis, self._synthesis, self._past, self._spectrum, self._tail, self._out
        )

    def reset(self) -> None:
        """Forget the past: as new."""
        self._past.fill(0.0)
        self._tail.fill(0.0)
        self._position = 0

    def analyse(self, hop: Audio) -> Spectrum:
        """Spectrum of the newest window.  hop: (hop_frames, channels) -> (channels, bins), a reused buffer."""
        start, frames = self._position, self.hop_frames
        if self._native is not None:
            self._native.analyse(hop, start)
            self._position = (start + frames) % self.window_frames
            return self._spectrum
        self._past[:, start : start + frames] = hop.T
        self._past[:, start + self.window_frames : start + self.window_frames + frames] = hop.T
        oldest = start + frames
        self._position = oldest % self.window_frames
        np.multiply(self._past[:, oldest : oldest + self.window_frames], self._analysis, out=self._windowed)
        forward_transform(self._windowed, self._spectrum)
        return self._spectrum

    def synthesise(self, spectrum: Spectrum) -> Audio:
        """The hop before the newest one.  spectrum: (channels, bins) -> (hop_frames, channels), a reused buffer."""
        if self._native is not None:
            self._native.synthesise(spectrum)
            return self._out
        inverse_transform(spectrum, self._wave)
        np.multiply(self._newest, self._synthesis, out=self._newest)
        np.add(self._newest[:, : self.hop_frames], self._tail, out=self._out.T)
        self._tail[:] = self._newest[:, self.hop_frames :]
        return self._out


def _check(window_frames: int, synthesis_frames: int) -> None:
    if synthesis_frames < 2 or synthesis_frames % 2 or window_frames < synthesis_frames:
        raise ValueError(
            f"window_frames = {window_frames}, synthesis_frames = {synthesis_frames}: synthesis_frames must be even "
            "and no longer than window_frames"
        )
