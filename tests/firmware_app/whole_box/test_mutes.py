"""Whole boxes that are muted, killed at once and started again; tests/rigs/mutes.py does it at length."""

import os

import pytest

from tests.rigs import mutes


@pytest.mark.rig
@pytest.mark.box
@pytest.mark.timeout(400)
def test_what_was_muted_comes_back_muted() -> None:
    figures = mutes.killed_after_mute(rounds=2, seed=5)
    assert figures["lost"] == 0, figures


@pytest.mark.rig
@pytest.mark.box
@pytest.mark.timeout(400)
def test_with_a_full_disk_it_starts_muted_and_says_so() -> None:
    if os.getuid() != 0:
        pytest.skip("only root can mount a small disk")
    figures = mutes.full_disk(booted=True)
    assert figures["answer"] == {"id": "box.mute", "value": 1.0, "problem": ""}
    assert figures["muted"]
    assert figures["muted after a save that failed"]
    said = figures["said"]
    assert isinstance(said, list)
    assert "The box started muted" in said[0]  # on the page
    assert "kept in memory only" in said[0]
    assert figures["saved by itself once there was room"]
    assert figures["told at the end"]
