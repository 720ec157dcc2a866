"""Lists the audio interfaces, and chooses the one the box uses."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from hw.audio.probe import RATES_HZ, Direction, PcmCaps, in_use_by, probe
from hw.audio.samples import SAMPLE_FORMATS
from hw.errors import HwError

Probe = Callable[[str, Direction], PcmCaps]


@dataclass(frozen=True, slots=True)
class Interface:
    """One audio interface that is plugged in. `device` has its card's name: numbers change with every plug."""

    card_id: str  # "USB"; empty for a PCM that belongs to no card
    name: str  # "Scarlett 2i2 USB"
    device: str  # "hw:CARD=USB,DEV=0"
    usb: bool
    usb_path: str  # "usb-0000:01:00.0-1.3" | ""
    serial: str
    capture: PcmCaps | None  # None: it has no such direction, or it could not be asked
    playback: PcmCaps | None
    usable: bool  # it can record and play in a format and at a rate of Hushbox
    why_not: str
    in_use_by: str = ""  # "jackd (process 812)" while another program (or this box itself) has it


@dataclass(frozen=True, slots=True)
class Choice:
    interface: Interface | None
    reason: str  # for people


def list_interfaces(
    also: Sequence[str] = (), root: Path = Path("/"), ask: Probe = probe, *, usb_only: bool = False
) -> list[Interface]:
    """Every sound card, USB first, then the PCMs named in `also`. Never raises for a device. Not while streaming.

    USB interfaces are read from /proc/asound, without opening them. Others are opened for a moment through `ask`, so
    use usb_only for looking again and again. root: where /proc and /sys are.
    """
    folders = sorted((root / "proc/asound").glob("card[0-9]*"), key=lambda folder: int(folder.name[4:]))
    cards = [_card(folder, root, ask) for folder in folders if not usb_only or _is_usb(folder)]
    return sorted(cards, key=lambda card: not card.usb) + [describe(device, ask) for device in also]


def describe(device: str, ask: Probe = probe) -> Interface:
    """An ALSA PCM by its name, even one that belongs to no card."""
    capture, playback, why_not = _ask_both(device, ask)
    return _interface("", device, device, capture, playback, why_not)


def choose(
    interfaces: Sequence[Interface], wanted: str = "auto", ask: Probe = probe, *, before: Interface | None = None
) -> Choice:
    """Choose an interface.

    wanted: "auto", or a serial number, a USB port, a card's id, a part of its name, or any ALSA device string.
    before: the one that ran last. "auto" takes the same one at any port, else what is at its port, else one of its
    kind, else the first by port that runs at 44.1 kHz or more, else the first. It never goes by the card's number,
    which changes with every plug.
    """
    if wanted != "auto":
        return _choose_named(interfaces, wanted, ask)
    # A laptop's own microphone and speakers would howl, and so would a HAT with both: they must be asked for.
    best = [i for i in interfaces if i.usb and i.usable and not i.in_use_by]
    if best:
        best.sort(key=lambda i: (*_strangeness(i, before), _is_dull(i), _port_order(i.usb_path)))
        others = f", the first of {len(best)}" if len(best) > 1 else ""
        return Choice(best[0], f"{best[0].name} is a USB interface that records and plays{others}")
    built_in = [
        f'{i.name} is built in and taken only by name: [audio] device = "{i.device}"'
        if i.card_id
        else f'{i.name} runs and is taken only by name: [audio] device = "{i.device}"'
        for i in interfaces
        if i.usable and not i.usb and not i.in_use_by
    ]
    taken = [f"{i.name} is in use by {i.in_use_by}" for i in interfaces if i.usable and i.in_use_by]
    unfit = [f"{i.name}: {i.why_not}" for i in interfaces if not i.usable]
    return Choice(
        None, "; ".join(["no USB audio interface is plugged in that records and plays", *built_in, *taken, *unfit])
    )


def named(interfaces: Sequence[Interface], wanted: str) -> Interface | None:
    """The interface with this serial number, port, card id, ALSA name or part of a name; None if there is none."""
    exact = (i for i in interfaces if wanted in (i.serial, i.usb_path, i.card_id, i.device))
    close = (i for i in interfaces if wanted.lower() in i.name.lower())
    return next(exact, None) or next(close, None)


def _strangeness(interface: Interface, before: Interface | None) -> tuple[bool, bool, bool]:
    """How much it differs from the one that ran before; the least comes first."""
    if before is None:
        return False, False, False
    return (
        not (before.serial and before.serial == interface.serial and before.name == interface.name),
        before.usb_path != interface.usb_path,
        before.name != interface.name,
    )


def _is_dull(interface: Interface) -> bool:
    """Below 44.1 kHz, as webcams and headsets are: any other interface is better."""
    sides = [caps for caps in (interface.capture, interface.playback) if caps is not None]
    return any(max(caps.rates_hz, default=0) < 44100 for caps in sides)


def _port_order(usb_path: str) -> list[int]:
    """Sorts "usb-0000:01:00.0-1.10" after "usb-0000:01:00.0-1.9"."""
    return [int(number, 16) for number in re.findall(r"[0-9a-f]+", usb_path.removeprefix("usb-"))]


def _choose_named(interfaces: Sequence[Interface], wanted: str, ask: Probe) -> Choice:
    found = named(interfaces, wanted) or describe(wanted, ask)
    if found.usable:
        return Choice(found, f"{found.name} was asked for")
    return Choice(None, f"{found.name} was asked for, but: {found.why_not}")


def _is_usb(folder: Path) -> bool:
    return (folder / "usbid").exists()


def _card(folder: Path, root: Path, ask: Probe) -> Interface:
    card_id = _read(folder / "id") or folder.name
    device = f"hw:CARD={card_id},DEV={_pcm_number(folder)}"
    usb = _is_usb(folder)
    name, place = _names(folder, root)
    if usb:
        stream = _read(folder / f"stream{_pcm_number(folder)}")
        capture, playback, why_not = parse_stream(stream, "Capture"), parse_stream(stream, "Playback"), ""
    elif what := _never(card_id, name):
        capture, playback, why_not = None, None, what
    else:
        capture, playback, why_not = _ask_both(device, ask)
    users = [in_use_by(folder.name, direction, root) for direction in Direction]
    return _interface(
        card_id,
        name or card_id,
        device,
        capture,
        playback,
        why_not,
        usb_path=place if usb else "",
        serial=_serial(folder, root) if usb else "",
        in_use_by=next(filter(None, users), ""),
        usb=usb,
    )


def _interface(
    card_id: str,
    name: str,
    device: str,
    capture: PcmCaps | None,
    playback: PcmCaps | None,
    why_not: str,
    *,
    usb: bool = False,
    usb_path: str = "",
    serial: str = "",
    in_use_by: str = "",
) -> Interface:
    why_not = why_not or _missing(capture, playback)
    return Interface(card_id, name, device, usb, usb_path, serial, capture, playback, not why_not, why_not, in_use_by)


def _missing(capture: PcmCaps | None, playback: PcmCaps | None) -> str:
    """What the box needs and these do not have, or ""."""
    if capture is None or playback is None:
        return "it does not record" if capture is None else "it does not play"
    for does, caps in (("it records", capture), ("it plays", playback)):
        if not caps.formats:
            return f"{does} in none of {', '.join(SAMPLE_FORMATS)}"
        if not caps.rates_hz:
            return f"{does} at none of {', '.join(map(str, RATES_HZ))} Hz"
    return ""


def _never(card_id: str, name: str) -> str:
    """Why the box never uses this card, or ""."""
    text = f"{card_id} {name}".lower()
    if "hdmi" in text:
        return "a screen's sound, not an audio interface"
    if "bcm2835" in text or card_id == "Headphones":
        return "the board's own headphone jack: it does not record"
    return ""


def _ask_both(device: str, ask: Probe) -> tuple[PcmCaps | None, PcmCaps | None, str]:
    caps: list[PcmCaps | None] = []
    why_not = ""
    for direction in Direction:
        try:
            caps.append(ask(device, direction))
        except HwError as error:
            caps.append(None)
            why_not = why_not or str(error)
    return caps[0], caps[1], why_not


def parse_stream(text: str, heading: str) -> PcmCaps | None:
    """What the "Capture:" or "Playback:" part of /proc/asound/card*/stream* offers, all its settings together."""
    part = re.search(rf"^{heading}:\n((?:[ \t].*\n?)*)", text, re.MULTILINE)
    if part is None:
        return None
    formats = set(" ".join(re.findall(r"Format: (.+)", part[1])).split())
    channels = {int(count) for count in re.findall(r"Channels: (\d+)", part[1])}
    rates: set[int] = set()
    for line in re.findall(r"Rates: (.+)", part[1]):
        numbers = [int(number) for number in re.findall(r"\d+", line)]
        if "continuous" in line:
            rates |= {rate for rate in RATES_HZ if numbers[0] <= rate <= numbers[-1]}
        rates |= set(numbers)
    return PcmCaps(
        formats=tuple(name for name in SAMPLE_FORMATS if name in formats),
        rates_hz=tuple(rate for rate in RATES_HZ if rate in rates),
        channels=tuple(sorted(channels)),
    )


def _pcm_number(folder: Path) -> int:
    """The first PCM of the card that has both directions, else its first."""
    numbers = {letter: {int(p.name[3:-1]) for p in folder.glob(f"pcm*{letter}")} for letter in "cp"}
    return min(numbers["c"] & numbers["p"] or numbers["c"] | numbers["p"] or {0})


def _names(folder: Path, root: Path) -> tuple[str, str]:
    """(name, where it is plugged in) from /proc/asound/cards: two lines a card."""
    number = folder.name[4:]
    lines = _read(root / "proc/asound/cards").splitlines()
    for line, below in pairwise(lines):
        if match := re.match(rf"\s*{number} \[.*\]: .*? - (.*)", line):
            place = re.search(r" at (usb-[^,]+)", below)
            return match[1].strip(), place[1] if place else ""
    return "", ""


def _serial(folder: Path, root: Path) -> str:
    device = root / "sys/class/sound" / folder.name / "device"
    return _read(device.resolve().parent / "serial") if device.exists() else ""


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""
