"""The table of all parameters of the box, in the order of their index on the link. Both processes build the same."""

from collections.abc import Mapping

from dsp.denoise.denoiser import DENOISE_PARAMS
from dsp.params import ParamSpec, table
from dsp.parts.gain import MUSIC_LEVEL, VOICE_LEVEL
from dsp.rack.chain import CHAIN_PARAMS
from dsp.rack.rack import CHAIN
from dsp.rack.voice_stages import stage_params
from dsp.stems.faders import STEMS_PARAMS
from firmware_app.kept.scenes import MORPH

PARAMS: Mapping[str, ParamSpec] = table(
    [*CHAIN_PARAMS, CHAIN, *DENOISE_PARAMS, *stage_params(), *STEMS_PARAMS, VOICE_LEVEL, MUSIC_LEVEL, MORPH]
)
