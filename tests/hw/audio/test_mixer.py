"""The mixer through real libasound, on the virtual interface's own."""

import math

import pytest

from hw.audio import mixer
from hw.audio.mixer import Control, MixerError, MixerRangeError, NoMixerControlError, Role, control_device
from tests.conftest import MakeUsb
from tests.rigs.virtual_mixer.rig import USUAL, Element, VirtualMixer

pytestmark = pytest.mark.rig
DEVICE = "hushbox_test"


@pytest.fixture
def card(make_usb: MakeUsb) -> VirtualMixer:
    return VirtualMixer(make_usb(), USUAL)


def found(id: str) -> Control:
    return next(control for control in mixer.read(DEVICE) if control.id == id)


def test_controls_are_told_in_a_musicians_terms(card: VirtualMixer) -> None:
    told = {control.id: (control.role, control.kind, control.value, control.unit) for control in mixer.read(DEVICE)}
    assert told == {
        "Mic,0 capture level": (Role.INPUT, "level", 20.0, "dB"),
        "Mic,0 capture switch": (Role.INPUT, "switch", 1.0, ""),
        "PCM,0 playback level": (Role.OUTPUT, "level", 0.0, "dB"),
        "PCM,0 playback switch": (Role.OUTPUT, "switch", 1.0, ""),
        "Mic,0 playback level": (Role.MONITOR, "level", -40.0, "dB"),
        "Mic,0 playback switch": (Role.MONITOR, "switch", 0.0, ""),
        "Direct Monitor,0 choice": (Role.MONITOR, "choice", 0.0, ""),
    }
    assert mixer.monitoring(mixer.read(DEVICE)) == []


@pytest.mark.parametrize(
    ("id", "value", "element", "raw"),
    [
        ("Mic,0 capture level", 33.0, "Mic Capture Volume", 33),
        ("Mic,0 capture switch", 0.0, "Mic Capture Switch", 0),
        ("PCM,0 playback level", -10.0, "PCM Playback Volume", 107),
        ("PCM,0 playback switch", 0.0, "PCM Playback Switch", 0),
        ("Mic,0 playback switch", 1.0, "Mic Playback Switch", 1),
        ("Direct Monitor,0 choice", 2.0, "Direct Monitor Playback Enum", 2),
    ],
)
def test_what_is_set_reaches_the_card(card: VirtualMixer, id: str, value: float, element: str, raw: int) -> None:
    mixer.write(DEVICE, id, value)
    assert card.value(element) == raw
    assert found(id).value == value


def test_a_change_made_elsewhere_shows(card: VirtualMixer) -> None:
    card.set("Mic Capture Volume", 7)
    assert found("Mic,0 capture level").value == 7.0


@pytest.mark.parametrize(
    ("settings", "by"),
    [
        ({"Mic Playback Switch": 1, "Mic Playback Volume": 30}, "Mic,0 playback switch"),
        ({"Direct Monitor Playback Enum": 1}, "Direct Monitor,0 choice"),
    ],
)
def test_direct_monitoring_is_noticed_and_switched_off(card: VirtualMixer, settings: dict[str, int], by: str) -> None:
    for element, value in settings.items():
        card.set(element, value)
    assert by in [control.id for control in mixer.monitoring(mixer.read(DEVICE))]
    assert [control.id for control in mixer.stop_monitoring(DEVICE)] == [by]
    assert mixer.monitoring(mixer.read(DEVICE)) == []
    assert card.value("Mic Capture Volume") == 20  # nothing else was touched
    assert card.value("PCM Playback Switch") == 1


def test_a_monitor_that_only_has_a_level_is_turned_down(make_usb: MakeUsb) -> None:
    card = VirtualMixer(make_usb(), [Element("Line In Playback Volume", 12, 0, 31)])
    (control,) = mixer.monitoring(mixer.read(DEVICE))
    assert (control.unit, control.high) == ("%", 100.0)
    mixer.stop_monitoring(DEVICE)
    assert card.value("Line In Playback Volume") == 0


@pytest.mark.parametrize("value", [61.0, -1.0, math.nan])
def test_out_of_range_changes_nothing(card: VirtualMixer, value: float) -> None:
    with pytest.raises(MixerRangeError, match=r"Mic = .*allowed 0 to 60 dB"):
        mixer.write(DEVICE, "Mic,0 capture level", value)
    assert card.value("Mic Capture Volume") == 20


def test_what_is_not_there_says_so(card: VirtualMixer) -> None:
    with pytest.raises(NoMixerControlError, match="Mic,0 capture level"):
        mixer.write(DEVICE, "Mic,0 gain", 1.0)
    with pytest.raises(MixerError, match="no_such"):
        mixer.read("no_such")


@pytest.mark.parametrize(
    ("pcm", "device"),
    [("hw:CARD=USB,DEV=0", "hw:CARD=USB"), ("hw:1,0", "hw:CARD=1"), ("plughw:USB", "hw:CARD=USB"), (DEVICE, DEVICE)],
)
def test_the_mixer_belongs_to_the_card(pcm: str, device: str) -> None:
    assert control_device(pcm) == device
