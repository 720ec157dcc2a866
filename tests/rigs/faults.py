"""Every fault in every state of a real box on the virtual interface, and whatever a person must find after it.

    python -m tests.rigs.faults [--matrix] [--count 200] [--seed N] [--only "unplug EIO"]

After each fault: sound is back, as late as before, no process is stuck, no setting lost, and what was muted was silent
from the press to the end. The seed of the random ones is printed first.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil

from firmware_app.link.shared_state import Heartbeat
from firmware_app.running import crash_loop
from tests.rigs.running_box import RunningBox
from tests.rigs.tiny_bundle import tiny_models, write_bundle
from tests.rigs.virtual_usb.rig import Unplug, VirtualUsb

SECOND = 48_000
LOOP_S = 20
PERIOD, PERIODS = 128, 4
VOICE, MUSIC = 0, 1
STEMS = ("vocals", "drums", "bass", "other")
PATIENCE_S = 40.0  # of this rig, on a machine that does much else
LATER_FRAMES = 64  # capture and playback start microseconds apart, each time anew
SOONER_FRAMES = 2 * PERIOD  # a start that is held up at each of its tries leaves the round trip shorter by as much
STATES = ("playing", "starting", "switching", "muting")


class FaultBox:
    """A running box with a noise at its inputs, and all that can be done to it."""

    def __init__(self, folder: Path) -> None:
        self.noise = np.random.default_rng(9).integers(-(2**20), 2**20, (LOOP_S * SECOND, 2)).astype(np.int32) << 8
        self._first = {int(value): k for k, value in enumerate(self.noise[:, 0])}
        self.usb = VirtualUsb(folder, capture=self.noise, loop=True, patient=True)
        self._fault_file = folder / "model-fault"
        self._fault_file.write_bytes(b"\0")
        bundles = {
            kind: write_bundle(folder / f"tiny-{kind}", tiny_models(kind), kind) for kind in ("denoise", "stems")
        }
        config = (
            f'[audio]\ndevice = "{self.usb.device}"\nperiod_frames = {PERIOD}\nperiods = {PERIODS}\n'
            f'input_channels = [1, 2]\n[model]\nbundle = "{bundles["denoise"]}"\nstems_bundle = "{bundles["stems"]}"\n'
            '[panel]\npins = "mock"\n'
        )
        env = {
            **self.usb.env,
            "HUSHBOX_MODEL_FAULT": str(self._fault_file),
            "PYTHONPATH": os.pathsep.join(
                [str(Path(__file__).parent / "faulty_model"), str(Path(__file__).parents[2])]
            ),
        }
        self.box = RunningBox(folder / "box", config, env)
        self.wanted: dict[str, float] = {}
        self.muted_from: int | None = None
        self.back_s: list[float] = []  # from the plug to sound

    # --- what a person does ---

    def set(self, param: str, value: float) -> None:
        self.box.set(param, value)
        self.wanted[param] = value

    def mute_all_stems(self) -> None:
        for stem in STEMS:
            self.set(f"stems.{stem}.mute", 1)

    def played(self) -> int:
        return int(self.usb.counters["playback"]["last_frame"])

    # --- faults; each leaves the world as it was ---

    def unplug(self, how: Unplug) -> None:
        self.usb.unplug(how)
        time.sleep(0.8)
        self.usb.replug()
        begun, starts = time.monotonic(), self.usb.counters["playback"]["starts"]
        self._until(lambda: self.usb.counters["playback"]["starts"] > starts, "sound after the plug")
        self.back_s.append(time.monotonic() - begun)

    def hang(self) -> None:
        self.usb.hang()
        time.sleep(2.5)
        self.usb.resume()

    def jam(self) -> None:
        """No call returns: only the supervisor can help."""
        self.usb.jam()
        time.sleep(7.0)
        self.usb.jam(False)

    def busy(self) -> None:
        """Another program takes the device while it is away."""
        self.usb.unplug()
        self.box.wait_status(lambda s: s["state"] != "running", "notice of the unplugging", PATIENCE_S)
        with (self.usb.folder / "capture.lock").open("w") as lock:
            self._until(lambda: _locked(lock.fileno()), "the device let go")
            self.usb.replug()
            self.box.wait_status(lambda s: "in use" in s["message"], "word of the other program", PATIENCE_S)

    def rate(self) -> None:
        """Another program switches the clock, without a word, and later back, with a dropout."""
        self.usb.set_rates(44_100)
        self.usb.skew((44_100 / SECOND - 1) * 1e6)
        self.box.wait_status(lambda s: s["rate_hz"] == 44_100, "44.1 kHz", PATIENCE_S)
        self.usb.set_rates(SECOND)
        self.usb.skew(0)
        self.usb.unplug(Unplug.EPIPE)
        self.usb.replug()

    def skew(self) -> None:
        self.usb.skew(3000)
        time.sleep(1.5)
        self.usb.skew(0)

    def model(self, kind: int) -> None:
        before = self.box.get("status")
        self._spoil(kind)
        try:
            if before["audio_alive"]:
                self.box.wait_status(
                    lambda s: s["dry_hops"] != before["dry_hops"] or s["uptime_s"] < before["uptime_s"],
                    "dry hops that are counted",
                    PATIENCE_S,
                )
            time.sleep(1.5)
        finally:
            self._spoil(0)

    def _spoil(self, kind: int) -> None:
        with self._fault_file.open("r+b") as file:  # in place: the models look at this very file
            file.write(bytes([kind]))

    def kill(self, command: str) -> None:
        if command == "control":
            self.box.url = self.box._token = ""
        old = self._child(command)
        old.kill()
        self._until(lambda: self._child(command).pid != old.pid, f"a new {command} process")
        if command == "control":
            self._until(lambda: bool(self.box.url), "the page again")

    def stop_for(self, command: str, seconds: float) -> None:
        child = self._child(command)
        child.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        if child.is_running():
            child.send_signal(signal.SIGCONT)

    # --- what must be true afterwards ---

    def check(self) -> None:
        """Raises AssertionError for whatever is not as it was."""
        box = self.box
        status = box.wait_status(
            lambda s: s["audio_alive"] and s["state"] == "running" and s["rate_hz"] == SECOND and not s["message"],
            "sound without a complaint",
            PATIENCE_S,
        )
        assert status["device"] == self.usb.device, status["device"]
        self._processes_are_well()
        kept = {param: box.value(param) for param in self.wanted}
        assert kept == self.wanted, f"settings: {kept}, set were {self.wanted}"
        if self.muted_from is not None:
            self._listen(0.3)
            self._was_silent(self.muted_from)
            for stem in STEMS:
                self.set(f"stems.{stem}.mute", 0)
            self.muted_from = None
        self._until(lambda: np.std(self._listen(0.2)) > 2**20, "sound of the model")
        self.set("box.bypass", 1)
        delay = self._delay()
        declared = PERIOD * PERIODS + box.get("status")["chain_latency_frames"]
        self.set("box.bypass", 0)
        # A row of crashes like ours would otherwise, and rightly, end in safe mode.
        for name in crash_loop.FILES:
            (box.runtime / name).unlink(missing_ok=True)
        assert -SOONER_FRAMES < delay - declared < LATER_FRAMES, f"delay of {delay} frames, declared are {declared}"

    def _was_silent(self, muted_from: int) -> None:
        since = self._recorded(muted_from, self.played())
        loud = np.flatnonzero(np.abs(since).max(axis=1) > 2**9)
        assert not len(loud), f"muted, yet heard: {len(loud)} frames, from {loud[0] / SECOND:.2f} s after the press"

    def _processes_are_well(self) -> None:
        for command in ("audio", "control"):
            child = self._child(command)
            assert child.status() not in ("stopped", "zombie", "dead"), f"{command}: {child.status()}"
        beat = Heartbeat(self.box.runtime / "audio.shm")
        try:
            self._until(lambda: (beat.age_s(1e9) or 0.0) < 2.0, "heartbeat")
        finally:
            beat.close()

    def _listen(self, seconds: float) -> np.ndarray:
        """What is played from now on, int32 of the first output."""
        begin = self.played()
        self._until(lambda: self.played() >= begin + seconds * SECOND, "sound that goes on")
        return self._recorded(begin, begin + int(seconds * SECOND))[:, 0]

    def _recorded(self, begin: int, end: int) -> np.ndarray:
        """A stretch of what was played: the whole of it would be read anew each time."""
        file = self.usb.folder / "playback.s32"
        return np.fromfile(file, "<i4", 2 * (end - begin), offset=8 * begin).reshape(-1, 2)

    def _delay(self) -> int:
        """Frames from input to output, from the very samples that bypass hands through."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            at = self.played()
            heard = self._listen(0.15)
            for k in range(0, len(heard) - 32, 32):
                source = self._first.get(int(heard[k]))
                if source is not None and np.array_equal(
                    heard[k : k + 32], np.take(self.noise[:, 0], range(source, source + 32), mode="wrap")
                ):
                    return (at + k - source) % len(self.noise)
        raise AssertionError("bypass does not return the input")

    def _child(self, command: str) -> psutil.Process:
        self._until(lambda: self._has(command), f"the {command} process")
        return self.box.child(command)

    def _has(self, command: str) -> bool:
        try:
            return bool(self.box.child(command))
        except (LookupError, psutil.Error):
            return False

    def _until(self, condition: Callable[[], bool], what: str) -> None:
        self.box.wait_for(condition, what, PATIENCE_S)


Fault = Callable[[FaultBox], None]


def _unplugging(how: Unplug) -> Fault:
    return lambda b: b.unplug(how)


FAULTS: dict[str, Fault] = {
    "xrun of capture": lambda b: b.usb.xrun(),
    "xrun of playback": lambda b: b.usb.xrun(capture=False, playback=True),
    **{f"unplug {how.name}": _unplugging(how) for how in Unplug},
    "hang": FaultBox.hang,
    "call that never returns": FaultBox.jam,
    "stall": lambda b: b.usb.stall(300),
    "skew": FaultBox.skew,
    "busy": FaultBox.busy,
    "rate change": FaultBox.rate,
    "model late": lambda b: b.model(1),
    "model not a number": lambda b: b.model(2),
    "model raises": lambda b: b.model(3),
    "control killed": lambda b: b.kill("control"),
    "link full": lambda b: b.stop_for("control", 15.0),
    "audio killed": lambda b: b.kill("audio"),
    "audio stopped": lambda b: b.stop_for("audio", 5.0),
}


def inflict(rig: FaultBox, name: str, state: str, dice: random.Random) -> None:
    """One fault in one state, and the check afterwards. Raises AssertionError."""
    rig.set("denoise.amount_db", dice.randrange(5, 40))
    rig.set("box.chain", dice.choice((VOICE, MUSIC)))
    if state == "muting":
        rig.set("box.chain", MUSIC)
    if name.startswith("model") or state == "muting":
        rig.box.wait_status(lambda s: bool(s["bundle"]), "a model")
    if state == "starting":
        rig.kill("audio")
        time.sleep(dice.uniform(0.0, 3.0))
    elif state == "switching":
        rig.set("box.chain", VOICE if rig.wanted["box.chain"] == MUSIC else MUSIC)
        time.sleep(dice.uniform(0.0, 0.06))
    elif state == "muting":
        time.sleep(0.3)  # the chain has changed over
        rig.mute_all_stems()
        rig.muted_from = rig.played() + SECOND // 4
        time.sleep(dice.uniform(0.0, 0.06))
    FAULTS[name](rig)
    rig.check()


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="tests.rigs.faults", description=__doc__.splitlines()[0])
    parser.add_argument("--matrix", action="store_true", help="every fault in every state")
    parser.add_argument("--count", type=int, default=0, help="random faults one after another")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--only", default="", help="faults whose name has this in it")
    options = parser.parse_args(argv)
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**6)
    dice = random.Random(seed)
    names = [name for name in FAULTS if options.only in name]
    runs = [(name, state) for name in names for state in STATES] if options.matrix else []
    runs += [(dice.choice(names), dice.choice(STATES)) for _ in range(options.count)]
    print(f"seed {seed}, {len(runs)} faults", flush=True)
    failed = 0
    with tempfile.TemporaryDirectory(prefix="hushbox-faults-", dir="/dev/shm") as folder:
        rig = FaultBox(Path(folder))
        with rig.box:
            rig.check()
            for number, (name, state) in enumerate(runs, 1):
                begun = time.monotonic()
                try:
                    inflict(rig, name, state, dice)
                    verdict = f"ok, {time.monotonic() - begun:.1f} s"
                except Exception as error:
                    failed += 1
                    verdict = f"FAILED: {str(error).splitlines()[0] if str(error) else type(error).__name__}"
                    print("".join(rig.box.log[-12:]), traceback.format_exc(limit=-2), file=sys.stderr, flush=True)
                    rig.muted_from = None
                print(f"{number:4} {name} while {state}: {verdict}", flush=True)
            log_lines = len(rig.box.log)
    if rig.back_s:
        print(f"sound after a plug: {np.median(rig.back_s):.1f} s (median), {max(rig.back_s):.1f} s at most")
    print(f"{len(runs) - failed} of {len(runs)} passed; the log has {log_lines} lines; seed {seed}")
    return 1 if failed else 0


def _locked(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


if __name__ == "__main__":
    raise SystemExit(main())
