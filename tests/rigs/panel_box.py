"""A real Control, panel (mock pins) and page in this process, without an audio process."""

import threading
import time
from dataclasses import replace
from pathlib import Path

from firmware_app.config import places
from firmware_app.config.keys import Config
from firmware_app.config.panel_keys import PanelConfig
from firmware_app.control.compare import Comparer
from firmware_app.control.control import Control
from firmware_app.control.performer import Performer
from firmware_app.control.recording import Recording
from firmware_app.kept.factory import Presets
from firmware_app.kept.library import PresetLibrary, presets_file
from firmware_app.kept.pairings import Pairings
from firmware_app.kept.param_table import PARAMS
from firmware_app.kept.scenes import Scenes
from firmware_app.kept.store import Store
from firmware_app.kept.takes import TakeSettingsStore
from firmware_app.link.wire import MeterFrame, State
from firmware_app.page.box import real_box
from firmware_app.page.pairing import RealPairing
from firmware_app.panel.setup import PanelSetup
from firmware_app.setup.box import BoxSetup
from firmware_app.setup.take_work import TakeWork
from firmware_app.takes.wire import SOCKET
from firmware_app.update.updates import Updates
from web_ui.app import create_app
from web_ui.ports.box import Box
from web_ui.serving.server import PageServer
from web_ui.texts import Language

STEMS_DB = (-19.0, -23.0, -26.0, -31.0)


def box_setup(folder: Path, control: Control) -> BoxSetup:
    """A BoxSetup that keeps everything in `folder`."""
    found = replace(places.find(), state=folder, runtime=folder / "run")
    found.make_runtime()
    return BoxSetup(Config(), found, control, "0.0.0", Pairings(folder))


def first_code_of(box: Box) -> str:
    """The code that makes a phone the owner of this box."""
    assert isinstance(box.pairing, RealPairing)
    return box.pairing._kept.first_code


def ports_of(
    folder: Path,
    control: Control,
    panel: PanelSetup,
    updates: Updates | None = None,
    recording: Recording | None = None,
    work: TakeWork | None = None,
) -> Box:
    """The box as its page sees it. The listen ring is `folder`/listen. updates: none are possible otherwise.

    recording: without a recorder otherwise. work: on takes; otherwise there is one that was not started.
    """
    ring = folder / "listen"
    updates = updates or Updates(None, folder, "", False)
    recording = recording or Recording(folder / "run" / SOCKET, control, TakeSettingsStore(folder), lambda: "")
    work = work or TakeWork(folder / "takes", folder, Config, lambda: False)
    return real_box(box_setup(folder, control), panel, ring, Comparer(control, ring), updates, recording, work)


class PanelParts:
    """Control, performer and panel over what the folder keeps."""

    def __init__(self, folder: Path, config: PanelConfig) -> None:
        self.control = Control(PARAMS, Store(folder, PARAMS))
        presets = PresetLibrary(Presets(places.find().factory_presets, PARAMS), presets_file(folder), PARAMS)
        self.performer = Performer(self.control, presets, Scenes(folder, PARAMS))
        self.setup = PanelSetup(config, self.control, self.performer, folder)
        self.setup.bindings.start()

    def close(self) -> None:
        self.setup.bindings.close()
        self.control.close()


class PanelBox(PanelParts):
    """A box with its page served; `number` is the page's TCP port."""

    def __init__(self, folder: Path, config: PanelConfig, trial: Language | None = None) -> None:
        """trial: see create_app."""
        super().__init__(folder, config)
        self.sounding = True  # False: the audio process hangs
        self._closing = threading.Event()
        self._sounding = threading.Thread(target=self._sound, daemon=True)
        self._sounding.start()
        self.ports = ports_of(folder, self.control, self.setup)
        self.session = self.ports.pairing.claim(first_code_of(self.ports), "The rig")  # of its owner
        self._server = PageServer(create_app(self.ports, trial=trial), "127.0.0.1", 0)
        self.number = self._server.start()

    def _sound(self) -> None:
        """Send the meter frames of an audio process at work."""
        born_s = time.monotonic()
        while not self._closing.wait(0.05):
            if not self.sounding:
                continue
            meter = MeterFrame(
                state=State.RUNNING,
                uptime_s=time.monotonic() - born_s,
                in_peak_db=(-14.0, -120.0),
                in_rms_db=(-22.0, -120.0),
                out_peak_db=(-15.0, -120.0),
                out_rms_db=(-24.0, -120.0),
                stems_rms_db=STEMS_DB,
                load_mean=0.22,
                load_p99=0.31,
            )
            self.control.take_meter(meter)
            self.setup.bindings.take_meter(meter)

    def mapped(self) -> dict[str, str]:
        return {m.key: m.does for m in self.ports.panel.setup().mappings if not m.off}

    def close(self) -> None:
        self._closing.set()
        self._sounding.join()
        self._server.stop()
        super().close()
