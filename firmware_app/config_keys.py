"""The keys of hushbox.toml, each declared once: type, default, what is allowed and what it is for.

config.py reads files by these declarations, and `hushbox.toml.example` is rendered from them.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dsp.bundle import RUNTIMES

Check = Callable[[object], str | None]
"""Returns None when the value is fine, else what is allowed ("a whole number from 32 to 1024")."""


@dataclass(frozen=True, slots=True)
class Key:
    """What a key accepts, in code and in words, and one or two lines for the example file."""

    check: Check
    help: str


def key(default: Any, check: Check, help: str) -> Any:
    """A dataclass field that is also a key of the file. Lists of the file become tuples."""
    return field(default=default, metadata={"key": Key(check, help)})


def required(check: Check, help: str) -> Any:
    """A key without a default, in a repeated table such as [[panel.switches]]."""
    return field(metadata={"key": Key(check, help)})


# --- what a value may be ---------------------------------------------------------------------------------------------


def whole(low: int, high: int) -> Check:
    allowed = f"a whole number from {low} to {high} is allowed"
    # bool is an int to Python, but `port = true` is a mistake.
    return lambda value: None if type(value) is int and low <= value <= high else allowed


def number(low: float, high: float) -> Check:
    allowed = f"a number from {low:g} to {high:g} is allowed"
    return lambda value: None if type(value) in (int, float) and low <= float(str(value)) <= high else allowed


def one_of(*choices: object) -> Check:
    allowed = "allowed: " + ", ".join(f'"{c}"' if isinstance(c, str) else str(c) for c in choices)
    return lambda value: None if any(type(value) is type(c) and value == c for c in choices) else allowed


def flag(value: object) -> str | None:
    return None if isinstance(value, bool) else "true or false is allowed"


def text(most: int = 255, empty: bool = False) -> Check:
    allowed = f'a text of {0 if empty else 1} to {most} printable characters in "quotes" is allowed'

    def check(value: object) -> str | None:
        fits = isinstance(value, str) and value.isprintable() and len(value) <= most and (empty or value.strip() != "")
        return None if fits else allowed

    return check


def matching(pattern: str, words: str) -> Check:
    compiled = re.compile(pattern)
    return lambda value: None if isinstance(value, str) and compiled.fullmatch(value) else f"{words} is allowed"


def listed(item: Check, what: str, fewest: int, most: int) -> Check:
    """A list of `fewest` to `most` different items."""
    count = f"{fewest} to {most}" if fewest != most else str(most)

    def check(value: object) -> str | None:
        items = list(value) if isinstance(value, list | tuple) else []
        fits = (
            isinstance(value, list | tuple)
            and fewest <= len(items) <= most
            and len(set(map(repr, items))) == len(items)
        )
        return (
            None if fits and not any(item(one) for one in items) else f"a list of {count} different {what} is allowed"
        )

    return check


_NAME = matching(r"[a-z0-9][a-z0-9_-]{0,31}", 'a short name of a-z, 0-9, "-" and "_"')
_PARAM = matching(r"[a-z0-9_]+(\.[a-z0-9_]+)*", 'a parameter id such as "denoise.amount_db"')
_GPIO = whole(0, 27)

# --- the tables ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BoxConfig:
    """The box itself."""

    name: str = key("hushbox", text(40), "What the box calls itself on its page.")


@dataclass(frozen=True, slots=True)
class AudioConfig:
    """Where sound comes from and goes to."""

    device: str = key(
        "auto",
        text(),
        '"auto" takes the first USB interface that records and plays, and the built-in demo where there is none;\n'
        '"demo" always plays the demo; or an ALSA name such as "hw:CARD=USB" (see `hushbox devices`).',
    )
    capture_device: str = key("", text(empty=True), "Another ALSA name to record from; two devices drift apart.")
    playback_device: str = key("", text(empty=True), "Another ALSA name to play to.")
    period_frames: int = key(
        128, whole(32, 1024), "Frames per ALSA transfer: fewer is quicker and harder to keep up with."
    )
    periods: int = key(3, whole(2, 8), "Periods in the device's playback buffer.")
    sample_format: str = key(
        "auto", one_of("auto", "S16_LE", "S24_3LE", "S32_LE"), '"auto" takes the best the interface offers.'
    )
    rate_hz: int = key(48000, one_of(44100, 48000, 96000), "Rate of the interface; the box itself works at 48000.")
    input_channels: tuple[int, ...] = key(
        (1,),
        listed(whole(1, 64), "channel numbers from 1", 1, 2),
        "Inputs of the interface to clean, counted from 1: one for mono, two for stereo.",
    )
    output_channels: tuple[int, ...] = key(
        (1, 2),
        listed(whole(1, 64), "channel numbers from 1", 1, 8),
        "Outputs to play to. A mono input goes to all of them; a stereo input needs exactly two.",
    )
    demo_file: str = key(
        "", text(1000, empty=True), "A WAV or FLAC file for the demo to play in a loop; empty: the built-in vocal."
    )
    record_to: str = key(
        "",
        text(1000, empty=True),
        "A WAV file for what the demo puts out; empty: recordings/demo.wav in the state folder.",
    )


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """Which model cleans the sound, and what runs it."""

    bundle: str = key(
        "denoise-live", text(1000), "A bundle of `hushbox models`, or the path of a bundle's folder (with a / in it)."
    )
    runtime: str = key("auto", one_of("auto", *RUNTIMES), '"auto" takes the first that runs the bundle.')


@dataclass(frozen=True, slots=True)
class PageConfig:
    """The page for the phone."""

    host: str = key("0.0.0.0", text(), 'Address to listen on: "0.0.0.0" the whole network, "127.0.0.1" this box only.')
    port: int = key(8080, whole(0, 65535), "Port of the page; 0 takes a free one and prints it.")
    allowed_hosts: tuple[str, ...] = key(
        (),
        listed(matching(r"[A-Za-z0-9._:\[\]-]{1,253}", "a host name or address"), "host names or addresses", 0, 32),
        "Further names the box is reached by, beside its own name and addresses; other Host headers are refused.",
    )


def full_id(param: str) -> str:
    """A parameter of the box itself may be named without its room: "bypass" is "box.bypass"."""
    return param if "." in param else f"box.{param}"


@dataclass(frozen=True, slots=True)
class SwitchConfig:
    """A footswitch between a pin and ground."""

    name: str = required(_NAME, "Name on the page.")
    gpio: int = required(_GPIO, "Pin, by its BCM number.")
    does: str = required(_PARAM, 'What a press toggles: "bypass", "mute" or any other on/off parameter.')
    pull_up: bool = key(True, flag, "true: the switch closes to ground; false: to 3.3 V.")
    momentary: bool = key(False, flag, "true: on while held; false: each press toggles.")

    def __post_init__(self) -> None:
        object.__setattr__(self, "does", full_id(self.does))


@dataclass(frozen=True, slots=True)
class KnobConfig:
    """A potentiometer on the MCP3008 converter."""

    name: str = required(_NAME, "Name on the page.")
    channel: int = required(whole(0, 7), "Input of the converter.")
    sets: str = required(_PARAM, "Parameter that the knob turns.")
    takeover: str = key(
        "pickup",
        one_of("pickup", "jump"),
        '"pickup": acts after crossing the value in force; "jump": the value follows at once.',
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "sets", full_id(self.sets))


@dataclass(frozen=True, slots=True)
class LedConfig:
    """A light on a pin."""

    name: str = required(_NAME, "Name on the page.")
    gpio: int = required(_GPIO, "Pin, by its BCM number.")
    shows: str = key("processing", one_of("processing", "bypass", "mute", "clip", "alive"), "What lights it.")


@dataclass(frozen=True, slots=True)
class PanelConfig:
    """The front panel: footswitches, knobs and LEDs."""

    pins: str = key(
        "auto",
        one_of("auto", "lgpio", "rpigpio", "pigpio", "native", "mock", "off"),
        'Which library drives the pins; "mock" simulates them on the page, as "auto" does where there are none.',
    )
    debounce_ms: float = key(1.0, number(0, 20), "A switch must be still for this long before its change counts.")
    lockout_ms: float = key(
        5.0, number(0, 200), "After a change the switch is left alone for so long, then its real level counts."
    )
    switches: tuple[SwitchConfig, ...] = (SwitchConfig("footswitch", 17, "bypass"),)
    knobs: tuple[KnobConfig, ...] = (KnobConfig("amount", 0, "denoise.amount_db"),)
    leds: tuple[LedConfig, ...] = (LedConfig("status", 27, "processing"),)


@dataclass(frozen=True, slots=True)
class Config:
    """The whole file, checked. `source` is where it came from, None when no file was found and defaults hold."""

    box: BoxConfig = BoxConfig()
    audio: AudioConfig = AudioConfig()
    model: ModelConfig = ModelConfig()
    page: PageConfig = PageConfig()
    panel: PanelConfig = PanelConfig()
    source: Path | None = None


TABLES: dict[str, type] = {
    "box": BoxConfig,
    "audio": AudioConfig,
    "model": ModelConfig,
    "page": PageConfig,
    "panel": PanelConfig,
}
REPEATED: dict[str, type] = {"panel.switches": SwitchConfig, "panel.knobs": KnobConfig, "panel.leds": LedConfig}
