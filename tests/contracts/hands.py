"""What the contract tests do with a box: press its footswitch, wait, look something up."""

import time
from collections.abc import Callable

from web_ui.ports.box import Box


def value_of(box: Box, id: str) -> float:
    """The value in force of a parameter."""
    return next(view.value for view in box.live.params() if view.id == id)


def mapped(box: Box) -> dict[str, str]:
    """What each gesture does, by "footswitch press"."""
    return {m.key: m.does for m in box.panel.setup().mappings if not m.off}


def tap(box: Box, name: str) -> None:
    """Press a switch for as long as a foot does: a press shorter than the debounce time is none."""
    box.simulator.press(name, True)
    time.sleep(0.05)
    box.simulator.press(name, False)


def wait_for(box: Box, true: Callable[[], bool]) -> None:
    """Until something is true, at most 10 s."""
    until = time.monotonic() + 10.0
    while not true():
        assert time.monotonic() < until, box.panel.learning()
        time.sleep(0.01)
