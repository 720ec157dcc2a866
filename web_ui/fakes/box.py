"""fake_box: a whole box that is not there. `python -m web_ui.fakes.box` serves the page over it."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from web_ui.fakes.live import FakeLive
from web_ui.fakes.models import FakeModels
from web_ui.fakes.network import FakeNetwork
from web_ui.fakes.pairing import FakePairing
from web_ui.fakes.panel import FakePanel
from web_ui.fakes.pin import FakePin
from web_ui.fakes.presets import FakePresets
from web_ui.fakes.room import FakeRoom
from web_ui.fakes.setup import FakeSetup
from web_ui.fakes.simulator import FakeSimulator
from web_ui.fakes.sound import FakeSound
from web_ui.fakes.system import FakeSystem
from web_ui.fakes.takes import FakeTakes
from web_ui.fakes.updates import FakeUpdates
from web_ui.ports.box import Box
from web_ui.ports.pairing import OWNER


@dataclass(frozen=True)
class FakeBox(Box):
    """A Box whose ports have more to them, for tests."""

    live: FakeLive
    presets: FakePresets
    sound: FakeSound
    room: FakeRoom
    panel: FakePanel
    simulator: FakeSimulator
    setup: FakeSetup
    models: FakeModels
    network: FakeNetwork
    system: FakeSystem
    pairing: FakePairing
    pin: FakePin
    updates: FakeUpdates
    takes: FakeTakes


def fake_box(
    simulated: bool = True,
    clock: Callable[[], float] = time.monotonic,
    live: FakeLive | None = None,
    everybody: str = OWNER,
) -> FakeBox:
    """Make a box. simulated: whether the panel's pins are. live: another one than FakeLive(clock).

    everybody: the role of each client that is not paired; "" for a box as it comes (FakePairing).
    """
    live = live or FakeLive(clock)
    panel = FakePanel(live, simulated)
    setup = FakeSetup(live.tell)
    pairing = FakePairing(everybody)
    return FakeBox(
        live=live,
        presets=FakePresets(live),
        sound=FakeSound(live),
        room=FakeRoom(live),
        panel=panel,
        simulator=FakeSimulator(live, panel),
        setup=setup,
        models=FakeModels(),
        network=FakeNetwork(),
        system=FakeSystem(lambda: {"state.json": live.values()}, setup.end),
        pairing=pairing,
        pin=FakePin(pairing),
        updates=FakeUpdates(),
        takes=FakeTakes(clock),
    )


if __name__ == "__main__":
    from web_ui.app import create_app
    from web_ui.serving.server import PageServer

    server = PageServer(create_app(fake_box()), port=8080)
    print(f"http://localhost:{server.start()}/")
    try:
        threading.Event().wait()
    finally:
        server.stop()
