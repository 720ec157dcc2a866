"""Fits audio settings to the interface. One with fewer channels than the settings name is used; the page says so."""

from dataclasses import dataclass, replace

from firmware_app.config.keys import AudioConfig, StemsConfig
from hw.audio.agreement import BOX_RATE_HZ
from hw.audio.probe import PcmCaps

FULL_RATE_HZ = 44100  # below, a part of what people hear is missing


@dataclass(frozen=True, slots=True)
class Fit:
    """Settings that the interface can do. notes: how they differ from those asked for, for people."""

    audio: AudioConfig
    stems: StemsConfig
    notes: tuple[str, ...] = ()


def fit(audio: AudioConfig, stems: StemsConfig, capture: PcmCaps, playback: PcmCaps) -> Fit:
    """The settings nearest to these that the two directions can do. What they cannot do at all stays as it is."""
    notes: list[str] = []
    fitted, own = _outputs(audio, stems, max(playback.channels, default=0), notes)
    fitted = _inputs(fitted, max(capture.channels, default=0), notes)
    fitted = _rate(fitted, capture, playback, notes)
    fitted = _format(fitted, capture, playback, notes)
    return Fit(fitted, own, tuple(notes))


def _rate(audio: AudioConfig, capture: PcmCaps, playback: PcmCaps, notes: list[str]) -> AudioConfig:
    asked = audio.rate_hz
    if asked == BOX_RATE_HZ or (asked in capture.rates_hz and asked in playback.rates_hz):
        return audio
    notes.append(f"no {asked} Hz: another rate")
    return replace(audio, rate_hz=BOX_RATE_HZ)


def _format(audio: AudioConfig, capture: PcmCaps, playback: PcmCaps, notes: list[str]) -> AudioConfig:
    asked = audio.sample_format
    if asked == "auto" or (asked in capture.formats and asked in playback.formats):
        return audio
    notes.append(f"no {asked}: another format")
    return replace(audio, sample_format="auto")


def _outputs(audio: AudioConfig, stems: StemsConfig, has: int, notes: list[str]) -> tuple[AudioConfig, StemsConfig]:
    mix = _there(audio.output_channels, has)
    if has and mix != audio.output_channels:
        notes.append(
            f"only {_count(has, 'output')}: sound is on {_listed(mix)}, not on {_listed(audio.output_channels)}"
        )
    if not has or (max((*mix, *sum(stems.outputs, ()))) <= has and mix == audio.output_channels):
        return audio, stems
    own = {name: tuple(c for c in getattr(stems, name) if c <= has and c not in mix) for name in STEM_NAMES}
    lost = [name for name in STEM_NAMES if getattr(stems, name) and not own[name]]
    if lost:
        notes.append(f"no outputs of their own for {' and '.join(lost)}")
    return replace(audio, output_channels=mix), StemsConfig(**own)


def _inputs(audio: AudioConfig, has: int, notes: list[str]) -> AudioConfig:
    if not has or max(audio.input_channels + audio.music_channels) <= has:
        return audio
    music = tuple(c for c in audio.music_channels if c <= has)
    voice = tuple(c for c in _there(audio.input_channels, has) if c not in music)
    inputs = f"only {_count(has, 'input')}"
    if voice != audio.input_channels:
        instead = f"the microphone is on {_listed(voice)}" if voice else "no microphone"
        notes.append(f"{inputs}: {instead}, not on {_listed(audio.input_channels)}")
    if music != audio.music_channels:
        instead = f"music is on {_listed(music)}" if music else "no music"
        notes.append(f"{inputs}: {instead}, not on {_listed(audio.music_channels)}")
    return replace(audio, input_channels=voice, music_channels=music)


def _there(wanted: tuple[int, ...], has: int) -> tuple[int, ...]:
    """The wanted channels that exist; the first ones when none does."""
    return tuple(c for c in wanted if c <= has) or tuple(range(1, min(len(wanted), has) + 1))


def dull(rate_hz: int) -> str:
    """What a low rate leaves out, for people; "" for a rate that carries all that people hear."""
    if rate_hz >= FULL_RATE_HZ:
        return ""
    return f"it runs at {rate_hz / 1000:.4g} kHz: nothing above {rate_hz / 2000:.3g} kHz is heard"


STEM_NAMES = ("vocals", "drums", "bass", "other")


def _listed(channels: tuple[int, ...]) -> str:
    return " and ".join(map(str, channels))


def _count(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{number} {what}s"
