"""Which input or output goes where: the columns of a block, by the settings and the interface that was opened."""

from dsp.rack.lanes import Channels
from firmware_app.config.keys import AudioConfig, StemsConfig
from hw.audio.audio_io import IoFormat


def input_channels(audio: AudioConfig) -> tuple[int, ...]:
    """Inputs to open: the microphone's, then the music's."""
    return audio.input_channels + audio.music_channels


def output_channels(audio: AudioConfig, stems: StemsConfig) -> tuple[int, ...]:
    """Outputs to open: the mix's, then each stem's own."""
    return audio.output_channels + sum(stems.outputs, ())


def channels_of(form: IoFormat, audio: AudioConfig, stems: StemsConfig) -> Channels:
    """The channels for an interface that was opened with the channels above, or for a file: one source, no stems."""
    columns = tuple(range(len(form.input_channels)))
    if form.input_channels != input_channels(audio) or form.output_channels != output_channels(audio, stems):
        return Channels(len(columns), columns, (), len(columns))
    voice = len(audio.input_channels)
    # A mix of one column goes to all outputs. Beside stems it does not: each output has a column of its own.
    mix = max(voice, len(audio.music_channels))
    if any(stems.outputs) or len(audio.output_channels) < mix:
        mix = len(audio.output_channels)
    return Channels(len(columns), columns[:voice], columns[voice:], mix, stems.outputs)
