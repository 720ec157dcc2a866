"""What recording costs, long takes and many takes. `python -m bench.takes` runs it and says how."""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import tempfile
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import soundfile

from dsp.block import RATE_HZ
from firmware_app.kept.param_table import PARAMS
from firmware_app.link.take_ring import LaneForm
from firmware_app.takes import take as takes
from firmware_app.takes.library import TakeLibrary
from firmware_app.takes.parts import Parts
from firmware_app.takes.shelf import Shelf
from firmware_app.takes.take import Take
from tests.rigs.take_box import LANES, TakeBox, take_box

STEMS = (*LANES, *(LaneForm(name, 2) for name in ("vocals", "drums", "bass", "other")))


def row(condition: str, lost: str, told: str) -> None:
    """Print one line of the table."""
    print(f"| {condition} | {lost} | {told} |", flush=True)


def long(args: argparse.Namespace) -> None:
    """Eight inputs and what is heard, past what 32 bits count; no real time."""
    lanes = (LaneForm("dry", 8), LaneForm("wet", 2))
    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        begun, seconds = datetime(2026, 5, 4, 20, 0, 0), round(args.hours * 3600)
        parts = Parts(Shelf(Path(name)), begun, Take(begun.isoformat(), "pressed", lanes))
        noise = np.random.default_rng(1).integers(-(2**23), 2**23, (RATE_HZ, 8)) / np.float32(2**23)
        sound = noise.astype(np.float32)
        started = time.monotonic()
        for second in range(seconds):
            sound[0] = second / seconds
            parts.append([sound, sound[:, :2]])
        [part] = parts.close()
        took = time.monotonic() - started
        wrong = 0
        for lane in lanes:
            with soundfile.SoundFile(takes.lane_file(part.folder, lane.name)) as file:
                form = file.format
                assert file.frames == part.take.frames == seconds * RATE_HZ
                for second in [*range(0, seconds, 600), seconds - 1]:
                    file.seek(second * RATE_HZ)
                    sound[0] = second / seconds
                    found = file.read(RATE_HZ, dtype="float32", always_2d=True)
                    wrong += not np.allclose(found, sound[:, : lane.channels], rtol=0, atol=2**-23)
            if lane.channels == 8:
                size, eight = takes.lane_file(part.folder, lane.name).stat().st_size, form
        programs = opened_elsewhere(takes.lane_file(part.folder, "dry"), seconds)
        row(
            f"{args.hours:g} h of 8 + 2 channels: {size / 1e9:.1f} GB, {eight}",
            f"{wrong} seconds of those looked at differ; gaps: {len(part.take.gaps)}",
            f"{seconds / took:.0f} times as fast as real time; {programs}",
        )


def opened_elsewhere(path: Path, seconds: int) -> str:
    """What other programs make of the length."""
    said = []
    for program, command in (
        ("ffprobe", ["ffprobe", "-v", "error", "-show_entries", "stream=duration", "-of", "csv=p=0"]),
        ("soxi", ["soxi", "-D"]),
    ):
        if shutil.which(command[0]):
            told = subprocess.run([*command, str(path)], capture_output=True, text=True).stdout.strip()
            said.append(f"{program} {'agrees' if float(told or 0) == seconds else f'says {told!r}'}")
    return ", ".join(said)


def cost(args: argparse.Namespace) -> None:
    """By turns, so that what else the machine does weighs on both alike."""
    with tempfile.TemporaryDirectory() as disk, take_box(Path(disk), lanes=STEMS) as box:
        wants = {
            "nothing": [],
            "dry": ["dry"],
            "dry and wet": ["dry", "wet"],
            "dry, wet and four stems": list_of(STEMS),
        }
        shares: dict[str, list[float]] = {what: [] for what in wants}
        memory: dict[str, float] = {}
        for _ in range(args.rounds):
            for what, lanes in wants.items():
                if lanes:
                    box.control.ask("record", lanes=lanes)
                    box.until(lambda: box.told is not None and box.told.recording)
                shares[what].append(share(box, args.seconds))
                memory[what] = megabytes(box)
                if lanes:
                    done = len(box.done)
                    box.control.ask("stop")
                    box.until(lambda: len(box.done) > done)  # noqa: B023
        base = float(np.median(shares["nothing"]))
        for what, found in shares.items():
            middle = float(np.median(found))
            more = f"{middle:.2f} % of a core, {middle - base:+.2f}"
            row(f"recording {what}, the last minutes kept", more, f"{memory[what]:.0f} MB in memory")


def list_of(lanes: tuple[LaneForm, ...]) -> list[str]:
    return [lane.name for lane in lanes]


def share(box: TakeBox, seconds: float) -> float:
    """Percent of a core over so long."""
    assert box.process is not None
    before = used_s(box.process.pid)
    time.sleep(seconds)
    return 100.0 * (used_s(box.process.pid) - before) / seconds


def used_s(pid: int) -> float:
    """User and system time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100.0


def megabytes(box: TakeBox) -> float:
    """What it has of its own, without what it shares."""
    assert box.process is not None
    lines = Path(f"/proc/{box.process.pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1e3


def many(args: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        root, rng = Path(name), random.Random(args.seed)
        for number in range(500):
            begun = datetime(2026, 5, 4) + timedelta(minutes=7 * number)
            take = Take(
                begun.isoformat(timespec="milliseconds"), "pressed", LANES, takes.WHOLE, 4_800_000,
                params={id: spec.default for id, spec in PARAMS.items()},
                changes=tuple((rng.randrange(4_800_000), rng.choice(list(PARAMS)), 1.0) for _ in range(200)),
            )  # fmt: skip
            folder = takes.new_folder(root, begun)
            takes.save(folder, replace(take, marks=((48_000, "Chorus"),)))
            for lane in LANES:
                takes.lane_file(folder, lane.name).write_bytes(bytes(1000))
        library: TakeLibrary | None = None
        for what in ("the first time of all", "after a start", "again"):
            library = library if library is not None and what == "again" else TakeLibrary(root)
            wall, processor = time.monotonic(), time.process_time()
            assert len(library.listed()) == 500
            took = f"{time.monotonic() - wall:.3f} s, of them {time.process_time() - processor:.3f} s on the processor"
            row(f"500 takes listed {what}", took, "")
