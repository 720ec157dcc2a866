"""Turns the counts into a table: the time that a block would take on each board.

`python -m bench.board_counts.table cortex-a72.json cortex-a72.txt …`, as run.sh leaves them.

This is a model, not a measurement. cycles = instructions / ipc + lines from L2 x l2_cycles + lines from memory x
memory_cycles. l2_cycles and memory_cycles are what prefetching and out-of-order execution do not hide. Each board has
an optimistic and a pessimistic set of figures; the truth is expected between them. The counts of cortex-a72 are for the
Pi 4; those of cortex-a76, which has dot products, are for the Pi 5 and the Orin Nano.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

RATE_HZ = 48_000
LINE_KB = 64 / 1024


@dataclass(frozen=True)
class Core:
    """The speed of a core. ghz: its sustained clock. l2_cycles, memory_cycles: the cost of a cache line."""

    name: str
    cpu: str
    ghz: float
    ipc: float
    l2_cycles: float
    memory_cycles: float


# Clocks are the makers'. ipc: of Python and NEON code on such cores. memory_cycles: a line of 64 bytes at the rate at
# which one core reads a stream: 4 and 2 GB/s (Pi 4), 8 and 4 (Pi 5), 10 and 4 (Orin Nano). l2_cycles: 15 to 20, mostly
# hidden.
BOARDS = {
    "Raspberry Pi 4": (Core("hopeful", "cortex-a72", 1.8, 1.5, 3, 29), Core("careful", "cortex-a72", 1.5, 0.9, 8, 48)),
    "Raspberry Pi 5": (Core("hopeful", "cortex-a76", 2.4, 2.6, 3, 19), Core("careful", "cortex-a76", 2.4, 1.6, 6, 38)),
    "Jetson Orin Nano": (
        Core("hopeful", "cortex-a76", 1.7, 2.8, 3, 11),
        Core("careful", "cortex-a76", 1.5, 1.7, 6, 24),
    ),
}


@dataclass(frozen=True)
class Counts:
    """The counts of one chain at one period. A row for each block: instructions, loads, stores, L1 misses, L2 misses,
    write-backs.
    """

    chain: str
    period_frames: int
    blocks: np.ndarray

    @property
    def network(self) -> bool:
        """Whether it is a network alone, no chain; its hop stands for the period."""
        return self.chain.startswith("network of ")


def read(played: Path, counters: Path) -> list[Counts]:
    """Pair what play.py printed with what the plug-in wrote: a mark before each block, and one after the last."""
    marks = np.loadtxt(counters, ndmin=2)
    found, at = [], 0
    for line in played.read_text().splitlines():
        row = json.loads(line)
        taken = marks[at : at + row["blocks"] + 1]
        found.append(Counts(row["chain"], row["period_frames"], np.diff(taken, axis=0)))
        at += row["blocks"] + 1
    return found


def microseconds(blocks: np.ndarray, core: Core) -> np.ndarray:
    """What each block takes on `core`."""
    instructions, _, _, l1, l2, back = blocks.T
    cycles = instructions / core.ipc + (l1 - l2) * core.l2_cycles + (l2 + back) * core.memory_cycles
    taken: np.ndarray = cycles / core.ghz / 1000
    return taken


def counted(runs: dict[str, list[Counts]]) -> Iterator[str]:
    """The lines of the table of counts: instructions for each CPU; the rest, which hardly differs, for the first."""
    titles = ["chain", "period", *(f"{cpu}: p99, mean" for cpu in runs), "MB loaded and stored", "KB from L2"]
    yield f"| {' | '.join(titles)} | KB from and to memory |"
    yield "| --- " * (len(titles) + 1) + "|"
    for same in zip(*runs.values(), strict=True):
        _, loads, stores, l1, l2, back = same[0].blocks.mean(axis=0)
        executed = [row.blocks[:, 0] / 1e6 for row in same]
        cells = [
            same[0].chain,
            str(same[0].period_frames),
            *(f"{_p99(each):.2f}, {each.mean():.2f}" for each in executed),
            f"{(loads + stores) * 8 / 1e6:.1f}",
            f"{l1 * LINE_KB:.0f}",
            f"{(l2 + back) * LINE_KB:.0f}",
        ]
        yield f"| {' | '.join(cells)} |"


def estimated(runs: dict[str, list[Counts]]) -> Iterator[str]:
    """The lines of the table of shares of a period: p99 of all blocks, and their mean."""
    runs = {cpu: [row for row in rows if not row.network] for cpu, rows in runs.items()}
    periods = sorted({row.period_frames for rows in runs.values() for row in rows})
    yield f"| board | chain | {' | '.join(map(str, periods))} |"
    yield "| --- " * (2 + len(periods)) + "|"
    for board, cores in BOARDS.items():
        rows = runs.get(cores[0].cpu, [])
        for chain in dict.fromkeys(row.chain for row in rows):
            cells = []
            for row in (row for row in rows if row.chain == chain):
                shares = [microseconds(row.blocks, core) / (row.period_frames / RATE_HZ * 1e6) for core in cores]
                p99, mean = ([f"{of(share):.0%}" for share in shares] for of in (_p99, np.mean))
                cells.append(f"{' to '.join(p99)}; mean {' to '.join(mean)}")
            yield f"| {board} | {chain} | {' | '.join(cells)} |"


def _p99(values: np.ndarray) -> float:
    return float(np.percentile(values, 99))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path, help="for each CPU: CPU.json CPU.txt")
    files = parser.parse_args().files
    runs = {played.stem: read(played, counters) for played, counters in zip(files[::2], files[1::2], strict=True)}
    print("\n".join([*counted(runs), "", *estimated(runs)]))


if __name__ == "__main__":
    main()
