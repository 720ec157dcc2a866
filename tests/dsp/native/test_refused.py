"""Whatever does not fit is refused with its name, its size and the size that is needed; nothing is read or written."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dsp import native
from dsp.native import bound, tables
from dsp.restore.infrasonic import InfrasonicGuard

pytestmark = pytest.mark.usefixtures("native_part")


def floats(*shape: int) -> np.ndarray:
    return np.zeros(shape, np.float32)


def complexes(*shape: int) -> np.ndarray:
    return np.zeros(shape, np.complex64)


def stft(**other: Any) -> Any:
    arrays = {
        "analysis": floats(768),
        "synthesis": floats(256),
        "past": floats(2, 1536),
        "spectrum": complexes(2, 385),
        "tail": floats(2, 128),
        "out": floats(128, 2),
    }
    return bound.stft(128, **(arrays | other))


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("synthesis", floats(255), "Stft: synthesis has 255 values: 256 are needed"),
        ("past", floats(2, 1534), "Stft: past has 3068 values: 3072 are needed"),
        ("spectrum", complexes(2, 384), "Stft: spectrum has 768 values: 770 are needed"),
        ("tail", floats(1, 128), "Stft: tail has 128 values: 256 are needed"),
        ("out", floats(129, 2), "Stft: out has 258 values: 256 are needed"),
    ],
)
def test_an_array_of_another_length(name: str, array: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        stft(**{name: array})


def test_an_array_of_another_kind() -> None:
    with pytest.raises(TypeError, match="Stft: array 4 has format d: complex64 is needed"):
        stft(spectrum=np.zeros((2, 385), np.float64))
    with pytest.raises((TypeError, ValueError, BufferError)):
        stft(out=np.zeros((128, 4), np.float32)[:, ::2])  # not in one piece
    locked = floats(128, 2)
    locked.flags.writeable = False
    with pytest.raises((ValueError, BufferError)):
        stft(out=locked)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: s.analyse(floats(127, 2), 0), r"hop has shape \(127, 2\): \(128, 2\) is needed"),
        (lambda s: s.analyse(floats(128, 1), 0), r"hop has shape \(128, 1\)"),
        (lambda s: s.analyse(floats(256), 0), "hop: float32 of shape"),
        (lambda s: s.analyse(np.zeros((128, 2)), 0), "hop: float32 of shape"),
        (lambda s: s.analyse(floats(128, 2), 641), "position = 641: allowed 0 to 640"),
        (lambda s: s.analyse(floats(128, 2), -1), "position = -1: allowed 0 to 640"),
        (lambda s: s.analyse(floats(128, 2)), "analyse: 1 arguments: 2 are needed"),
        (lambda s: s.synthesise(complexes(1, 385)), "spectrum has 3080 bytes: 6160 are needed"),
    ],
)
def test_a_hop_that_does_not_fit(call: Callable[[Any], object], message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        call(stft())


def test_passes_that_do_not_make_up_the_length() -> None:
    for radices in ([4, 4], [4, 4, 4, 7], [4, 4, 4, 3, 3], [0, 4], [-4, -4]):
        passes = np.array(radices, np.int32)
        with pytest.raises(ValueError, match="Transform: the radices do not make up half of the frames"):
            native.hop.Transform(768, len(passes), passes, floats(4), tables.turns(768), floats(1536))


def test_bands_that_do_not_rise_or_end() -> None:
    for first in ([0, 2, 1, 4], [0, 1, 2, 5], [-1, 1, 2, 4]):
        with pytest.raises(ValueError, match="Bands: first does not"):
            native.hop.Bands(3, 4, np.array(first, np.int32), floats(4), floats(4), floats(3))


@pytest.mark.parametrize("size", [0, -1, 2**20 + 1, 2**62, 2**70])
def test_sizes_beyond_all_sense(size: int) -> None:
    with pytest.raises((ValueError, OverflowError)):
        native.hop.Ring(size, 1, floats(4))
    with pytest.raises((ValueError, OverflowError)):
        native.hop.Meter(size, np.zeros(4))


def test_a_part_has_to_be_ours() -> None:
    past = floats(2, 1536)
    for part in (object(), bound.past(past), None, past):
        with pytest.raises(TypeError, match="Stft: a Transform is needed"):
            native.hop.Stft(  # type: ignore[arg-type]
                2, 128, part, floats(768), floats(256), past, complexes(2, 385), floats(2, 128), floats(128, 2)
            )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda c: c.pick(floats(4, 2), np.array([2], np.int32), floats(4, 1)), r"columns\[0\] = 2: allowed 0 to 1"),
        (lambda c: c.pick(floats(4, 2), np.array([0], np.int32), floats(3, 1)), r"out has shape \(3, 1\)"),
        (
            lambda c: c.add_columns(floats(4, 2), np.array([0], np.int32), floats(4, 2), 3, True),
            "mix = 3: allowed 0 to 2",
        ),
        (
            lambda c: c.add_columns(floats(4, 2), np.array([-1], np.int32), floats(4, 2), 2, False),
            r"columns\[0\] = -1: allowed",
        ),
        (
            lambda c: c.gather(floats(4, 2), np.array([1], np.int32), np.array([2], np.int32), floats(4, 1)),
            r"count\[0\] = 2: allowed 1 to 1",
        ),
        (lambda c: c.hold_under(floats(4, 2), floats(3, 2), 0.0, 1.0), r"input has shape \(3, 2\): \(4, 2\) is needed"),
        (lambda c: c.scale(floats(4, 2), floats(3)), "values has 12 bytes: 16 are needed"),
        (lambda c: c.crossfade(floats(4, 2), floats(4, 1), floats(4)), r"dry has shape \(4, 1\)"),
        (lambda c: c.take_answer(floats(4), floats(5), 1.0), "mask has 20 bytes: 16 are needed"),
        (lambda c: c.mend(floats(4), 1000.0), "block: float32 of shape"),
    ],
)
def test_calls_with_what_does_not_fit(call: Callable[[Any], object], message: str) -> None:
    calls = bound.calls()
    with pytest.raises((ValueError, TypeError), match=message):
        call(calls)


def test_a_ring_is_not_written_past_its_end() -> None:
    ring = bound.ring(floats(8, 2))
    assert ring is not None
    with pytest.raises(ValueError, match="block has 9 frames: allowed 8 at most"):
        ring.write(floats(9, 2), 0)
    with pytest.raises(ValueError, match="position = 8: allowed 0 to 7"):
        ring.write(floats(1, 2), 8)
    with pytest.raises(ValueError, match="latency_frames = 7: allowed 0 to 6"):
        ring.delay(floats(2, 2), 0, 7, floats(2, 2))
    past = bound.past(floats(2, 16))
    assert past is not None
    with pytest.raises(ValueError, match="block has 9 frames: allowed 8 at most"):
        past.remember(floats(9, 2), 0)


def test_a_block_goes_no_further_than_its_hop() -> None:
    rumble = InfrasonicGuard(1, 128)._native
    assert rumble is not None
    with pytest.raises(ValueError, match="block has 29 frames: allowed 28 at most"):
        rumble.follow(floats(29, 1), 100)
    with pytest.raises(ValueError, match="Rumble: levels has 7 values: 8 are needed"):
        native.hop.Rumble(1, 128, *(np.zeros(size) for size in (26, 7, 4, 2)), floats(1), floats(128))


def test_a_filter_is_not_read_past_its_end() -> None:
    past, taps, rise, wet = floats(2, 80), floats(2, 16), floats(8), floats(32, 2)
    fir = bound.fir(past, taps, rise, wet)
    assert fir is not None
    for block, end, faded, turn, message in (
        (floats(33, 2), 15, 0, 0, "block has 33 frames: allowed 32 at most"),
        (floats(32, 2), 14, 0, 0, "end = 14: allowed 15 to 80"),
        (floats(32, 2), 81, 0, 0, "end = 81: allowed 15 to 80"),
        (floats(32, 2), 15, 9, 0, "faded = 9: allowed 0 to 8"),
        (floats(32, 2), 15, 0, 2, "turn = 2: allowed 0 to 1"),
    ):
        with pytest.raises(ValueError, match=message):
            fir.process(block, end, faded, turn)
    with pytest.raises(ValueError, match="Fir: the past is too short"):
        bound.fir(floats(2, 63), taps, rise, wet)


def test_the_ends_of_a_hop_are_a_hop_long() -> None:
    hold = bound.hold(floats(2, 128, 1), floats(7), floats(128))
    assert hold is not None
    with pytest.raises(ValueError, match=r"hop has shape \(127, 1\): \(128, 1\) is needed"):
        hold.begin(floats(127, 1), 0, 0, 1000.0)
    with pytest.raises(ValueError, match="at = 7: allowed 0 to 6"):
        hold.begin(floats(128, 1), 0, 7, 1000.0)
    with pytest.raises(ValueError, match="blend = 3: allowed 0 to 2"):
        hold.finish(floats(128, 1), floats(128, 1), 0, 1.1, 1e-5, 0.0, 1e-4, 1000.0, 3)


def test_a_block_of_no_frames_fits_no_other() -> None:
    calls, columns = bound.calls(), np.array([0], np.int32)
    assert calls is not None
    for refused in (
        lambda: calls.add_columns(floats(0, 1), columns, floats(8, 1), 1, True),
        lambda: calls.pick(floats(0, 1), columns, floats(8, 1)),
        lambda: calls.crossfade(floats(0, 1), floats(8, 1), floats(0)),
        lambda: calls.scale(floats(0, 1), floats(8)),
    ):
        with pytest.raises(ValueError, match="needed"):
            refused()
    calls.add_columns(floats(0, 1), columns, floats(0, 1), 1, True)
