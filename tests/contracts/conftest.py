"""Every test of a port runs twice: over the fake box, and over a real one without an audio process."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from firmware_app.config.panel_keys import PanelConfig
from firmware_app.link.listen_ring import ListenRing
from firmware_app.page.pairing import RealPairing
from tests.rigs.panel_box import PanelParts, first_code_of, ports_of
from web_ui.fakes.box import fake_box
from web_ui.fakes.pairing import FIRST_CODE
from web_ui.ports.box import Box
from web_ui.ports.pairing import NOBODY


@pytest.fixture(params=["fake", "real"])
def box(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Box]:
    if request.param == "fake":
        yield fake_box(everybody=NOBODY)
        return
    parts = PanelParts(tmp_path, PanelConfig(pins="mock", midi=False))
    ring = ListenRing(tmp_path / "listen", 1, 128)
    for which in (0, 1):  # as if an audio process had played something
        ring.write(which, np.zeros((48_000, 1), np.float32))
    yield ports_of(tmp_path, parts.control, parts.setup)
    parts.close()


def first_code(box: Box) -> str:
    """The code that makes a phone the owner of a box as it comes."""
    return first_code_of(box) if isinstance(box.pairing, RealPairing) else FIRST_CODE


def hold_switch(box: Box) -> None:
    """Hold a footswitch of this box."""
    if isinstance(box.pairing, RealPairing):
        box.pairing._box.presence.hold()
    else:
        box.pairing.hold_switch()
