"""Integers come back as they were."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.audio.samples import SAMPLE_BYTES, SAMPLE_FORMATS, SampleDecoder, SampleEncoder, convert_with

FRAMES = 4096


@pytest.fixture(scope="module", autouse=True)
def numpy_alone() -> None:
    """Whatever an audio process of another test has set."""
    convert_with(None)


def extremes_and_noise(sample_format: str, channels: int) -> bytes:
    """Raw device bytes with every kind of sample in it."""
    raw = np.random.default_rng(3).integers(0, 256, FRAMES * channels * SAMPLE_BYTES[sample_format], dtype=np.uint8)
    width = SAMPLE_BYTES[sample_format]
    edges = [0, 1, -1, 2 ** (8 * width - 1) - 1, -(2 ** (8 * width - 1)), 255, -256]
    head = b"".join(value.to_bytes(width, "little", signed=True) for value in edges)
    return head + raw.tobytes()[len(head) :]


@pytest.mark.parametrize("channels", [1, 2, 5, 8])
@pytest.mark.parametrize("sample_format", ["S16_LE", "S24_3LE"])
def test_16_and_24_bits_come_back_as_they_were(sample_format: str, channels: int) -> None:
    data = extremes_and_noise(sample_format, channels)
    chosen = tuple(range(1, channels + 1))
    block = np.zeros((FRAMES, channels), np.float32)
    SampleDecoder(sample_format, FRAMES, channels, chosen).decode(data, block)
    assert bytes(SampleEncoder(sample_format, FRAMES, channels, chosen).encode(block)) == data


@pytest.mark.parametrize("channels", [1, 2, 8])
def test_of_32_bits_the_top_24_come_back_as_they_were(channels: int) -> None:
    data = extremes_and_noise("S32_LE", channels)
    chosen = tuple(range(1, channels + 1))
    block = np.zeros((FRAMES, channels), np.float32)
    SampleDecoder("S32_LE", FRAMES, channels, chosen).decode(data, block)
    returned = np.frombuffer(SampleEncoder("S32_LE", FRAMES, channels, chosen).encode(block), "<i4")
    assert np.array_equal(returned, np.frombuffer(data, "<i4") & ~0xFF)


@pytest.mark.parametrize("sample_format", SAMPLE_FORMATS)
def test_full_scale_is_one(sample_format: str) -> None:
    lowest = (-(2 ** (8 * SAMPLE_BYTES[sample_format] - 1))).to_bytes(
        SAMPLE_BYTES[sample_format], "little", signed=True
    )
    block = np.zeros((1, 1), np.float32)
    SampleDecoder(sample_format, 1, 1, (1,)).decode(lowest, block)
    assert block[0, 0] == -1.0


@given(st.lists(st.floats(width=32, allow_nan=True, allow_infinity=True), min_size=8, max_size=8))
def test_no_float_becomes_a_click(values: list[float]) -> None:
    block = np.array(values, np.float32).reshape(8, 1)
    encoded = np.frombuffer(SampleEncoder("S16_LE", 8, 1, (1,)).encode(block), "<i2")
    wanted = np.nan_to_num(np.clip(block[:, 0].astype(np.float64), -1, 1), nan=0.0) * 2**15
    assert np.all(np.abs(encoded - np.minimum(wanted, 2**15 - 1)) <= 0.5)


def test_channels_are_taken_in_the_chosen_order() -> None:
    frames = np.arange(40, dtype="<i2").reshape(5, 8)
    block = np.zeros((5, 2), np.float32)
    SampleDecoder("S16_LE", 5, 8, (7, 2)).decode(frames.tobytes(), block)
    assert np.array_equal(block * 2**15, frames[:, [6, 1]])


def test_one_column_goes_to_the_chosen_channels_only() -> None:
    block = np.full((5, 1), 0.5, np.float32)
    encoded = np.frombuffer(SampleEncoder("S32_LE", 5, 4, (2, 4)).encode(block), "<i4").reshape(5, 4)
    assert np.array_equal(encoded, [[0, 2**30, 0, 2**30]] * 5)


def test_a_block_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        SampleEncoder("S16_LE", 8, 4, (1, 2, 3)).encode(np.zeros((8, 2), np.float32))
