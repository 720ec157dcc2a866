"""The box's footswitch mutes the vocals of the music presets, momentary or latching, and its LED shows it."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from firmware_app.config import places
from firmware_app.config import read as config
from firmware_app.config.read import check_params
from firmware_app.kept.factory import Presets
from firmware_app.kept.param_table import PARAMS
from tests.rigs.panel_box import PanelBox

VOCALS = "stems.vocals.mute"
MUSIC = ("Karaoke", "Drummer's seat", "A cappella", "Bass practice", "Voice over music")
SETTINGS = """
[panel]
pins = "mock"
[[panel.switches]]
name = "foot"
gpio = 17
does = "stems.vocals.mute"
momentary = {momentary}
[[panel.leds]]
name = "lamp"
gpio = 27
shows = "stems.vocals.mute"
"""


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[[bool], PanelBox]]:
    made = []

    def box(momentary: bool) -> PanelBox:
        read = config.parse(SETTINGS.format(momentary=str(momentary).lower()))
        check_params(read, PARAMS)
        made.append(PanelBox(tmp_path, read.panel))
        return made[-1]

    yield box
    for one in made:
        one.close()


def becomes(box: PanelBox, muted: bool) -> bool:
    """Whether Control and the LED both get there."""
    until = time.monotonic() + 5.0
    while time.monotonic() < until:
        led = next(pin.position for pin in box.ports.simulator.pins() if pin.name == "lamp")
        if bool(box.control.value(VOCALS)) == muted and (led > 0.5) == muted:
            return True
        time.sleep(0.01)
    return False


def tread(box: PanelBox, pressed: bool) -> None:
    box.ports.simulator.press("foot", pressed)
    time.sleep(0.05)  # longer than the debouncing


@pytest.mark.parametrize("name", MUSIC)
def test_latching_each_press_changes_over(make: Callable[[bool], PanelBox], name: str) -> None:
    box = make(False)
    box.control.set_params(Presets(places.find().factory_presets, PARAMS).apply(name), "preset")
    muted = bool(box.control.value(VOCALS))
    assert becomes(box, muted)
    for _ in range(2):
        muted = not muted
        tread(box, True)
        tread(box, False)
        assert becomes(box, muted)


def test_momentary_mutes_while_held(make: Callable[[bool], PanelBox]) -> None:
    box = make(True)
    for pressed in (True, False, True, False):
        tread(box, pressed)
        assert becomes(box, pressed)
