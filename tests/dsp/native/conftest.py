"""The part in C, or the reason why there is none."""

import os

import pytest

from dsp import native


@pytest.fixture
def native_part() -> None:
    """Skips where nobody could build it. Where HUSHBOX_NATIVE_REQUIRED is set, that is a failure."""
    if native.in_use():
        return
    if os.environ.get("HUSHBOX_NATIVE_REQUIRED"):
        pytest.fail(native.description())
    pytest.skip(native.description())
