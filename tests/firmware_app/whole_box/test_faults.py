"""A few faults on the running box; `make faults` inflicts all of them in every state, and hundreds at random."""

import random
from collections.abc import Iterator

import pytest

from tests.rigs.faults import FAULTS, FaultBox, inflict

pytestmark = [pytest.mark.rig, pytest.mark.box]


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultBox]:
    made = FaultBox(tmp_path_factory.mktemp("faults"))
    with made.box:
        made.check()
        yield made


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        ("xrun of playback", "switching"),
        ("unplug SILENT", "muting"),
        ("busy", "playing"),
        ("rate change", "playing"),
        ("model not a number", "muting"),
    ],
)
def test_after_a_fault_all_is_as_it_was(rig: FaultBox, fault: str, state: str) -> None:
    inflict(rig, fault, state, random.Random(3))


@pytest.mark.e2e
@pytest.mark.timeout(600)
@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_while_a_stem_is_muted(rig: FaultBox, fault: str) -> None:
    inflict(rig, fault, "muting", random.Random(4))
