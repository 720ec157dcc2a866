"""What is accepted must start: a short run of the fuzz. `make start-fuzz` goes on for an hour."""

import random
from pathlib import Path

import pytest

from tests.rigs.start_fuzz import Fuzz

SEED, COUNT = 20, 25


@pytest.mark.timeout(900)
def test_after_whatever_is_laid_there_or_accepted_the_box_starts_and_every_page_answers(tmp_path: Path) -> None:
    fuzz = Fuzz(tmp_path, random.Random(SEED))
    wrong = [f"seed {SEED}, case {number}: {one}" for number in range(COUNT) for one in fuzz.case(number)]
    assert wrong == []
    assert {what.partition(",")[0] for what in fuzz.told} == {"file", "import", "restore", "request"}
    assert any("accepted" in what for what in fuzz.told)


@pytest.mark.box
@pytest.mark.timeout(300)
def test_a_real_process_starts_on_odd_files_too(tmp_path: Path) -> None:
    assert Fuzz(tmp_path, random.Random(SEED)).process() == []
