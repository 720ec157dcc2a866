"""Chooses the models where nobody has, loads the chains of the box and warms them. Seconds, before the first block."""

import logging

from dsp.block import RATE_HZ
from dsp.rack.build import Others, build_rack
from dsp.rack.rack import Rack
from firmware_app.audio.health import Health
from firmware_app.audio.models import Models, others, tell
from firmware_app.config.keys import AudioConfig, Config
from firmware_app.config.places import Places
from firmware_app.kept import choice
from firmware_app.kept import models as models_kept
from firmware_app.models.installed import Loaded
from firmware_app.running import crash_loop

log = logging.getLogger(__name__)


def measured_config(config: Config, places: Places, health: Health) -> Config:
    """The settings with the bundle and the period that fit this machine, where no one has named any.

    At the very first start, and after one with another version, this measures for two seconds. In safe mode no model is
    loaded, so nothing is measured.
    """
    if health.safe:
        return _as_the_page_has_it(choice.in_force(config, choice.kept(config, places)), places)
    chosen, note = choice.first_choice(config, places)
    if note:
        (log.info if chosen is not None and chosen.fits else log.warning)("%s", note)
    return _as_the_page_has_it(choice.in_force(config, chosen), places)


def _as_the_page_has_it(config: Config, places: Places) -> Config:
    """The settings with the bundles that the page has chosen."""
    config, notes = models_kept.in_force(config, places)
    for note in notes:
        log.warning("%s", note)
    return config


def load_chains(
    config: Config, places: Places, health: Health, audio: AudioConfig
) -> tuple[Rack, dict[str, str], Models]:
    """The rack with every chain; why a chain goes without its model, by the chain's name; its bundles.

    In safe mode no model is loaded, and a voice goes through no stage. audio: the settings in force.
    """
    model, split = config.model, any(config.stems.outputs)
    more = Others()
    if health.safe:
        log.warning("safe mode, without any model: %d crashes within a minute of sound, the last: %s",
                    crash_loop.MOST_CRASHES, health.why_safe)  # fmt: skip
        rack, problems = build_rack(None, None, split=split, stages=False)
        loaded = Loaded()
    else:
        more = others(config, places, audio)
        rack, problems = build_rack(
            places.bundle(model.bundle),
            places.bundle(model.stems_bundle),
            model.runtime,
            split=split,
            light_voice=places.bundle(model.light_bundle) if model.light_bundle else None,
            others=more,
            spread=model.spread,
        )
        loaded = tell(places.sound, config, more, problems)
    for chain, problem in problems.items():
        log.warning("%s: %s", chain, problem)
    health.watch(rack)
    # The shape of the device to come, as far as it is known: the meters are read before there is one.
    rack.prepare(RATE_HZ, audio.period_frames, len(audio.input_channels))
    return rack, problems, Models(rack, config, loaded)
