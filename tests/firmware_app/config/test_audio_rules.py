"""What the page may name as a device: ALSA's own names can run programs."""

import pytest

from firmware_app.config.audio_rules import DEVICE_KEYS, AudioSettingsError, changed
from firmware_app.config.keys import Config
from firmware_app.config.read import parse


@pytest.mark.parametrize("key", DEVICE_KEYS)
@pytest.mark.parametrize(
    "device",
    [
        "file:'|touch /tmp/here',raw",
        'file:"/var/lib/hushbox/pin.json",raw',
        "tee:hw,/tmp/out.wav",
        "{ type file file '|reboot' slave.pcm null }",
        "plug:'file:x'",
        "plug:{SLAVE={type null}}",
        "hw:0,0;touch",
        "plughw:CARD=x|y",
        "file:recorded",
    ],
)
def test_the_page_may_name_no_device_that_has_arguments(key: str, device: str) -> None:
    with pytest.raises(AudioSettingsError, match="in the file only"):
        changed(Config(), {key: device}, DEVICE_KEYS)


@pytest.mark.parametrize(
    "device",
    [
        "auto",
        "demo",
        "USBS2X90177",
        "Scarlett 2i2 (3rd Gen.)",
        "pipewire",
        "hw:CARD=Loopback,DEV=1,SUBDEV=0",
        "plughw:1,0",
    ],
)
def test_the_page_may_name_an_interface(device: str) -> None:
    assert changed(Config(), {"device": device}, DEVICE_KEYS).device == device


def test_what_the_file_names_may_be_sent_back() -> None:
    config = parse("[audio]\ndevice = \"plug:'dmix:CARD=x'\"")
    assert changed(config, {"device": config.audio.device, "period_frames": 64}, ("device", "period_frames"))
    with pytest.raises(AudioSettingsError):
        changed(config, {"device": config.audio.device + " "}, DEVICE_KEYS)
