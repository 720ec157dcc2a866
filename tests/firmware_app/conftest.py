"""Fixtures of the application's tests: a panel without a page."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from firmware_app.config.panel_keys import PanelConfig
from tests.rigs.panel_hands import BASE, PanelHands


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., PanelHands]]:
    """Start a panel: make(config=BASE). All of one test share a state folder."""
    boxes: list[PanelHands] = []

    def made(config: PanelConfig = BASE) -> PanelHands:
        boxes.append(PanelHands(tmp_path, config))
        return boxes[-1]

    yield made
    for box in boxes:
        box.close()


@pytest.fixture
def box(make: Callable[..., PanelHands]) -> PanelHands:
    return make()
