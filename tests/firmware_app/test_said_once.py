"""What comes again and again is in the log once a minute."""

import logging

import pytest

from firmware_app.said_once import AGAIN_S, MOST_TEXTS, SaidOnce


def test_the_same_is_said_once_a_minute_with_how_often_it_came(caplog: pytest.LogCaptureFixture) -> None:
    now = [100.0]
    said = SaidOnce(logging.getLogger("test"), lambda: now[0])
    with caplog.at_level("INFO"):
        for _ in range(50):
            said.warn("the plug is loose")
            now[0] += 1.0
        now[0] += AGAIN_S
        said.warn("the plug is loose")
        said.note("back after 3.0 s", "back")
        said.note("back after 4.0 s", "back")
    assert caplog.messages == [
        "the plug is loose",
        "the plug is loose (and 49 times more before that)",
        "back after 3.0 s",
    ]


def test_it_does_not_remember_for_ever() -> None:
    said = SaidOnce(logging.getLogger("test"))
    for number in range(1000):
        said.warn(f"trouble {number}")
    assert len(said._said) == MOST_TEXTS
