"""Every test of a port runs twice: over the fake box, and over a real one without an audio process."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from firmware_app.config.panel_keys import PanelConfig
from firmware_app.link.listen_ring import ListenRing
from tests.rigs.panel_box import PanelParts, ports_of
from web_ui.fakes.box import fake_box
from web_ui.ports.box import Box


@pytest.fixture(params=["fake", "real"])
def box(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Box]:
    if request.param == "fake":
        yield fake_box()
        return
    parts = PanelParts(tmp_path, PanelConfig(pins="mock", midi=False))
    ring = ListenRing(tmp_path / "listen", 1, 128)
    for which in (0, 1):  # as if an audio process had played something
        ring.write(which, np.zeros((48_000, 1), np.float32))
    yield ports_of(tmp_path, parts.control, parts.setup)
    parts.close()
