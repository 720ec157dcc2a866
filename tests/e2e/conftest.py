"""A served fake box and a phone to open its page with."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.rigs.phone import Box, Opener, launched


@pytest.fixture
def box() -> Iterator[Box]:
    box = Box()
    yield box
    box.off()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    yield from launched()


@pytest.fixture
def open_page(browser: Any, box: Any) -> Iterator[Opener]:
    """Open the page as a phone does; at the end no page may have had a fault of its own."""
    opener = Opener(browser, lambda: box.number, getattr(box, "session", ""))
    yield opener
    opener.close()
    assert opener.faults == []
