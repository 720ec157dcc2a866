"""Finding interfaces in a /proc made of files, and choosing one."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from hw.audio.devices import Interface, choose, describe, list_interfaces, named, parse_stream
from hw.audio.probe import RATES_HZ, DeviceNotFoundError, Direction, PcmCaps
from tests.rigs.virtual_usb.rig import VirtualUsb

SCARLETT = """\
Focusrite Scarlett 2i2 USB at usb-0000:01:00.0-1.3, high speed : USB Audio

Playback:
  Status: Stop
  Interface 1
    Altset 1
    Format: S32_LE
    Channels: 2
    Endpoint: 0x01 (1 OUT) (ASYNC)
    Rates: 44100, 48000, 88200, 96000, 176400, 192000
    Bits: 24

Capture:
  Status: Stop
  Interface 2
    Altset 1
    Format: S32_LE
    Channels: 2
    Rates: 44100, 48000, 88200, 96000, 176400, 192000
  Interface 2
    Altset 2
    Format: S24_3LE
    Channels: 1
    Rates: 8000 - 96000 (continuous)
"""
MICROPHONE = """\
Blue Yeti at usb-0000:01:00.0-1.1, full speed : USB Audio

Capture:
  Interface 2
    Altset 1
    Format: S16_LE
    Channels: 2
    Rates: 48000, 44100
"""
CARDS = """\
 0 [Headphones     ]: bcm2835_headpho - bcm2835 Headphones
                      bcm2835 Headphones
 1 [vc4hdmi0       ]: vc4-hdmi - vc4-hdmi-0
                      vc4-hdmi-0
 2 [USB            ]: USB-Audio - Scarlett 2i2 USB
                      Focusrite Scarlett 2i2 USB at usb-0000:01:00.0-1.3, high speed
 3 [Yeti           ]: USB-Audio - Blue Yeti
                      Blue Microphones Blue Yeti at usb-0000:01:00.0-1.1, full speed
 4 [sndrpihifiberry]: HifiberryDacpAd - snd_rpi_hifiberry_dacplusadc
                      snd_rpi_hifiberry_dacplusadc
"""
GOOD = PcmCaps(("S32_LE",), (48000, 44100), (2,))


class Machine:
    """A /proc and a /sys with sound cards in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.asked: list[str] = []
        self._add(0, "Headphones", "p")
        self._add(1, "vc4hdmi0", "p")
        self._add(2, "USB", "cp", SCARLETT)
        self._add(3, "Yeti", "c", MICROPHONE)
        self._add(4, "sndrpihifiberry", "cp")
        (root / "proc/asound/cards").write_text(CARDS)

    def _add(self, number: int, card_id: str, directions: str, stream: str = "") -> None:
        folder = self.root / f"proc/asound/card{number}"
        for letter in directions:
            (folder / f"pcm0{letter}/sub0").mkdir(parents=True)
            (folder / f"pcm0{letter}/sub0/status").write_text("closed\n")
        (folder / "id").write_text(f"{card_id}\n")
        if stream:
            (folder / "usbid").write_text("1235:8210\n")
            (folder / "stream0").write_text(stream)
            usb_device = self.root / f"sys/devices/usb1/1-{number}"
            (usb_device / f"1-{number}:1.0").mkdir(parents=True)
            (usb_device / "serial").write_text(f"Y8{number}\n")
            sound = self.root / f"sys/class/sound/card{number}"
            sound.mkdir(parents=True)
            (sound / "device").symlink_to(usb_device / f"1-{number}:1.0")

    def unplug(self, number: int) -> None:
        for folder in (f"proc/asound/card{number}", f"sys/class/sound/card{number}", f"sys/devices/usb1/1-{number}"):
            if (self.root / folder).exists():
                shutil.rmtree(self.root / folder)

    def plug(self, number: int, card_id: str, port: str, serial: str) -> None:
        """One more Scarlett, in place of whatever had that number."""
        self.unplug(number)
        stream = SCARLETT.replace("-1.3", f"-{port}")
        self._add(number, card_id, "cp", stream)
        (self.root / f"sys/devices/usb1/1-{number}/serial").write_text(serial)
        cards = self.root / "proc/asound/cards"
        lines = cards.read_text().splitlines()
        at = next((k for k, line in enumerate(lines) if line.lstrip().startswith(f"{number} [")), len(lines))
        lines[at : at + 2] = [
            f" {number} [{card_id:15}]: USB-Audio - Scarlett 2i2 USB",
            f"                      Focusrite Scarlett 2i2 USB at usb-0000:01:00.0-{port}, high speed",
        ]
        cards.write_text("\n".join(lines) + "\n")

    def ask(self, device: str, direction: Direction) -> PcmCaps:
        self.asked.append(device)
        if "nonsense" in device:
            raise DeviceNotFoundError(f"audio interface {device}: no {direction.value} there")
        return GOOD

    def list(self) -> list[Interface]:
        return list_interfaces(root=self.root, ask=self.ask)

    def hold(self, card: int, name: str) -> None:
        (self.root / f"proc/asound/card{card}/pcm0c/sub0/status").write_text("state: RUNNING\nowner_pid   : 77\n")
        (self.root / "proc/77").mkdir()
        (self.root / "proc/77/comm").write_text(f"{name}\n")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_every_card_is_listed_usb_first_by_name_and_with_a_reason(machine: Machine) -> None:
    assert [(i.card_id, i.usable, i.why_not) for i in machine.list()] == [
        ("USB", True, ""),
        ("Yeti", False, "it does not play"),
        ("Headphones", False, "the board's own headphone jack: it does not record"),
        ("vc4hdmi0", False, "a screen's sound, not an audio interface"),
        ("sndrpihifiberry", True, ""),
    ]


def test_a_usb_interface_is_known_without_opening_it(machine: Machine) -> None:
    scarlett = machine.list()[0]
    assert scarlett.name == "Scarlett 2i2 USB"
    assert scarlett.device == "hw:CARD=USB,DEV=0"
    assert scarlett.usb_path == "usb-0000:01:00.0-1.3"
    assert scarlett.serial == "Y82"
    assert scarlett.playback == PcmCaps(("S32_LE",), (48000, 96000, 44100, 88200, 192000, 176400), (2,))
    assert scarlett.capture == PcmCaps(("S32_LE", "S24_3LE"), RATES_HZ, (1, 2))  # "8000 - 96000", and 192000
    assert machine.asked == ["hw:CARD=sndrpihifiberry,DEV=0"] * 2


def test_a_direction_that_is_not_there_is_none() -> None:
    assert parse_stream(MICROPHONE, "Playback") is None


def test_the_usb_interface_wins(machine: Machine) -> None:
    choice = choose(machine.list(), ask=machine.ask)
    assert choice.interface is not None
    assert choice.interface.card_id == "USB"
    assert choice.reason == "Scarlett 2i2 USB is a USB interface that records and plays"


def test_one_that_is_in_use_is_passed_over(machine: Machine) -> None:
    machine.hold(2, "jackd")
    interfaces = machine.list()
    assert interfaces[0].in_use_by == "jackd (process 77)"
    choice = choose(interfaces, ask=machine.ask)
    assert choice.interface is None
    assert "Scarlett 2i2 USB is in use by jackd (process 77)" in choice.reason


def test_looking_for_usb_opens_no_other_card(machine: Machine) -> None:
    asked: list[str] = []

    def ask(device: str, direction: Direction) -> PcmCaps:
        asked.append(device)
        return machine.ask(device, direction)

    assert {i.usb for i in list_interfaces((), machine.root, ask, usb_only=True)} == {True}
    assert asked == []
    list_interfaces((), machine.root, ask)
    assert asked  # the others are opened otherwise


def test_what_is_built_in_is_taken_by_name_only(machine: Machine) -> None:
    """A laptop's own microphone and speakers, taken unasked, would howl."""
    built_in = [i for i in machine.list() if not i.usb]
    choice = choose(built_in, ask=machine.ask)
    assert choice.interface is None
    assert "is built in and taken only by name: [audio] device" in choice.reason
    named = choose(built_in, "sndrpihifiberry", machine.ask)
    assert named.interface is not None


def test_with_nothing_to_take_the_reason_says_why(machine: Machine) -> None:
    unfit = [i for i in machine.list() if not i.usable]
    choice = choose(unfit, ask=machine.ask)
    assert choice.interface is None
    assert choice.reason.startswith(
        "no USB audio interface is plugged in that records and plays; Blue Yeti: it does not"
    )
    assert choose([]).reason == "no USB audio interface is plugged in that records and plays"


@pytest.mark.parametrize("wanted", ["USB", "hw:CARD=USB,DEV=0", "scarlett"])
def test_one_can_be_asked_for(machine: Machine, wanted: str) -> None:
    choice = choose(machine.list(), wanted, machine.ask)
    assert choice.interface is not None
    assert choice.interface.card_id == "USB"


def test_what_was_asked_for_but_cannot_be_is_explained(machine: Machine) -> None:
    assert choose(machine.list(), "Yeti", machine.ask).reason == "Blue Yeti was asked for, but: it does not play"
    choice = choose(machine.list(), "nonsense", machine.ask)
    assert choice.interface is None
    assert choice.reason == "nonsense was asked for, but: audio interface nonsense: no capture there"


def test_a_machine_without_sound(tmp_path: Path) -> None:
    assert list_interfaces(root=tmp_path) == []


def two_of_a_kind(machine: Machine) -> tuple[Interface, Interface]:
    """The Scarlett and another one beside it."""
    machine.plug(5, "USB_1", port="1.2", serial="Y85")
    first, second = (next(i for i in machine.list() if i.serial == serial) for serial in ("Y82", "Y85"))
    return first, second


def test_of_two_the_first_port_wins_whatever_their_numbers(machine: Machine) -> None:
    two_of_a_kind(machine)
    chosen = choose(machine.list()).interface
    assert chosen is not None
    assert chosen.serial == "Y85"  # port 1.2
    machine.plug(6, "USB_2", port="1.10", serial="Y86")
    chosen = choose(machine.list()).interface
    assert chosen is not None
    assert chosen.serial == "Y85"


def test_a_headset_of_16_khz_comes_after_any_interface(machine: Machine) -> None:
    first, second = two_of_a_kind(machine)
    telephone = PcmCaps(("S16_LE",), (16000,), (1,))
    headset = replace(first, name="Headset", capture=telephone)
    assert choose([headset, second]).interface is second
    assert choose([headset]).interface is headset
    assert choose([headset, second], before=headset).interface is headset


def test_one_that_records_and_plays_at_different_rates_is_usable(machine: Machine) -> None:
    telephone = PcmCaps(("S16_LE",), (16000,), (1,))
    found = describe("headset", lambda device, direction: telephone if direction is Direction.CAPTURE else GOOD)
    assert (found.usable, found.why_not) == (True, "")
    strange = replace(telephone, rates_hz=())
    found = describe("headset", lambda device, direction: strange if direction is Direction.CAPTURE else GOOD)
    assert found.why_not == f"it records at none of {', '.join(map(str, RATES_HZ))} Hz"


def test_the_one_that_ran_is_found_again_at_another_port_under_another_number(machine: Machine) -> None:
    ran, _ = two_of_a_kind(machine)
    machine.unplug(2)
    machine.plug(0, "USB", port="1.4", serial="Y82")
    chosen = choose(machine.list(), before=ran).interface
    assert chosen is not None
    assert (chosen.serial, chosen.device) == ("Y82", "hw:CARD=USB,DEV=0")


def test_another_one_of_its_kind_takes_its_place(machine: Machine) -> None:
    ran, other = two_of_a_kind(machine)
    machine.unplug(2)
    assert choose(machine.list(), before=ran).interface == other


def test_without_serial_numbers_the_port_tells(machine: Machine) -> None:
    machine.plug(5, "USB_1", port="1.2", serial="")
    machine.plug(2, "USB", port="1.3", serial="")
    ran = next(i for i in machine.list() if i.card_id == "USB")
    chosen = choose(machine.list(), before=ran).interface
    assert chosen is not None
    assert chosen.usb_path == "usb-0000:01:00.0-1.3"


@pytest.mark.parametrize("wanted", ["Y85", "usb-0000:01:00.0-1.2"])
def test_serial_and_port_name_one_of_two(machine: Machine, wanted: str) -> None:
    _, second = two_of_a_kind(machine)
    assert named(machine.list(), wanted) == second
    machine.unplug(5)
    assert named(machine.list(), wanted) is None


@pytest.mark.rig
def test_a_pcm_without_a_card_is_listed_and_chosen_by_its_name(usb: VirtualUsb) -> None:
    [found] = list_interfaces([usb.device], root=usb.folder)
    assert (found.device, found.usable, found.capture) == (
        "hushbox_test",
        True,
        PcmCaps(("S32_LE", "S24_3LE", "S16_LE"), (48000,), (2,)),
    )
    assert choose([], usb.device).interface == found == describe(usb.device)
    assert usb.counters["playback"]["starts"] == 0  # asking makes no sound
