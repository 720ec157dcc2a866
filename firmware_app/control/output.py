"""Output: what leaves the box now, as one word. The page and the panel's lights show this.

A box can be in several states at once: muted and bypassed, say. The most serious one counts, in the order of `Output`.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping

from dsp.layouts.stems import STEMS
from dsp.rack.dry_path import BYPASS, MUTE
from dsp.rack.rack import CHAIN, CHAINS
from dsp.rack.voice_stages import SOLO
from firmware_app.kept.mutes import silences
from firmware_app.link.shed import Shed
from firmware_app.link.wire import HealthFrame, MeterFrame, State

LISTEN = "denoise.listen"  # 1: what is removed, alone
MUSIC = CHAINS.index("music")


class Output(enum.StrEnum):
    """What is heard, the most serious state first."""

    MUTED = "muted"  # also while there is no sound: it will be silent when there is
    NOTHING = "nothing"  # no device, a sound check, or the audio process is down
    BYPASSED = "bypassed"
    OVERLOADED = "overloaded"  # dry, because there is too much work
    MODEL_OFF = "model off"  # dry, because the model fails, or in safe mode
    REMOVED = "removed"  # what the denoiser, or one stage of the voice, takes away, alone
    COMPARING = "comparing"  # processed, at the loudness of the untouched sound
    PROCESSING = "processing"


DRY = frozenset({Output.BYPASSED, Output.OVERLOADED, Output.MODEL_OFF})
"""The input passes as it came."""


def output_of(
    values: Mapping[str, float], meter: MeterFrame | None, health: HealthFrame, *, comparing: bool = False
) -> Output:
    """What leaves the box. Pure.

    values: all parameters in force. meter: the audio process's newest frame, None while it is down. comparing: whether
    an A/B comparison runs.
    """
    music = values.get(CHAIN.id, 0.0) == MUSIC
    around = Shed.STEMS if music else Shed.DRY  # the step of shedding from which on nothing of this chain is left
    true = {
        Output.MUTED: bool(values.get(MUTE.id)),
        Output.NOTHING: meter is None or meter.state != State.RUNNING,
        Output.BYPASSED: bool(values.get(BYPASS.id)),
        Output.OVERLOADED: health.shed >= around,
        Output.MODEL_OFF: health.safe or (meter is not None and meter.model_off),
        Output.REMOVED: bool(values.get(LISTEN) or values.get(SOLO.id)) and not music,
        Output.COMPARING: comparing,
        Output.PROCESSING: True,
    }
    return next(output for output in Output if true[output])


def silent_stems(values: Mapping[str, float]) -> tuple[str, ...]:
    """The stems that are not heard: muted, or another one has solo. Empty where the chain has no stems."""
    if not values.get(CHAIN.id):
        return ()
    silent = silences(values)
    return tuple(stem for stem in STEMS if f"stems.{stem}.mute" in silent)
