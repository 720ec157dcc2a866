"""While sound runs nothing is imported: that opens files, and some of numpy's functions import at their first use."""

import subprocess
import sys

import pytest

from tests.rigs.checkout import MODELS, ROOT

SCRIPT = """
import sys
import numpy as np
from dsp.rack.build import build_chain
from hw.audio.clocks.rate_watch import RateWatch

PERIOD = 128
chain, watch = build_chain(sys.argv[1]), RateWatch(48_000, PERIOD)
chain.prepare(48_000, PERIOD, 2)
for _ in range(32):  # as the audio process warms up
    chain.process(np.zeros((PERIOD, 2), np.float32))
before = set(sys.modules)
at = np.arange(8 * 48_000)[:, None] / 48_000
hum = sum(np.sin(2 * np.pi * 50.1 * n * at) for n in range(1, 8)) * (at < 4.0)
sound = (0.05 * hum + 0.8 * np.sin(2 * np.pi * 3 * at) * (at > 5.0) + 0.01 * np.sin(9e4 * at * at)).astype(np.float32)
for number, start in enumerate(range(0, len(sound), PERIOD)):
    if number in (700, 900):
        for id, spec in chain.params.items():
            chain.set_param(id, spec.low if number == 700 else spec.high)
    chain.process(np.repeat(sound[start : start + PERIOD], 2, axis=1))
    watch.block(number * PERIOD / 48_000)
print(*sorted(set(sys.modules) - before))
"""


@pytest.mark.parametrize("bundle", ["denoise-live", "denoise-instant", "stems-light"])
def test_nothing_is_imported_after_the_warm_up(bundle: str) -> None:
    command = [sys.executable, "-c", SCRIPT, str(MODELS / bundle)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
