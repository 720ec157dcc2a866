"""The rig itself: what goes in comes out, through real libasound and real pyalsaaudio."""

import alsaaudio
import numpy as np
import pytest

from tests.conftest import MakeUsb
from tests.rigs.virtual_usb.rig import VirtualUsb, locate

pytestmark = pytest.mark.rig


def test_a_blocking_loop_through_the_rig_is_bit_exact(make_usb: MakeUsb) -> None:
    noise = np.random.default_rng(1).integers(-(2**31), 2**31, (9600, 2), dtype=np.int64).astype(np.int32)
    usb = make_usb(capture=noise, formats=("S32_LE",))
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
