"""Which demo plays where there is no interface: the noisy vocal for a voice chain, the song for music.

The song's file has three channels: left, the singer alone at a microphone, right. Voice over music takes them as a
microphone and music; the music chain takes left and right.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from dsp.rack.rack import CHAINS
from firmware_app.audio.fit import Fit
from firmware_app.config.keys import AudioConfig, StemsConfig
from firmware_app.config.places import Places

VOICE, MUSIC, BOTH = CHAINS


@dataclass(frozen=True, slots=True)
class Demo:
    """A file to play in a loop. inputs, outputs: channels counted from 1, inputs None for all that are there.

    fit: which of them are microphone and music; None where that makes no difference.
    """

    file: Path
    inputs: tuple[int, ...] | None = None
    outputs: tuple[int, ...] | None = None
    fit: Fit | None = None


def demo_for(chain: str, audio: AudioConfig, places: Places) -> Demo:
    """The demo for this chain, one of CHAINS. A file that the settings name plays whatever the chain."""
    if audio.demo_file:
        return Demo(Path(audio.demo_file))
    if chain == MUSIC:
        return Demo(places.demo_song, (1, 3), (1, 2))
    if chain == BOTH:
        heard = replace(audio, input_channels=(2,), music_channels=(1, 3), output_channels=(1, 2))
        return Demo(places.demo_song, (2, 1, 3), (1, 2), Fit(heard, StemsConfig()))
    return Demo(places.demo_vocal)
