"""The rack: every chain of the box, ready to play. One of them is heard."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set

import numpy as np
from numpy.typing import NDArray

from dsp import params
from dsp.block import Block
from dsp.params import ParamSpec
from dsp.parts.ramp import Ramp, ramp_frames
from dsp.rack.chain import Chain, Meters, StageState
from dsp.rack.lanes import Channels

VOICE, MUSIC, BOTH = CHAINS = ("voice", "music", "voice over music")
CHAIN = ParamSpec(
    "box.chain",
    "",
    0.0,
    float(len(CHAINS) - 1),
    0.0,
    "Chain",
    "What the box does: clean a voice, take music apart, or both into one mix.",
    CHAINS,
)

FADE_MS = 10.0
WARM_FRAMES = 1024
"""How long the next chain runs, beyond its latency, before it is heard, so that its models know the sound a little."""


class Rack:
    """Plays one of several chains, and changes between them, or their models, without a click or a gap. Threads as in
    Chain.

    The next chain first runs unheard until its sound has come through. Where the two chains are equally late they then
    crossfade; where not, one fades out and then the other in, 10 ms each. Every parameter reaches every chain,
    so a chain that is not heard is up to date, and muted if the box is. A chain with other models gets them before it
    begins, so that a preset costs no more work where many models are installed.
    """

    def __init__(
        self,
        chains: Mapping[str, Chain],
        light_voice: Chain | None = None,
        others: Mapping[tuple[str, str, str], Chain] | None = None,
    ) -> None:
        """chains: one for each of CHAINS. light_voice: the chain that lighten() plays in the voice's place.

        others: the same chains with other models, by (chain, voice's bundle, stems' bundle); "" is the one in `chains`.
        """
        self.chains = {name: chains[name] for name in CHAINS}
        self._light_voice = light_voice
        self._others = dict(others or {})
        self._up_to_date = [*self.chains.values(), *([light_voice] if light_voice else [])]
        # A lighter voice may be one of the others.
        self._all = list(dict.fromkeys([*self._up_to_date, *self._others.values()]))
        self.params: Mapping[str, ParamSpec] = {
            CHAIN.id: CHAIN,
            **{id: spec for chain in self.chains.values() for id, spec in chain.params.items()},
        }
        self._name, self._voice, self._stems = CHAINS[0], "", ""
        self._wanted = self._now = self.chains[CHAINS[0]]
        self._light = False
        self._next: Chain | None = None
        self._crossing = False

    @property
    def heard(self) -> Chain:
        """The chain that is heard; during a change, the old one."""
        return self._now

    @property
    def latency_frames(self) -> int:
        return self._now.latency_frames

    @property
    def model_name(self) -> str:
        return self._now.model_name

    @property
    def meters(self) -> Meters:
        return self._now.meters

    @property
    def untouched(self) -> Block:
        return self._now.untouched

    @property
    def model_off(self) -> bool:
        return self._now.model_off

    @property
    def reduction_db(self) -> float:
        return self._now.reduction_db

    @property
    def stages(self) -> Iterator[StageState]:
        """See Chain."""
        return self._now.stages

    @property
    def late_hops(self) -> int:
        return sum(chain.late_hops for chain in self._all)

    @property
    def dry_hops(self) -> int:
        return sum(chain.dry_hops for chain in self._all)

    @property
    def has_light_voice(self) -> bool:
        return self._light_voice is not None

    @property
    def own_models(self) -> bool:
        """Whether the chain that is wanted has the models of `chains`, and not others."""
        return self._wanted is self.chains[self._name]

    def use(self, *, voice: str | None = None, stems: str | None = None) -> None:
        """Change to another bundle for the voice or the stems; "" is that of `chains`, None changes nothing.

        It is heard as a change of chains is. A chain that was not made with this bundle stays as it was. Audio thread.
        """
        self._voice = self._voice if voice is None else voice
        self._stems = self._stems if stems is None else stems
        self._choose()

    def lighten(self, on: bool) -> None:
        """Play the lighter chain in the voice's place, if there is one. Audio thread."""
        self._light = on

    def rest(self, *, stems: bool, models: bool, stages: Set[str] = frozenset()) -> None:
        """See Chain; all of them."""
        for chain in self._all:
            chain.rest(stems=stems, models=models, stages=stages)

    def take_stem_levels(self, into: NDArray[np.float32]) -> bool:
        return self._now.take_stem_levels(into)

    def prepare(self, rate_hz: int, period_frames: int, channels: Channels | int) -> None:
        """See Chain; prepares all of them. The chain that is wanted is then heard at once."""
        if isinstance(channels, int):
            channels = Channels.plain(channels)
        for chain in self._all:
            chain.prepare(rate_hz, period_frames, channels)
        self._fade_frames = ramp_frames(FADE_MS, rate_hz)
        self._ramp = Ramp(1.0, self._fade_frames, period_frames)
        self._block: Block = np.zeros((period_frames, channels.inputs), np.float32)
        self._out: Block = np.zeros((period_frames, channels.outputs), np.float32)
        self._change_at_once()

    def param(self, param_id: str) -> float:
        """The value last set. Raises UnknownParamError."""
        if params.find(self.params, param_id) is CHAIN:
            return float(CHAINS.index(self._name))
        return next(chain for chain in self.chains.values() if param_id in chain.params).param(param_id)

    def set_param(self, param_id: str, value: float) -> None:
        """Check `value` and ramp, or change over, there. Raises UnknownParamError, ParamRangeError."""
        checked = params.find(self.params, param_id).check(value)
        if param_id == CHAIN.id:
            self._name = CHAINS[int(checked)]
            self._choose()
            return
        for chain in self._up_to_date:
            if param_id in chain.params:
                chain.set_param(param_id, checked)
        for other in (self._now, self._next):
            if other is not None and other not in self._up_to_date and param_id in other.params:
                other.set_param(param_id, checked)

    def process(self, block: Block, out: Block) -> None:
        """See Chain. During a change two chains run. Audio thread."""
        if self._next is None and self._to_play is not self._now:
            self._begin(self._to_play)
        if self._next is None:
            self._now.process(block, out)
            return
        np.copyto(self._block, block)
        self._now.process(block, out)
        self._next.process(self._block, self._out)
        if self._crossing:
            self._cross(out)
            return
        self._unheard_frames -= len(out)
        if self._unheard_frames <= 0 and not self._now.turning and not self._next.turning:
            self._begin_to_cross()

    def warm_up(self, block: Block, out: Block) -> None:
        """Run every chain once on silence, so that its first block of sound takes no longer than others."""
        for chain in self._all:
            chain.warm_up()
            block.fill(0.0)
            chain.process(block, out)

    def fade_in(self) -> None:
        """See Chain."""
        self._now.fade_in()

    def fade_out(self) -> None:
        """See Chain. It is for every chain, so that a change of chains does not end the silence."""
        for chain in self._all:
            chain.fade_out()

    def reset(self) -> None:
        """See Chain. A change of chains is completed at once."""
        self._change_at_once()
        self._now.reset()

    def _change_at_once(self) -> None:
        self._bring_up_to_date(self._to_play)
        self._play(self._to_play)

    def _bring_up_to_date(self, chain: Chain) -> None:
        """Give a chain with other models every parameter, before it plays."""
        if chain not in self._up_to_date:
            for param_id in chain.params:
                chain.set_param(param_id, self.param(param_id))

    @property
    def _to_play(self) -> Chain:
        if self._light and self._light_voice is not None and self._name == VOICE:
            return self._light_voice
        return self._wanted

    def _choose(self) -> None:
        """Find the chain that is wanted, by its name and its bundles."""
        voice = "" if self._name == MUSIC else self._voice
        stems = "" if self._name == VOICE else self._stems
        self._wanted = self._others.get((self._name, voice, stems), self.chains[self._name])

    def _begin(self, chain: Chain) -> None:
        self._bring_up_to_date(chain)
        chain.reset()
        self._next = chain
        self._unheard_frames = chain.latency_frames + WARM_FRAMES

    def _begin_to_cross(self) -> None:
        """From the next block on. Meanwhile neither latency may change."""
        assert self._next is not None
        # With different latencies a crossfade would sound like a comb filter: fade one out, then the other in.
        self._apart = self._next.latency_frames != self._now.latency_frames
        self._ramp.jump(0.0)
        self._ramp.set(1.0, self._fade_frames * (2 if self._apart else 1))
        self._crossing = True
        self._now.may_turn = self._next.may_turn = False

    def _play(self, chain: Chain) -> None:
        """This chain alone is heard."""
        self._now.may_turn = chain.may_turn = True
        self._now, self._next, self._crossing = chain, None, False

    def _cross(self, out: Block) -> None:
        """Mix the two outputs into `out`, at the present point of the change."""
        assert self._next is not None
        way = self._ramp.next(len(out))[:, None]
        fades = 2.0 if self._apart else 1.0
        np.multiply(out, np.clip(1.0 - fades * way, 0.0, 1.0), out=out)
        np.multiply(self._out, np.clip(fades * way - (fades - 1.0), 0.0, 1.0), out=self._out)
        np.add(out, self._out, out=out)
        if self._ramp.still:
            self._play(self._next)
