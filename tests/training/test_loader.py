"""Batches come from processes; whoever holds one may keep it, and everything is given back at the end."""

import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="training runs in its own environment, see training/requirements.txt")

from tests.rigs.checkout import ROOT
from training.data.loader import Loader

PROGRAM = """
import sys
from pathlib import Path

def work(rank, cache):
    from training.data.loader import Loader  # here, or the loader's own processes would import torch too
    loader = Loader(Path(cache), 2, seed=rank)
    batch = next(iter(loader))
    loader.close()
    assert batch.parts["features"].any()

if __name__ == "__main__":
    from training import together
    together.run(int(sys.argv[2]), work, sys.argv[1])
    print("over")
"""


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("processes", [1, 2])
def test_a_run_that_still_holds_a_batch_ends_without_a_complaint(processes: int, cache: Path, tmp_path: Path) -> None:
    program = tmp_path / "run.py"
    program.write_text(PROGRAM)
    run = subprocess.run(
        [sys.executable, program, cache, str(processes)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout == "over\n", run.stderr
    assert "Error" not in run.stderr, run.stderr
    assert "leaked" not in run.stderr, run.stderr


@pytest.mark.timeout(1800)
def test_a_batch_stays_what_it_was_and_a_dead_worker_is_named(cache: Path) -> None:
    loader = Loader(cache, 2, slots=1)
    try:
        batches = iter(loader)
        first = next(batches)
        kept = first.parts["features"].copy()
        second = next(batches)
        assert np.array_equal(first.parts["features"], kept)
        assert not np.array_equal(second.parts["features"], kept)
        loader._workers[0].terminate()
        loader._workers[0].join()
        with pytest.raises(RuntimeError, match=loader._workers[0].name):
            list(islice(batches, 3))
    finally:
        loader.close()
