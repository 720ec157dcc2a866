"""Builds the chains of the box from model bundles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from dsp.denoise.instant import DenoiseInstant
from dsp.denoise.live import Denoise
from dsp.errors import DspError
from dsp.inference import StepModel, open_model
from dsp.inference.bundle import Bundle, BundleError
from dsp.layouts.stems import STEMS
from dsp.parts.gain import MUSIC_LEVEL, VOICE_LEVEL, Gain
from dsp.parts.voice_sense import VoiceSense
from dsp.processor import Processor
from dsp.rack.chain import Chain
from dsp.rack.lanes import MUSIC, VOICE, Lane
from dsp.rack.rack import BOTH, Rack
from dsp.rack.rack import MUSIC as MUSIC_CHAIN
from dsp.rack.rack import VOICE as VOICE_CHAIN
from dsp.rack.voice_stages import AHEAD, BEHIND, made
from dsp.restore.hum_stage import Hum
from dsp.stems.separator import MissingStems, Stems

LONG_HOP_FRAMES = 256
"""Shorter hops are not spread: they are about as long as a period."""

Problems = dict[str, str]
"""Why a chain of the rack has no model, in words, by the name of the chain."""


def build_chain(
    bundle_folder: Path | str | None,
    runtime: str = "auto",
    *,
    real_time: bool = True,
    spread: bool = False,
    split: bool = False,
) -> Chain:
    """The chain for the bundle in `bundle_folder`, loaded, checked and warmed; None makes one without a model.

    One for a voice has all stages of dsp.rack.voice_stages.

    runtime: "auto" or one of dsp.inference.bundle.RUNTIMES. real_time: False for files, where no model step is ever
    late. spread, split: as build_rack(); a voice has no stems. Not while streaming. Raises BundleError,
    BundleHashError, RuntimeUnfitError.
    """
    if bundle_folder is None:
        return Chain(_with_stages())
    bundle = Bundle.load(bundle_folder)
    if bundle.kind == Stems.kind:
        stems = Stems(bundle, _opened(bundle, runtime, spread), split=split, real_time=real_time)
        return Chain(lanes=[Lane(MUSIC, [stems], stems_behind=len(STEMS) if split else 0)])
    return Chain(_with_stages(partial(_denoiser, bundle, runtime, spread, real_time=real_time)))


_DENOISERS: Mapping[str, Callable[..., Processor]] = {each.kind: each for each in (Denoise, DenoiseInstant)}
"""By the kind of bundle that each plays."""


def _with_stages(denoiser: Callable[..., Processor] | None = None) -> list[Processor]:
    """A voice's processors: fresh stages, with the denoiser between them if there is one. Raises what `denoiser` does.

    denoiser: makes it, for a VoiceSense that it tells and a Hum whose work it does.
    """
    voice = VoiceSense()
    ahead, behind = made(AHEAD, voice), made(BEHIND, voice)
    if denoiser is None:
        return [*ahead, *behind]
    return [*ahead, denoiser(voice=voice, hum=next(stage for stage in ahead if isinstance(stage, Hum))), *behind]


def _denoiser(
    bundle: Bundle,
    runtime: str,
    spread: bool,
    *,
    voice: VoiceSense | None = None,
    hum: Hum | None = None,
    real_time: bool = True,
) -> Processor:
    """The processor for a bundle, its model loaded, checked and warmed. Raises as build_chain()."""
    if bundle.kind not in _DENOISERS:
        raise BundleError(f"{bundle.folder}: kind = {bundle.kind!r}: allowed {', '.join(_DENOISERS)}")
    model = _opened(bundle, runtime, spread)
    return _DENOISERS[bundle.kind](bundle, model, voice=voice, hum=hum, real_time=real_time)


def _opened(bundle: Bundle, runtime: str, spread: bool) -> StepModel:
    return open_model(bundle, runtime, pieces=spread and bundle.hop_frames >= LONG_HOP_FRAMES)


@dataclass(frozen=True, slots=True)
class Others:
    """Further bundles to load, by name, so that the rack can change to them while it plays.

    mixed: also in the chain of voice and music, with all its memory. Then one of both kinds can be changed there.
    """

    voices: Mapping[str, Path] = field(default_factory=dict)
    stems: Mapping[str, Path] = field(default_factory=dict)
    mixed: bool = False


def build_rack(
    voice: Path | str | None,
    stems: Path | str | None,
    runtime: str = "auto",
    *,
    split: bool = False,
    light_voice: Path | str | None = None,
    others: Others | None = None,
    spread: bool = True,
    stages: bool = True,
) -> tuple[Rack, Problems]:
    """Every chain of the box, its models loaded, checked and warmed. Not while streaming; raises nothing.

    voice, stems: folders of the bundles, None for none. split: stems have outputs of their own. light_voice: a bundle
    that takes the voice's place under load. It is used where the voice has a model, and another one than this.
    spread: models of long hops do the work of a hop over several blocks, and are later for it (dsp.parts.spread_hops).
    stages: whether a voice goes through the stages of dsp.rack.voice_stages.
    A chain whose model cannot be loaded plays without it: a voice passes untouched, and music as far as nothing in it
    is muted (dsp.stems.separator.MissingStems). One of `others` that cannot be loaded is a problem under its name.
    """
    return _Builder(voice, stems, runtime, split, spread, stages).rack(light_voice, others or Others())


class _Builder:
    """Builds one rack, and gathers what could not be loaded."""

    def __init__(
        self, voice: Path | str | None, stems: Path | str | None, runtime: str, split: bool, spread: bool, stages: bool
    ) -> None:
        self._stages = stages
        self._voice, self._stems, self._runtime, self._split, self._spread = voice, stems, runtime, split, spread
        self.problems: Problems = {}

    def rack(self, light_voice: Path | str | None, others: Others) -> tuple[Rack, Problems]:
        chains = {
            VOICE_CHAIN: Chain(lanes=[self._own_voice(VOICE_CHAIN)]),
            MUSIC_CHAIN: Chain(lanes=[self._own_music(MUSIC_CHAIN)]),
            BOTH: Chain(
                lanes=[self._own_voice(BOTH, Gain(VOICE_LEVEL)), self._own_music(BOTH, Gain(MUSIC_LEVEL))],
            ),
        }
        lighter = self._lighter(light_voice)
        return Rack(chains, lighter, self._others(others, light_voice, lighter)), self.problems

    def _own_voice(self, chain: str, *after: Processor) -> Lane:
        if self._voice is None:
            return self._voice_lane(None, *after)
        try:
            return self._voice_lane(self._voice, *after)
        except DspError as error:
            self.problems[chain] = f"No noise reduction: {error}"
            return self._voice_lane(None, *after)

    def _own_music(self, chain: str, *after: Processor) -> Lane:
        if self._stems is not None:
            try:
                return self._music_lane(self._stems, *after)
            except DspError as error:
                self.problems[chain] = f"No stems, music passes only while none is muted: {error}"
        return self._music(MissingStems(split=self._split), *after)

    def _lighter(self, light_voice: Path | str | None) -> Chain | None:
        if light_voice is None or self._voice is None or VOICE_CHAIN in self.problems:
            return None
        if Path(light_voice) == Path(self._voice):
            return None
        try:
            return Chain(lanes=[self._voice_lane(light_voice)])
        except DspError as error:
            self.problems["lighter voice"] = f"No lighter model for a busy moment: {error}"
            return None

    def _others(
        self, others: Others, light_voice: Path | str | None, lighter: Chain | None
    ) -> dict[tuple[str, str, str], Chain]:
        """By (chain, voice's bundle, stems' bundle), "" for those of this builder."""
        found: dict[tuple[str, str, str], Chain] = {}
        for name, folder in others.voices.items():
            try:
                shared = lighter if lighter is not None and folder == light_voice else None
                found[VOICE_CHAIN, name, ""] = shared or Chain(lanes=[self._voice_lane(folder)])
                if others.mixed:
                    music = self._own_music(BOTH, Gain(MUSIC_LEVEL))
                    found[BOTH, name, ""] = Chain(lanes=[self._voice_lane(folder, Gain(VOICE_LEVEL)), music])
            except DspError as error:
                self.problems[name] = str(error)
        for name, folder in others.stems.items():
            try:
                found[MUSIC_CHAIN, "", name] = Chain(lanes=[self._music_lane(folder)])
                if others.mixed:
                    voice = self._own_voice(BOTH, Gain(VOICE_LEVEL))
                    found[BOTH, "", name] = Chain(lanes=[voice, self._music_lane(folder, Gain(MUSIC_LEVEL))])
            except DspError as error:
                self.problems[name] = str(error)
        return found

    def _voice_lane(self, folder: Path | str | None, *after: Processor) -> Lane:
        """Raises DspError, but not without a model."""
        make = partial(_denoiser, Bundle.load(folder), self._runtime, self._spread) if folder is not None else None
        if self._stages:
            return Lane(VOICE, [*_with_stages(make), *after])
        return Lane(VOICE, [make(), *after] if make is not None else after)

    def _music_lane(self, folder: Path | str, *after: Processor) -> Lane:
        """Raises DspError."""
        bundle = Bundle.load(folder)
        return self._music(Stems(bundle, _opened(bundle, self._runtime, self._spread), split=self._split), *after)

    def _music(self, *processors: Processor) -> Lane:
        return Lane(MUSIC, processors, stems_behind=len(STEMS) if self._split else 0)
