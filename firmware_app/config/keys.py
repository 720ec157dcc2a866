"""The keys of hushbox.toml. Each is declared once: type, default, allowed values and help.

read.py reads the file by these declarations; `hushbox.toml.example` is made from them.
"""

from dataclasses import dataclass, field
from pathlib import Path

from dsp.inference.bundle import RUNTIMES
from firmware_app.config.declare import Key as Key
from firmware_app.config.declare import flag, key, listed, matching, one_of, path, text, whole
from firmware_app.config.panel_keys import DEFAULT_PANEL, PANEL_TABLES, PanelConfig
from firmware_app.config.panel_keys import full_id as full_id

LONGEST_BOX_NAME = 40  # characters, as on the page (web_ui/ports/limits.py, which the audio process does not load)

# --- the tables ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BoxConfig:
    """The box itself."""

    name: str = key("hushbox", text(LONGEST_BOX_NAME), "What the box calls itself on its page.")


@dataclass(frozen=True, slots=True)
class AudioConfig:
    """Where sound comes from and goes to."""

    device: str = key(
        "auto",
        text(),
        '"auto" takes the first USB interface that records and plays, and the built-in demo where there is none;\n'
        '"demo" always plays the demo; or one by its serial number (which stays, wherever it is plugged in), part of\n'
        'its name, or an ALSA name such as "hw:CARD=USB" (see `hushbox devices`).',
    )
    capture_device: str = key(
        "",
        text(empty=True),
        "Another interface to record from, named in the same way. Two have two clocks: what is recorded is then\n"
        "resampled to follow playback's, which adds a period and half a millisecond.",
    )
    playback_device: str = key("", text(empty=True), "Another interface to play to.")
    period_frames: int = key(
        128,
        whole(32, 1024),
        "Frames per ALSA transfer: fewer is quicker and harder to keep up with (see `hushbox bench`). Without this\n"
        "key the box measures what the machine carries at its first start, and keeps that.",
        measured=True,
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
    music_channels: tuple[int, ...] = key(
        (),
        listed(whole(1, 64), "channel numbers from 1", 0, 2),
        "Inputs that music comes from, beside a microphone on input_channels; empty: music comes on those too.",
    )
    output_channels: tuple[int, ...] = key(
        (1, 2),
        listed(whole(1, 64), "channel numbers from 1", 1, 8),
        "Outputs to play to. A mono input goes to all of them; a stereo input needs exactly two.\n"
        "Stems can have further ones of their own, see [stems].",
    )
    demo_file: str = key(
        "",
        path(empty=True),
        "A sound file for the demo to play in a loop; empty: the built-in vocal, or song for music.",
    )
    record_to: str = key(
        "",
        path(empty=True),
        "A WAV file for what the demo puts out; empty: recordings/demo.wav in the state folder.",
    )


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """Which models clean the sound and take music apart, and what runs them."""

    bundle: str = key(
        "denoise-live",
        path(),
        "A bundle of `hushbox models`, or the path of a bundle's folder (with a / in it). Without this key the box\n"
        "takes denoise-live, or light_bundle if the machine is too slow for it: measured once, at the first start.\n"
        "What is chosen on the page comes first (Set up, Models).",
        measured=True,
    )
    stems_bundle: str = key("stems-live", path(), "The same for the model that takes music apart.")
    light_bundle: str = key(
        "denoise-light",
        path(empty=True),
        "A smaller bundle that reduces the noise while the board is too busy for `bundle`; empty: none.",
    )
    runtime: str = key("auto", one_of("auto", *RUNTIMES), '"auto" takes the first that runs the bundle.')
    spread: bool = key(
        True,
        flag,
        "true: stems and `denoise-studio`, which work on 10 ms of sound at once, do so over several short periods,\n"
        "and are about 3 ms later for it. false: all in one period, so that one block carries all the work.",
    )


_OWN_OUTPUTS = listed(whole(1, 64), "channel numbers from 1", 0, 2)


@dataclass(frozen=True, slots=True)
class StemsConfig:
    """Outputs for single stems, on an interface that has more than two; the mix stays on [audio] output_channels."""

    vocals: tuple[int, ...] = key((), _OWN_OUTPUTS, "One or two outputs, empty for none. One carries left plus right.")
    drums: tuple[int, ...] = key((), _OWN_OUTPUTS, "The same for the drums, …")
    bass: tuple[int, ...] = key((), _OWN_OUTPUTS, "… the bass …")
    other: tuple[int, ...] = key((), _OWN_OUTPUTS, "… and all the rest.")

    @property
    def outputs(self) -> tuple[tuple[int, ...], ...]:
        """By stem, in the order of dsp.layouts.stems.STEMS."""
        return self.vocals, self.drums, self.bass, self.other


@dataclass(frozen=True, slots=True)
class PageConfig:
    """The page for the phone."""

    host: str = key("0.0.0.0", text(), 'Address to listen on: "0.0.0.0" the whole network, "127.0.0.1" this box only.')
    port: int = key(8080, whole(0, 65535), "Port of the page; 0 takes a free one and prints it.")
    tls: str = key(
        "off",
        one_of("off", "on"),
        '"on" serves the page over TLS (https://), with a certificate that the box makes for itself: nobody in the\n'
        "network can listen in or change what is sent, but each phone warns once. Plain http:// then leads there.",
    )
    allowed_hosts: tuple[str, ...] = key(
        (),
        listed(matching(r"[A-Za-z0-9._:\[\]-]{1,253}", "a host name or address"), "host names or addresses", 0, 32),
        "Further names the box is reached by, beside its own name and addresses; other Host headers are refused.",
    )


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """How the box stays in reach, through NetworkManager."""

    manage: bool = key(
        True,
        flag,
        "true: without Ethernet and without a Wi-Fi that it knows, the box opens one of its own, and the page can\n"
        "join others. false: the machine's networks are left as they are, as for a box that is always wired.",
    )
    country: str = key(
        "",
        matching(r"([A-Z]{2}|00)?", 'two capital letters (ISO 3166, such as "DE"), "00" or nothing'),
        "Where the box is, for the channels that its Wi-Fi may use; what is said on the page comes first. Empty: what\n"
        'the machine has, mostly "00", which is allowed everywhere: channels 1 to 11, nothing is sent at 5 GHz.',
    )


@dataclass(frozen=True, slots=True)
class UpdateConfig:
    """Newer versions of the box."""

    source: str = key(
        "",
        path(255, empty=True),
        "Where the box looks for newer versions when somebody asks it to: a folder, or a URL with https:// (or http://:\n"
        "what comes is signed). A stick with a folder hushbox-update on it is found without this.",
    )
    look: bool = key(False, flag, "Look there by itself, once a day. It never installs anything by itself.")


@dataclass(frozen=True, slots=True)
class Config:
    """The whole file, checked. source: its path, None when there is no file and the defaults hold.

    overridden: keys set on the command line ("audio.device"). They win over what the page has saved.
    named: keys that the file or the command line has, whatever their value; the rest may be chosen by measurement.
    """

    box: BoxConfig = BoxConfig()
    audio: AudioConfig = AudioConfig()
    model: ModelConfig = ModelConfig()
    stems: StemsConfig = StemsConfig()
    page: PageConfig = PageConfig()
    network: NetworkConfig = NetworkConfig()
    update: UpdateConfig = UpdateConfig()
    panel: PanelConfig = DEFAULT_PANEL
    source: Path | None = None
    overridden: frozenset[str] = frozenset()
    named: frozenset[str] = field(default=frozenset(), compare=False)


TABLES: dict[str, type] = {
    "box": BoxConfig,
    "audio": AudioConfig,
    "model": ModelConfig,
    "stems": StemsConfig,
    "page": PageConfig,
    "network": NetworkConfig,
    "update": UpdateConfig,
    "panel": PanelConfig,
}
REPEATED: dict[str, type] = {f"panel.{name}": cls for name, cls in PANEL_TABLES.items()}
