"""Builds the chains of the box from model bundles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from dsp.denoise.instant import DenoiseInstant
from dsp.denoise.live import Denoise
from dsp.errors import DspError
from dsp.inference import StepModel, open_model
from dsp.inference.bundle import Bundle, BundleError
from dsp.layouts.stems import STEMS
from dsp.parts.gain import MUSIC_LEVEL, VOICE_LEVEL, Gain
from dsp.processor import Processor
from dsp.rack.chain import Chain
from dsp.rack.lanes import MUSIC, VOICE, Lane
from dsp.rack.rack import Rack
from dsp.stems.separator import MissingStems, Stems

LONG_HOP_FRAMES = 256
"""Shorter hops are not spread: they are about as long as a period."""

Problems = dict[str, str]
"""Why a chain of the rack has no model, in words, by the name of the chain."""


def build_chain(
    bundle_folder: Path | str | None, runtime: str = "auto", *, real_time: bool = True, spread: bool = False
) -> Chain:
    """The chain for the bundle in `bundle_folder`, loaded, checked and warmed; None makes a dry chain.

    runtime: "auto" or one of dsp.inference.bundle.RUNTIMES. real_time: False for files, where no model step is ever
    late. spread: as build_rack(). Not while streaming. Raises BundleError, BundleHashError, RuntimeUnfitError.
    """
    if bundle_folder is None:
        return Chain()
    return Chain([_processor(_ANY, bundle_folder, runtime, spread, real_time)])


_VOICE: Mapping[str, Callable[..., Processor]] = {each.kind: each for each in (Denoise, DenoiseInstant)}
_ANY: Mapping[str, Callable[..., Processor]] = {**_VOICE, Stems.kind: Stems}
"""The processor for each kind of bundle: those for a voice, and all of them."""


def _processor(
    players: Mapping[str, Callable[..., Processor]],
    folder: Path | str,
    runtime: str,
    spread: bool,
    real_time: bool = True,
) -> Processor:
    """The processor for a bundle, its model loaded, checked and warmed. Raises as build_chain()."""
    bundle = Bundle.load(folder)
    if bundle.kind not in players:
        raise BundleError(f"{bundle.folder}: kind = {bundle.kind!r}: allowed {', '.join(players)}")
    return players[bundle.kind](bundle, _opened(bundle, runtime, spread), real_time=real_time)


def _opened(bundle: Bundle, runtime: str, spread: bool) -> StepModel:
    return open_model(bundle, runtime, pieces=spread and bundle.hop_frames >= LONG_HOP_FRAMES)


def build_rack(
    voice: Path | str | None,
    stems: Path | str | None,
    runtime: str = "auto",
    *,
    split: bool = False,
    light_voice: Path | str | None = None,
    spread: bool = True,
) -> tuple[Rack, Problems]:
    """Every chain of the box, its models loaded, checked and warmed. Not while streaming; raises nothing.

    voice, stems: folders of the bundles, None for none. split: stems have outputs of their own. light_voice: a bundle
    that takes the voice's place under load. It is used where the voice has a model, and another one than this.
    spread: models of long hops do the work of a hop over several blocks, and are later for it (dsp.parts.spread_hops).
    A chain whose model cannot be loaded plays without it: a voice passes untouched, and music as far as nothing in it
    is muted (dsp.stems.separator.MissingStems).
    """
    problems: Problems = {}

    def voice_lane(chain: str, *after: Processor) -> Lane:
        if voice is None:
            return Lane(VOICE, after)
        try:
            return Lane(VOICE, [_processor(_VOICE, voice, runtime, spread), *after])
        except DspError as error:
            problems[chain] = f"No noise reduction, sound passes untouched: {error}"
            return Lane(VOICE, after)

    def music_lane(chain: str, *after: Processor) -> Lane:
        separate: Processor
        try:
            separate = MissingStems(split=split)
            if stems is not None:
                bundle = Bundle.load(stems)
                separate = Stems(bundle, _opened(bundle, runtime, spread), split=split)
        except DspError as error:
            problems[chain] = f"No stems, music passes only while none is muted: {error}"
            separate = MissingStems(split=split)
        return Lane(MUSIC, [separate, *after], stems_behind=len(STEMS) if split else 0)

    def lighter() -> Chain | None:
        if light_voice is None or voice is None or "voice" in problems or Path(light_voice) == Path(voice):
            return None
        try:
            return Chain([_processor(_VOICE, light_voice, runtime, spread)])
        except DspError as error:
            problems["lighter voice"] = f"No lighter model for a busy moment: {error}"
            return None

    both = "voice over music"
    rack = Rack(
        {
            "voice": Chain(lanes=[voice_lane("voice")]),
            "music": Chain(lanes=[music_lane("music")]),
            both: Chain(lanes=[voice_lane(both, Gain(VOICE_LEVEL)), music_lane(both, Gain(MUSIC_LEVEL))]),
        },
        lighter(),
    )
    return rack, problems
