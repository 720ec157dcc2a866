"""The choice of bundle and period as an earlier start on this machine would have kept it."""

import os
from dataclasses import asdict, replace
from pathlib import Path

from firmware_app.config import places
from firmware_app.config.places import Places
from firmware_app.config.read import Config, ConfigError, load
from firmware_app.kept import choice
from firmware_app.models.carry import Load
from firmware_app.models.choice import Choice, machine_of


def usual_choice(config: Config, found: Places, **other: object) -> Choice:
    """The defaults, as if measured. other: fields that differ."""
    bundle, period = config.model.bundle, config.audio.period_frames
    machine = machine_of(choice.candidates(config, found))
    made = Choice(bundle, period, True, (Load(bundle, period, 0.1, 0.3),), "", machine)
    return replace(made, **other)  # type: ignore[arg-type]


def keep_usual_choice(settings: Path, state: Path) -> None:
    """Unless a choice is kept there already, or the settings are wrong on purpose."""
    if os.path.lexists(state / choice.NAME):
        return
    try:
        config = load(settings)
    except ConfigError:
        return
    choice.file_in(state).save(asdict(usual_choice(config, places.find(state))))
