"""Is what was muted still muted when everything is killed at once, or the power is cut, and the box starts again?

    python -m tests.rigs.mutes [--rounds 30] [--full-disk] [--seed N]

Each round: a mute that is answered, kill -9 of all processes at once, a new start, and what the page says then.
"Booted": with the runtime folder gone. Prints figures; exit status 1 when one came back unmuted.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import secrets
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import psutil

from tests.rigs.hardships import PATIENCE_S, small_disk
from tests.rigs.running_box import RunningBox

CONFIG = '[audio]\ndevice = "demo"\n[model]\nbundle = "denoise-light"\n[panel]\npins = "mock"\nmidi = false\n'
MUTES = ("box.mute", "stems.vocals.mute", "stems.drums.solo")


def kill_all(box: RunningBox) -> None:
    """kill -9 of the supervisor and both processes, with nothing in between."""
    supervisor = psutil.Process(box.pid)
    victims = [*supervisor.children(recursive=True), supervisor]  # its end would be a SIGTERM for its children
    pids = [victim.pid for victim in victims]
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    psutil.wait_procs(victims, timeout=PATIENCE_S)
    assert box._process is not None
    box._process.wait()
    box._reader.join(5)
    if box._process.stdout is not None:
        box._process.stdout.close()


def start_again(box: RunningBox, *, booted: bool) -> None:
    """The same box again; booted: after a boot, so what was in memory is gone."""
    if booted:
        shutil.rmtree(box.runtime, ignore_errors=True)
        box.runtime.mkdir(mode=0o700)
    box.url, box._token = "", ""
    box.__enter__()


def killed_after_mute(rounds: int, seed: int) -> dict[str, object]:
    """Mute, answered; killed; started again. Every mute in turn, every second round as after a boot."""
    chance = random.Random(seed)
    lost: list[str] = []
    done = 0
    with tempfile.TemporaryDirectory(prefix="hushbox-mutes-") as name, RunningBox(Path(name), CONFIG) as box:
        for number in range(rounds):
            param, booted = MUTES[number % len(MUTES)], bool(number % 2)
            box.set(param, 1.0)
            if chance.random() < 0.3:
                time.sleep(chance.uniform(0.0, 0.02))
            kill_all(box)
            start_again(box, booted=booted)
            if not is_silent(box, param):
                lost.append(f"{param}{' booted' if booted else ''}")
            done += 1
            for switch in ("box.mute", *MUTES, "stems.vocals.mute", "stems.bass.mute", "stems.other.mute"):
                box.set(switch, 0.0)
            time.sleep(0.7)  # and that is on disk too
    return {"rounds": done, "lost": len(lost), "which": lost, "seed": seed}


def is_silent(box: RunningBox, param: str) -> bool:
    """What was muted is silent: by its own switch, the others' where it was a solo, or because everything is."""
    others = [f"stems.{stem}.mute" for stem in ("vocals", "bass", "other")]
    by_mutes = param == "stems.drums.solo" and all(box.value(other) for other in others)
    return bool(box.value(param) or box.value("box.mute") or by_mutes)


def full_disk(booted: bool) -> dict[str, object]:
    """The state folder fills up; mute, killed, started again; then a setting that cannot be kept, killed, started."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hushbox-mutes-")))
        stack.enter_context(small_disk(folder / "state"))
        box = stack.enter_context(RunningBox(folder, CONFIG))
        box.set("denoise.amount_db", 13.0)
        time.sleep(1.5)
        fill(box.state)
        answer = box.send("PUT", "params/box.mute", {"value": 1.0})
        kill_all(box)
        start_again(box, booted=booted)
        muted = bool(box.value("box.mute"))
        box.set("box.mute", 0.0)
        box.set("denoise.amount_db", 7.0)
        box.wait_for(lambda: any("kept in memory only" in line for line in box.log), "the warning", PATIENCE_S)
        kill_all(box)
        before = len(box.log)
        start_again(box, booted=booted)
        unsure = bool(box.value("box.mute"))
        said = [box.get("status")["message"], *(line.strip() for line in box.log[before:] if "muted" in line)]
        box.set("denoise.amount_db", 5.0)
        time.sleep(1.5)
        (box.state / "filler").unlink()
        mended = True
        try:
            box.wait_for(lambda: saved(box).get("denoise.amount_db") == 5.0, "the setting on disk", 40)
        except AssertionError:
            mended = False
        fill(box.state)
        box.set("denoise.amount_db", 4.0)
        stop_s = box.stop()
        told = [line.strip() for line in box.log if "lost at the end" in line]
    return {
        "booted": booted, "answer": answer, "muted": muted, "muted after a save that failed": unsure, "said": said,
        "saved by itself once there was room": mended, "stopped in s": round(stop_s, 2), "told at the end": told,
    }  # fmt: skip


def saved(box: RunningBox) -> dict[str, float]:
    """The settings on disk; empty while there are none."""
    try:
        return dict(json.loads((box.state / "state.json").read_bytes())["params"])
    except (OSError, ValueError, KeyError):
        return {}


def fill(folder: Path) -> None:
    """To the last byte."""
    with contextlib.suppress(OSError), (folder / "filler").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="tests.rigs.mutes", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--full-disk", action="store_true", help="on a small disk that is full; needs root")
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args(argv)
    if options.full_disk:
        cases = [full_disk(booted) for booted in (False, True)]
        print("\n".join(json.dumps(case) for case in cases))
        return int(not all(case["muted"] and case["muted after a save that failed"] for case in cases))
    seed = options.seed if options.seed is not None else secrets.randbelow(10**6)
    figures = killed_after_mute(options.rounds, seed)
    print(json.dumps(figures))
    return int(bool(figures["lost"]))


if __name__ == "__main__":
    sys.exit(main())
