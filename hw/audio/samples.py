"""Converts the device's integers to float32 blocks and back, bit for bit.

S16_LE and S24_3LE come back as exactly the integers that went in. Of S32_LE the top 24 bits are kept; float32 and
converters hold no more. Both classes own their scratch memory and allocate next to nothing in a block.
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hw.audio.audio_io import Block

SAMPLE_BYTES = {"S16_LE": 2, "S24_3LE": 3, "S32_LE": 4}
SAMPLE_FORMATS = ("S32_LE", "S24_3LE", "S16_LE")
"""Formats that Hushbox can use, best first."""

_FROM_32 = np.float32(2.0**-31)
_FROM_16 = np.float32(2.0**-15)
_FULL_SCALE = {"S16_LE": 2.0**15, "S24_3LE": 2.0**23, "S32_LE": 2.0**23}


class Wire(Protocol):
    """What may do the same quicker: dsp.native.bound.wire makes one, and tests hold the two equal."""

    def decode(self, data: bytes | bytearray | memoryview, block: Block, /) -> None: ...
    def encode(self, block: Block, data: memoryview, /) -> None: ...


MakeWire = Callable[[int, int, tuple[int, ...]], Wire | None]
"""From bytes a sample, the device's channels, and the chosen columns from 0. None: NumPy does it."""


def _none(sample_bytes: int, device_channels: int, columns: tuple[int, ...]) -> Wire | None:
    return None


_make_wire: MakeWire = _none


def convert_with(make_wire: MakeWire | None) -> None:
    """Let decoders and encoders made from now on use what `make_wire` gives; None for NumPy again.

    hw imports nothing of ours, so the program that starts it hands this in.
    """
    global _make_wire
    _make_wire = make_wire or _none


class SampleDecoder:
    """Device bytes to a block of the chosen channels. Any thread, one at a time.

    frames: the longest block. device_channels: channels in the interleaved bytes. chosen: those to take, from 1.
    """

    def __init__(self, sample_format: str, frames: int, device_channels: int, chosen: tuple[int, ...]) -> None:
        self._format = sample_format
        self._channels = device_channels
        self._columns = [(j, channel - 1) for j, channel in enumerate(chosen)]
        self._wire = _make_wire(SAMPLE_BYTES[sample_format], device_channels, tuple(c for _, c in self._columns))
        self._whole = np.zeros((frames, len(chosen)), "<i4")  # the sample in the top bytes
        self._whole_bytes = self._whole.view(np.uint8).reshape(frames, len(chosen), 4)

    def decode(self, data: bytes | bytearray | memoryview, block: Block) -> None:
        """Fill `block`, float32 (at most `frames`, chosen channels), from exactly as many interleaved frames."""
        if self._wire is not None:
            self._wire.decode(data, block)
            return
        frames, channels = len(block), self._channels
        if self._format == "S16_LE":
            short = np.frombuffer(data, "<i2").reshape(frames, channels)
            for j, column in self._columns:
                np.multiply(short[:, column], _FROM_16, out=block[:, j])
            return
        if self._format == "S24_3LE":
            packed = np.frombuffer(data, np.uint8).reshape(frames, channels, 3)
            for j, column in self._columns:
                self._whole_bytes[:frames, j, 1:] = packed[:, column]
        else:
            wide = np.frombuffer(data, "<i4").reshape(frames, channels)
            for j, column in self._columns:
                # Cut, not rounded: the top 24 bits must come back unchanged.
                np.bitwise_and(wide[:, column], -256, out=self._whole[:frames, j])
        np.multiply(self._whole[:frames], _FROM_32, out=block, casting="same_kind")


class SampleEncoder:
    """A block to device bytes. Channels that were not chosen stay silent. Any thread, one at a time."""

    def __init__(self, sample_format: str, frames: int, device_channels: int, chosen: tuple[int, ...]) -> None:
        self._format = sample_format
        self._columns = [(j, channel - 1) for j, channel in enumerate(chosen)]
        self._wire = _make_wire(SAMPLE_BYTES[sample_format], device_channels, tuple(c for _, c in self._columns))
        self._full_scale = np.float32(_FULL_SCALE[sample_format])
        self._highest = np.float32(_FULL_SCALE[sample_format] - 1)
        self._scaled = np.zeros((frames, len(chosen)), np.float32)
        self._mono = np.zeros((frames, 1), np.float32)
        self._whole = np.zeros((frames, len(chosen)), "<i4")
        self._whole_bytes = self._whole.view(np.uint8).reshape(frames, len(chosen), 4)
        self._packed = np.zeros((frames, device_channels, SAMPLE_BYTES[sample_format]), np.uint8)
        self._short = self._packed.reshape(frames, -1).view("<i2") if sample_format == "S16_LE" else None
        self._wide = self._packed.reshape(frames, -1).view("<i4") if sample_format == "S32_LE" else None
        self.data = self._packed.data.cast("B")

    def encode(self, block: Block) -> memoryview:
        """The bytes of `block`, float32 (frames, chosen channels) or (frames, 1), which then goes to all of them.

        Clips to ±1.0; NaN becomes silence. The result is valid until the next call.
        """
        if self._wire is not None:
            self._wire.encode(block, self.data)
            return self.data
        whole = self._to_integers(block)
        for j, column in self._columns:
            source = j if whole.shape[1] > 1 else 0
            if self._short is not None:
                self._short[:, column] = whole[:, source]
            elif self._wide is not None:
                self._wide[:, column] = whole[:, source]
                self._wide[:, column] <<= 8
            else:
                self._packed[:, column] = self._whole_bytes[:, source, :3]
        return self.data

    def _to_integers(self, block: Block) -> NDArray[np.int32]:
        """`block` as int32 in the low bits."""
        columns = block.shape[1]
        scaled = self._scaled if columns == self._scaled.shape[1] else self._mono
        np.maximum(block, -1.0, out=scaled)
        np.minimum(scaled, 1.0, out=scaled)
        if np.isnan(scaled.sum()):  # NaN would be cast to a full-scale click
            np.nan_to_num(scaled, copy=False, nan=0.0)
        np.multiply(scaled, self._full_scale, out=scaled)
        np.rint(scaled, out=scaled)
        np.minimum(scaled, self._highest, out=scaled)
        self._whole[:, :columns] = scaled
        return self._whole[:, :columns]
