"""Building the C++ kernels: one process at a time, and one that was stopped is not waited for."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="training runs in its own environment, see training/requirements.txt")

from tests.rigs.checkout import ROOT
from training.scan import alone_in

STOPPED = """
import os, sys
from pathlib import Path
from training.scan import alone_in
with alone_in(Path(sys.argv[1])):
    Path(sys.argv[1], "lock").touch()  # as torch does while it builds
    print("building", flush=True)
    input()
"""


@pytest.mark.timeout(1800)
def test_a_build_that_was_killed_is_not_waited_for(tmp_path: Path) -> None:
    build = tmp_path / "build"
    command = [sys.executable, "-c", STOPPED, build]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as builder:
        assert builder.stdout is not None
        assert builder.stdout.readline() == b"building\n"
        assert (build / "lock").exists()
        builder.kill()
    with alone_in(build):
        assert not (build / "lock").exists()
