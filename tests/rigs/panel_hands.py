"""A Control and a panel over mock pins in this process, and the events that hw would tell, told by hand."""

import time
from pathlib import Path
from typing import Any

from firmware_app.config import places
from firmware_app.config.panel_keys import (
    EncoderConfig,
    KnobConfig,
    LedConfig,
    MappingConfig,
    PanelConfig,
    SwitchConfig,
)
from firmware_app.control.control import Control
from firmware_app.control.performer import Performer
from firmware_app.kept.factory import Presets
from firmware_app.kept.library import PresetLibrary, presets_file
from firmware_app.kept.param_table import PARAMS
from firmware_app.kept.scenes import Scenes
from firmware_app.kept.store import Store
from firmware_app.panel.setup import PanelSetup
from hw.controls.events import SwitchEvent, SwitchKind

BASE = PanelConfig(
    pins="mock",
    midi=False,
    switches=(
        SwitchConfig("left", 17, "bypass"),
        SwitchConfig("right", 5),
        SwitchConfig("toggle", 6, latching=True),
    ),
    knobs=(KnobConfig("amount", 0, "denoise.amount_db"),),
    encoders=(EncoderConfig("dial", 12, 13, "output.gain_db", by=1.0),),
    leds=(LedConfig("status", 27), LedConfig("muted", 22, "mute"), LedConfig("beat", 23, "tempo")),
    mappings=(
        MappingConfig("left", "tap_tempo", "long_press"),
        MappingConfig("right", "held_panic_mute"),
        MappingConfig("right", "next_preset", "double_press"),
        MappingConfig("toggle", "toggle", param="box.bypass"),
    ),
)


class PanelHands:
    """BASE, or another panel, started."""

    def __init__(self, folder: Path, config: PanelConfig = BASE) -> None:
        self.folder = folder
        self.control = Control(PARAMS, Store(folder, PARAMS))
        presets = PresetLibrary(Presets(places.find().factory_presets, PARAMS), presets_file(folder), PARAMS)
        self.performer = Performer(self.control, presets, Scenes(folder, PARAMS))
        self.setup = PanelSetup(config, self.control, self.performer, folder)
        self.setup.bindings.start()

    def tell(self, *events: Any) -> None:
        for event in events:
            self.setup.bindings._on_event(event)

    def switch(self, name: str, *kinds: SwitchKind) -> None:
        self.tell(*(SwitchEvent(name, kind, time.monotonic()) for kind in kinds))

    def value(self, id: str) -> float:
        return self.control.value(id)

    def mapped(self) -> dict[str, str]:
        return {m.key: m.action.do for m in self.setup.plan.mappings}

    def close(self) -> None:
        self.setup.bindings.close()
        self.control.close()
