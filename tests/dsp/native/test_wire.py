"""The bytes of an interface to blocks and back, in C as hw.audio.samples does it in NumPy: to the last bit."""

from collections.abc import Iterator

import numpy as np
import pytest

from dsp.native import bound
from hw.audio import samples
from hw.audio.samples import SAMPLE_BYTES, SampleDecoder, SampleEncoder

pytestmark = pytest.mark.usefixtures("native_part")

FORMATS = pytest.mark.parametrize("sample_format", SAMPLE_BYTES)
CHANNELS = pytest.mark.parametrize(("device", "chosen"), [(1, (1,)), (2, (1, 2)), (2, (2,)), (8, (3, 8, 1))])


@pytest.fixture(autouse=True)
def _numpy_again() -> Iterator[None]:
    yield
    samples.convert_with(None)


@FORMATS
@CHANNELS
@pytest.mark.parametrize("frames", [1, 33, 128])
def test_bytes_to_blocks_to_bytes(sample_format: str, device: int, chosen: tuple[int, ...], frames: int) -> None:
    made = []
    for make in (bound.wire, None):
        samples.convert_with(make)
        made.append(
            (SampleDecoder(sample_format, frames, device, chosen), SampleEncoder(sample_format, frames, device, chosen))
        )
    assert made[0][0]._wire is not None
    assert made[1][0]._wire is None
    rng = np.random.default_rng(frames)
    for number in range(8):
        data = rng.bytes(frames * device * SAMPLE_BYTES[sample_format])
        if number == 0:
            data = b"\xff\x7f\x80\x00"[: SAMPLE_BYTES[sample_format]] * (frames * device)
        blocks = [np.zeros((frames, len(chosen)), np.float32) for _ in made]
        for (decoder, _), block in zip(made, blocks, strict=True):
            decoder.decode(data, block)
        assert np.array_equal(blocks[0], blocks[1])
        assert made[0][1].encode(blocks[0]) == made[1][1].encode(blocks[1])


@FORMATS
@CHANNELS
def test_loud_broken_and_halfway_samples(sample_format: str, device: int, chosen: tuple[int, ...]) -> None:
    scale = 2.0**15 if sample_format == "S16_LE" else 2.0**23
    odd = [
        np.nan,
        np.inf,
        -np.inf,
        1.0,
        -1.0,
        1.5,
        -1.5,
        0.5 / scale,
        1.5 / scale,
        -2.5 / scale,
        1.0 - 0.3 / scale,
        -0.0,
    ]
    for columns in {len(chosen), 1}:
        block = np.repeat(np.array(odd, np.float32)[:, None], columns, axis=1)
        heard = []
        for make in (bound.wire, None):
            samples.convert_with(make)
            heard.append(bytes(SampleEncoder(sample_format, len(odd), device, chosen).encode(block)))
        assert heard[0] == heard[1]


def test_a_view_of_another_block() -> None:
    samples.convert_with(bound.wire)
    decoder, whole = SampleDecoder("S24_3LE", 16, 2, (1, 2)), np.zeros((40, 4), np.float32)
    data = np.random.default_rng(1).bytes(16 * 6)
    decoder.decode(data, whole[3:35:2, 1:3])
    expected = np.zeros((16, 2), np.float32)
    decoder.decode(data, expected)
    assert np.array_equal(whole[3:35:2, 1:3], expected)
    whole[3:35:2, 1:3] = 0.0
    assert not whole.any()


def test_bytes_of_another_length_are_refused() -> None:
    wire = bound.wire(3, 2, (0, 1))
    assert wire is not None
    with pytest.raises(ValueError, match="data has 95 bytes: 96 are needed"):
        wire.decode(bytes(95), np.zeros((16, 2), np.float32))
    with pytest.raises(ValueError, match="block has 3 channels: allowed 1 or 2"):
        wire.encode(np.zeros((16, 3), np.float32), memoryview(bytearray(96)))
