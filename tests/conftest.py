"""Fixtures for all tests: the virtual USB interface."""

import gc
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

# The rigs are imported by tests of several rooms; pytest's importlib mode leaves sys.path alone.
sys.path.insert(0, str(Path(__file__).parent.parent))

from firmware_app.running.realtime import BLAS_ENV

# As in the audio process, before numpy is imported: BLAS's threads spin while they wait for a core that others have.
os.environ.update(BLAS_ENV)

from dsp import native
from tests.rigs.virtual_usb.rig import VirtualUsb

MakeUsb = Callable[..., VirtualUsb]


def pytest_collection_finish() -> None:
    """The panel collects garbage at each start: let it not go through thousands of tests each time."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def make_usb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeUsb:
    """Make a virtual USB interface that this process and its children see: make_usb(rates=96000, capture=...)."""

    def make(**options: Any) -> VirtualUsb:
        rig = VirtualUsb(tmp_path, **options)
        for key, value in rig.env.items():
            monkeypatch.setenv(key, value)
        return rig

    return make


@pytest.fixture
def usb(make_usb: MakeUsb) -> Iterator[VirtualUsb]:
    """A 2-in 2-out interface at 48 kHz, silent on its inputs, plugged in."""
    return make_usb()


@pytest.fixture(autouse=True)
def denormals_as_python_has_them() -> Iterator[None]:
    """An audio process that runs in a test's own thread flushes them; the next test must not notice."""
    yield
    native.flush_denormals(False)
