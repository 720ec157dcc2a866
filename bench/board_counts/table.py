"""Turns the counts into a table: the time that a block would take on each board.

`python -m bench.board_counts.table cortex-a72.json cortex-a72.txt …`, as run.sh leaves them.

This is a model, not a measurement. cycles = instructions / ipc + lines from L2 x l2_cycles + lines from memory x
memory_cycles. l2_cycles and memory_cycles are what prefetching and out-of-order execution do not hide. Each board has
an optimistic and a pessimistic set of figures; the truth is expected between them. The counts of cortex-a72 are for the
Pi 4; those of cortex-a76, which has dot products, are for the Pi 5 and the Orin Nano.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

RATE_HZ = 48_000


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
    hop_frames: int
    blocks: np.ndarray

    @property
    def worst(self) -> np.ndarray:
        """The mean of the blocks in which the model runs: all, or one in several where the period is below the hop."""
        order = np.argsort(self.blocks[:, 0])
        with_model = len(order) * min(1.0, self.period_frames / self.hop_frames)
        worst: np.ndarray = self.blocks[order[-max(1, round(with_model)) :]].mean(axis=0)
        return worst


def read(played: Path, counters: Path) -> list[Counts]:
    """Pair what play.py printed with what the plug-in wrote: a mark before each block, and one after the last."""
    marks = np.loadtxt(counters, ndmin=2)
    found, at = [], 0
    for line in played.read_text().splitlines():
        row = json.loads(line)
        taken = marks[at : at + row["blocks"] + 1]
        found.append(Counts(row["chain"], row["period_frames"], row["hop_frames"], np.diff(taken, axis=0)))
        at += row["blocks"] + 1
    return found


def microseconds(counts: np.ndarray, core: Core) -> float:
    instructions, _, _, l1, l2, back = counts
    cycles = instructions / core.ipc + (l1 - l2) * core.l2_cycles + (l2 + back) * core.memory_cycles
    return float(cycles / core.ghz / 1000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path, help="for each CPU: CPU.json CPU.txt")
    files = parser.parse_args().files
    runs = {played.stem: read(played, counters) for played, counters in zip(files[::2], files[1::2], strict=True)}
    print("| CPU | chain | period | M instructions | MB loaded and stored | KB from L2 | KB from and to memory |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for cpu, rows in runs.items():
        for row in rows:
            n, loads, stores, l1, l2, back = row.worst
            print(
                f"| {cpu} | {row.chain} | {row.period_frames} | {n / 1e6:.2f} | {(loads + stores) * 8 / 1e6:.1f} "
                f"| {l1 * 64 / 1024:.0f} | {(l2 + back) * 64 / 1024:.0f} |"
            )
    print("\n| board | chain | 64 | 128 | 256 |")
    print("| --- | --- | --- | --- | --- |")
    for board, cores in BOARDS.items():
        rows = runs.get(cores[0].cpu, [])
        for chain in dict.fromkeys(row.chain for row in rows):
            cells = []
            for row in (row for row in rows if row.chain == chain):
                deadline_us = row.period_frames / RATE_HZ * 1e6
                low, high = (microseconds(row.worst, core) / deadline_us for core in cores)
                cell = f"{low:.0%} to {high:.0%}"
                if row.period_frames < row.hop_frames:
                    low, high = (microseconds(row.blocks.mean(axis=0), core) / deadline_us for core in cores)
                    cell += f"; mean {low:.0%} to {high:.0%}"
                cells.append(cell)
            print(f"| {board} | {chain} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
