"""The table of all parameters of the box, in the order in which the link counts them; both processes build it alike."""

from collections.abc import Mapping

from dsp.chain import CHAIN_PARAMS
from dsp.denoise import DENOISE_PARAMS
from dsp.params import ParamSpec, table

PARAMS: Mapping[str, ParamSpec] = table([*CHAIN_PARAMS, *DENOISE_PARAMS])
