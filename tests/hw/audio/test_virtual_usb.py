"""The rig itself: what goes in comes out, through real libasound and real pyalsaaudio."""

import alsaaudio
import numpy as np
import pytest

from tests.conftest import MakeUsb
from tests.rigs.virtual_usb.rig import Run, VirtualUsb, locate, matching_runs

pytestmark = pytest.mark.rig


def test_a_blocking_loop_through_the_rig_is_bit_exact(make_usb: MakeUsb) -> None:
    noise = np.random.default_rng(1).integers(-(2**31), 2**31, (9600, 2), dtype=np.int64).astype(np.int32)
    usb = make_usb(capture=noise, formats=("S32_LE",), patient=True)
    wanted = {"device": usb.device, "rate": 48000, "channels": 2, "format": alsaaudio.PCM_FORMAT_S32_LE}
    capture = alsaaudio.PCM(alsaaudio.PCM_CAPTURE, periodsize=256, periods=8, **wanted)
    playback = alsaaudio.PCM(alsaaudio.PCM_PLAYBACK, periodsize=256, periods=8, **wanted)
    playback.write(bytes(256 * 8 * 8))
    for _ in range(20):
        playback.write(capture.read()[1])
    playback.drop()
    assert locate(usb.recording()[:, 0], noise[:512, 0]) == [2048]
    assert usb.counters["playback"]["period_frames"] == 256


def test_the_interface_is_exclusive_as_hardware_is(usb: VirtualUsb) -> None:
    holder = alsaaudio.PCM(alsaaudio.PCM_CAPTURE, device=usb.device)
    with pytest.raises(alsaaudio.ALSAAudioError, match="busy"):
        alsaaudio.PCM(alsaaudio.PCM_CAPTURE, device=usb.device)
    holder.close()


def test_runs_of_a_cut_recording_are_found_with_their_places() -> None:
    source = np.random.default_rng(2).integers(-(2**31), 2**31, 50_000, dtype=np.int64).astype(np.int32)
    silence = np.zeros(700, np.int32)
    recording = np.concatenate([silence, source[:9_000], silence, source[9_300:9_900], source[20_000:]])
    assert matching_runs(recording, source) == [
        Run(700, 0, 9_000),
        Run(10_400, 9_300, 600),
        Run(11_000, 20_000, 30_000),
    ]


def test_a_cable_brings_what_is_played_so_much_later(make_usb: MakeUsb) -> None:
    usb = make_usb(formats=("S32_LE",), patient=True)
    usb.plug_cable(delay_frames=37, gain_db=-6.0206)
    wanted = {"device": usb.device, "rate": 48000, "channels": 2, "format": alsaaudio.PCM_FORMAT_S32_LE}
    capture = alsaaudio.PCM(alsaaudio.PCM_CAPTURE, periodsize=128, periods=4, **wanted)
    playback = alsaaudio.PCM(alsaaudio.PCM_PLAYBACK, periodsize=128, periods=4, **wanted)
    playback.write(bytes(128 * 4 * 8))
    noise = np.random.default_rng(3).integers(-(2**30), 2**30, (2560, 2), dtype=np.int64).astype(np.int32)
    heard = []
    for block in range(20):
        heard.append(np.frombuffer(capture.read()[1], np.int32).reshape(-1, 2))
        playback.write(noise[block * 128 : block * 128 + 128].tobytes())
    recorded = np.concatenate(heard)[:, 1]
    delay = usb.round_trip_frames
    assert abs(delay - (512 + 37)) < 48_000 // 10  # how far apart the two directions started is the machine's doing
    assert np.abs(recorded[delay:] - noise[: 2560 - delay, 1] // 2).max() <= 64
    assert not recorded[: min(delay, 512)].any()
