"""Every test of a port runs twice: over the fake box, and over a real one without an audio process."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from dsp.inference.bundle import Bundle
from firmware_app.config import places
from firmware_app.config.keys import Config
from firmware_app.config.panel_keys import PanelConfig
from firmware_app.link.listen_ring import ListenRing
from tests.rigs.panel_box import PanelParts, ports_of
from web_ui.fakes.box import fake_box
from web_ui.ports.box import Box


@cache
def bundles() -> dict[str, Bundle | None]:
    """The models that a new box runs; read once."""
    model = Config().model
    return {sound: Bundle.load(places.find().bundle(name)) for sound, name in
            (("voice", model.bundle), ("music", model.stems_bundle))}  # fmt: skip


@pytest.fixture(params=["fake", "real"])
def box(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Box]:
    if request.param == "fake":
        yield fake_box()
        return
    parts = PanelParts(tmp_path, PanelConfig(pins="mock", midi=False))
    ring = ListenRing(tmp_path / "listen", 1, 128)
    for which in (0, 1):  # as if an audio process had played something
        ring.write(which, np.zeros((48_000, 1), np.float32))
    yield ports_of(tmp_path, parts.control, parts.setup, bundles())
    parts.close()
