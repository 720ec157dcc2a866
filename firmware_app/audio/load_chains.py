"""The chains of the box with their models, loaded and warmed: what takes seconds, before the first block."""

import logging

from dsp.rack.build import build_rack
from dsp.rack.rack import Rack
from firmware_app.audio.self_care import SelfCare
from firmware_app.config.keys import Config
from firmware_app.config.places import Places
from firmware_app.running import crash_loop

log = logging.getLogger(__name__)


def load_chains(config: Config, places: Places, care: SelfCare) -> tuple[Rack, dict[str, str]]:
    """All of them, and why a chain goes without its model, by name: sound goes on. Without any model in safe mode."""
    model, split = config.model, any(config.stems.outputs)
    if care.safe:
        log.warning("safe mode, without any model: %d crashes within a minute, the last: %s",
                    crash_loop.MOST_CRASHES, care.why_safe)  # fmt: skip
        rack, problems = build_rack(None, None, split=split)
    else:
        rack, problems = build_rack(
            places.bundle(model.bundle),
            places.bundle(model.stems_bundle),
            model.runtime,
            split=split,
            light_voice=places.bundle(model.light_bundle) if model.light_bundle else None,
        )
    for chain, problem in problems.items():
        log.warning("%s: %s", chain, problem)
    return rack, problems
