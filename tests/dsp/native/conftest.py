"""The part in C, or the reason why there is none."""

import os
from collections.abc import Iterator

import pytest

from dsp import native


@pytest.fixture
def native_part() -> Iterator[None]:
    """Switched on, whatever HUSHBOX_NATIVE says. Skips where it is missing; HUSHBOX_NATIVE_REQUIRED fails instead."""
    with native.switched(True):
        if not native.in_use():
            (pytest.fail if os.environ.get("HUSHBOX_NATIVE_REQUIRED") else pytest.skip)(native.description())
        yield
