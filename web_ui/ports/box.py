"""Box: every port of the box, in one bundle.

A port is what the page may see and do of one subject, in the page's own words. firmware_app has the real ports
(`firmware_app/page/`), `web_ui/fakes/` has fakes for tests and for work on the page, and both pass the same contract
tests (`tests/contracts/`). Routes take only the ports that they need.

A new subject needs five files, each named after it:

    web_ui/ports/<subject>.py                   <Subject>Port, a Protocol, and the views that it answers with
    firmware_app/page/<subject>.py              Real<Subject>
    web_ui/fakes/<subject>.py                   Fake<Subject>
    tests/contracts/test_<subject>_port.py      what both of them do
    web_ui/routes/<subject>.py                  add_<subject>_routes; each route is described in openapi.json

and one line in each place that lists the subjects: `Box` below, its two makers (`firmware_app/page/box.py` and
`web_ui/fakes/box.py`) and `web_ui/routes/api.py`; also `web_ui/streams/news.py`, if every open page is told of changes.
`tests/contracts/test_every_port.py` fails when one of them is missing.

Methods may be called from any of the web server's threads. They return at once, and raise only what `ports/errors.py`
has; where one waits or raises something, its docstring says so.
"""

from dataclasses import dataclass

from web_ui.ports.live import LivePort
from web_ui.ports.models import ModelsPort
from web_ui.ports.network import NetworkPort
from web_ui.ports.pairing import PairingPort
from web_ui.ports.panel import PanelPort
from web_ui.ports.pin import PinPort
from web_ui.ports.presets import PresetsPort
from web_ui.ports.room import RoomPort
from web_ui.ports.setup import SetupPort
from web_ui.ports.simulator import SimulatorPort
from web_ui.ports.sound import SoundPort
from web_ui.ports.system import SystemPort
from web_ui.ports.takes import TakesPort
from web_ui.ports.updates import UpdatesPort


@dataclass(frozen=True)
class Box:
    """The box as the page sees it."""

    live: LivePort  # parameters, and what the box is doing now
    presets: PresetsPort
    sound: SoundPort  # to look at, listen to and compare
    room: RoomPort  # its noise, learned while everybody is quiet
    panel: PanelPort  # what the footswitches and knobs do
    simulator: SimulatorPort  # the panel's controls where the pins are simulated
    setup: SetupPort  # interface, levels, sound check, name, wizard
    models: ModelsPort
    network: NetworkPort  # how the box is in reach
    system: SystemPort  # the machine: versions, log, backup, power
    pairing: PairingPort  # who may do what
    pin: PinPort
    updates: UpdatesPort
    takes: TakesPort
