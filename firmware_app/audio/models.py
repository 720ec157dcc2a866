"""The bundles that are loaded before the first block, and changes between them while sound plays."""

import logging
from collections.abc import Mapping
from pathlib import Path

from dsp.rack.build import Others
from dsp.rack.rack import Rack
from firmware_app.config.keys import AudioConfig, Config
from firmware_app.config.places import Places
from firmware_app.link.wire import ModelSlot, bundle_number
from firmware_app.models.installed import Installed, Loaded, installed, leave

log = logging.getLogger(__name__)


def others(config: Config, places: Places, audio: AudioConfig) -> Others:
    """Every bundle beside those in force. Loading one while streaming would stop the sound, so all are loaded before.

    In the chain of voice and music too, where there is music beside the voice: each takes the memory of two models.
    """
    model, there = config.model, _there(config, places)
    return Others(
        {name: folder for name, folder in there.voices.items() if name != model.bundle},
        {name: folder for name, folder in there.stems.items() if name != model.stems_bundle},
        mixed=bool(audio.music_channels),
    )


def _there(config: Config, places: Places) -> Installed:
    model = config.model
    named = {name: places.bundle(name) for name in (model.bundle, model.stems_bundle, model.light_bundle) if name}
    return installed(places.models, named)


class Models:
    """Changes the rack's bundles. Audio thread; allocates nothing of note."""

    def __init__(self, rack: Rack, config: Config, loaded: Loaded) -> None:
        """config: names the bundles of the rack's own chains."""
        self._rack = rack
        own = config.model
        self._voices = _numbered(loaded.voices, own.bundle)
        self._stems = _numbered(loaded.stems, own.stems_bundle)

    def use(self, slot: int, number: float) -> None:
        """Change to the bundle that control names. One that is not loaded is ignored."""
        if slot == ModelSlot.VOICE:
            self._rack.use(voice=self._voices.get(number))
        elif slot == ModelSlot.STEMS:
            self._rack.use(stems=self._stems.get(number))


def _numbered(names: tuple[str, ...], own: str) -> Mapping[float, str]:
    """The rack's names for bundles, by their numbers on the wire."""
    return {float(bundle_number(name)): "" if name == own else name for name in names}


def tell(runtime: Path, config: Config, more: Others, problems: Mapping[str, str]) -> Loaded:
    """Leave word for control of what was loaded. problems: as of build_rack."""
    model = config.model
    failed = {name: why for name, why in problems.items() if name in more.voices or name in more.stems}
    loaded = Loaded(
        tuple(name for name in (model.bundle, *more.voices) if name not in failed),
        tuple(name for name in (model.stems_bundle, *more.stems) if name not in failed),
        failed,
        more.mixed,
    )
    try:
        leave(runtime, loaded)
    except OSError as error:
        log.warning("%s: cannot be written, so the page offers no other model: %s", runtime, error.strerror)
    return loaded
