"""The installed box in a test machine, as its owner meets it; and ALSA's loopback with a tone at its far end."""

from __future__ import annotations

import base64
import contextlib
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.rigs.vm.machine import Machine

RATE_HZ, PERIOD, PERIODS = 48_000, 1024, 4
TONE_HZ = 440.0
PATIENCE_S = 600.0
# Without models: emulated, there is not the time for them. That they load and run the first test sees.
LOOPBACK = f"""
[audio]
device = "hw:CARD=Loopback,DEV=1"
capture_device = "hw:CARD=Loopback,DEV=1,SUBDEV=0"
playback_device = "hw:CARD=Loopback,DEV=1,SUBDEV=1"
period_frames = {PERIOD}
periods = {PERIODS}
[model]
bundle = "/nowhere"
stems_bundle = "/nowhere"
"""


def running(status: dict[str, Any]) -> bool:
    return bool(status["audio_alive"]) and status["state"] == "running"


class Box:
    """The installed box in the machine, as its owner meets it."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.run, self.wait, self.ask = machine.run, machine.wait, machine.ask

    def configure(self, text: str) -> None:
        encoded = base64.b64encode(text.encode()).decode()
        self.run(f"mkdir -p /etc/hushbox; echo {encoded} | base64 -d >/etc/hushbox/hushbox.toml")
        self.run("systemctl restart hushbox-audio hushbox-control", 600)
        self.wait_page()

    def status(self) -> dict[str, Any]:
        return dict(self.ask("GET", "status"))

    def set(self, param: str, value: float) -> None:
        self.ask("PUT", f"params/{param}", {"value": value})

    def value(self, param: str) -> float:
        return float(next(p["value"] for p in self.ask("GET", "params")["params"] if p["id"] == param))

    def wait_page(self) -> None:
        self.wait_status(lambda status: True, "the page")

    def wait_running(self) -> None:
        self.wait_status(running, "running audio process")

    def wait_status(self, wanted: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        """Until the status is as wanted. Asked once a second: the machine has little time for more."""
        until, status = time.monotonic() + PATIENCE_S, {}
        while True:
            with contextlib.suppress(ConnectionError):
                status = self.status()
                if wanted(status):
                    return status
            assert time.monotonic() < until, f"no {what} within {PATIENCE_S:.0f} s: {status}\n{self.log()}"
            time.sleep(1.0)

    def log(self) -> str:
        return self.run("journalctl --no-pager -n 40 -u 'hushbox*'", check=False)

    def wait_anew(self, unit: str, before: int) -> None:
        """Until systemd has started another process than `before`."""
        self.wait(f"p=$(systemctl show -p MainPID --value {unit}); test $p != {before} && test $p != 0", 300)

    def main_pid(self, unit: str) -> int:
        return int(self.run(f"systemctl show -p MainPID --value {unit}"))

    def listen(self, seconds: float = 4.0) -> np.ndarray:
        """What comes out of the box's output at the other end of the loopback, left, ±1.0."""
        count = int(seconds)
        self.run(f"arecord -q -D hw:Loopback,0,1 -f S16_LE -r {RATE_HZ} -c 2 -d {count} -t raw /tmp/heard", 120)
        raw = base64.b64decode(self.run("base64 -w0 /tmp/heard", 120))
        return np.frombuffer(raw, "<i2").reshape(-1, 2)[:, 0] / 2.0**15

    def give_it_time(self) -> None:
        """An emulated processor is ten to twenty times slower: three seconds there are a fifth of one here."""
        slow = "[Service]\\nWatchdogSec=30\\nTimeoutStopSec=30\\nTimeoutStartSec=900\\n"
        for unit in ("hushbox-audio", "hushbox-control"):
            folder = f"/run/systemd/system/{unit}.service.d"
            self.run(f"mkdir -p {folder}; printf '{slow}' >{folder}/slow.conf")
        self.run("systemctl daemon-reload")

    def loop(self, more: str = "") -> None:
        """Put the box between two ends of ALSA's loopback: a tone goes in at one, listen() hears the other."""
        wave = f"round(8192 * math.sin(2 * math.pi * {TONE_HZ} * n / {RATE_HZ}))"
        write = f"[tone.extend(2 * [{wave}]) for n in range({RATE_HZ})]; tone.tofile(sys.stdout.buffer)"
        self.run(f"python3 -c 'import array, math, sys; tone = array.array(\"h\"); {write}' >/tmp/tone")
        # The probing of formats leaves the loopback at 16 bits, so that is what both ends speak.
        play = f"aplay -q -t raw -f S16_LE -r {RATE_HZ} -c 2 -D hw:Loopback,0,0"
        self.run(f"systemd-run -q -p Restart=always --unit=tone sh -c 'while cat /tmp/tone; do :; done | {play}'")
        self.configure(LOOPBACK + more)
        self.wait_running()


def tone_level(sound: np.ndarray) -> float:
    """The tone's share of the sound's power; 0 for silence."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    if spectrum.sum() < 1e-9:
        return 0.0
    bin = round(TONE_HZ * len(sound) / RATE_HZ)
    return float(spectrum[bin - 20 : bin + 21].sum() / spectrum.sum())
