import numpy as np
import pytest

from dsp.parts.stft import StreamingStft, analysis_window, synthesis_window

HOP = 128


@pytest.mark.parametrize("channels", [1, 2, 5])
def test_output_is_the_input_one_hop_later(channels: int) -> None:
    rng = np.random.default_rng(7)
    signal = rng.uniform(-1, 1, (60 * HOP, channels)).astype(np.float32)
    stft = StreamingStft(channels)
    heard = np.concatenate(
        [stft.synthesise(stft.analyse(signal[at : at + HOP])).copy() for at in range(0, len(signal), HOP)]
    )
    assert stft.latency_frames == HOP
    assert np.abs(heard[:HOP]).max() < 1e-6
    assert np.abs(heard[HOP:] - signal[:-HOP]).max() < 1e-6


def test_an_impulse_comes_out_exactly_one_hop_later() -> None:
    signal = np.zeros((20 * HOP, 1), np.float32)
    signal[5 * HOP + 17] = 1.0
    stft = StreamingStft(1)
    heard = np.concatenate([stft.synthesise(stft.analyse(hop)).copy() for hop in signal.reshape(-1, HOP, 1)])
    assert int(np.argmax(np.abs(heard[:, 0]))) == 6 * HOP + 17


def test_windows_multiply_to_a_hann_that_adds_up_to_one() -> None:
    product = analysis_window()[-256:] * synthesis_window()
    assert np.abs(product[:HOP] + product[HOP:] - 1.0).max() < 1e-6
    assert analysis_window().shape == (768,)
    assert analysis_window().argmax() in (639, 640)


def test_analysis_sees_the_newest_frames_in_order() -> None:
    signal = np.random.default_rng(1).uniform(-1, 1, (9 * HOP, 2)).astype(np.float32)
    stft = StreamingStft(2)
    for hop in signal.reshape(-1, HOP, 2):
        spectrum = stft.analyse(hop)
    expected = np.fft.rfft(signal[-768:].T * analysis_window())
    assert spectrum.dtype == np.complex64
    np.testing.assert_allclose(spectrum, expected, atol=1e-4)


def test_reset_forgets_and_buffers_are_reused() -> None:
    stft = StreamingStft(1)
    first = stft.analyse(np.ones((HOP, 1), np.float32))
    out = stft.synthesise(first)
    stft.reset()
    again = stft.analyse(np.zeros((HOP, 1), np.float32))
    assert again is first
    assert not again.any()
    assert stft.synthesise(again) is out
    assert not out.any()


@pytest.mark.parametrize(
    "changed", [{"channels": 0}, {"hop_frames": 100}, {"window_frames": 700}, {"synthesis_frames": 255}]
)
def test_impossible_sizes_are_refused(changed: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(changed))):
        StreamingStft(**{"channels": 1, **changed})
