"""real_box: the ports over the control process's own Control, panel and set-up."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from firmware_app.control.compare import Comparer
from firmware_app.control.history import History
from firmware_app.control.recording import Recording
from firmware_app.page.live import RealLive
from firmware_app.page.models import RealModels
from firmware_app.page.network import RealNetwork
from firmware_app.page.pairing import RealPairing
from firmware_app.page.panel import RealPanel
from firmware_app.page.pin import RealPin
from firmware_app.page.presets import RealPresets
from firmware_app.page.room import RealRoom
from firmware_app.page.setup import RealSetup
from firmware_app.page.simulator import RealSimulator
from firmware_app.page.sound import RealSound
from firmware_app.page.system import RealSystem
from firmware_app.page.takes import RealTakes
from firmware_app.page.updates import RealUpdates
from firmware_app.panel.setup import PanelSetup
from firmware_app.setup.box import BoxSetup
from firmware_app.setup.take_work import TakeWork
from firmware_app.update.updates import Updates
from web_ui.ports.box import Box


def real_box(
    box: BoxSetup,
    panel: PanelSetup,
    ring: Path,
    comparer: Comparer,
    updates: Updates,
    recording: Recording,
    takes: TakeWork,
    *,
    history: History | None = None,
    leave_safe: Callable[[], None] = lambda: None,
) -> Box:
    """The ports of this box, for web_ui's create_app.

    ring: the listen ring's file. takes: makes versions of takes. comparer, history: the caller ends the one and feeds
    the other. leave_safe: ends safe mode.
    """
    history = history or History()
    panel.bindings.performer.possible = box.possible
    control, simulated = box.control, panel.bindings.panel.simulated
    return Box(
        live=RealLive(control, box, panel, leave_safe),
        presets=RealPresets(control, panel.bindings.performer),
        sound=RealSound(control, ring, history, comparer),
        room=RealRoom(control, ring),
        panel=RealPanel(control, panel),
        simulator=RealSimulator(panel.simulated),
        setup=RealSetup(box, simulated),
        models=RealModels(box, ring),
        network=RealNetwork(box.network),
        system=RealSystem(box, lambda: [asdict(moment) for moment in history.since(0)]),
        pairing=RealPairing(box),
        pin=RealPin(box),
        updates=RealUpdates(updates),
        takes=RealTakes(
            recording, box.places.takes, takes, lambda name: panel.bindings.performer.presets.find(name).name
        ),
    )
