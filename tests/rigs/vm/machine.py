"""Machine: Debian with a real kernel and the installed box in QEMU, its USB sockets and footswitches in our hands.

Emulated in software, so that it runs everywhere. image.sh makes the disk, which a run never changes.
"""

from __future__ import annotations

import contextlib
import json
import select
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parent.parent.parent.parent
BUILD = ROOT / "build" / "vm"
BUILD_ARM64 = ROOT / "build" / "vm-arm64"
# Nothing here asserts timing, and the mitigations only cost some. A unit's start may take ten times as long.
KERNEL = (
    "root=/dev/vda rw mitigations=off audit=0 loglevel=4 systemd.show_status=0 systemd.default_timeout_start_sec=900"
)
PROCESSOR = {  # by machine; the second is a Pi 4's
    "x86_64": ["-machine", "q35", "-cpu", "max", "-append", f"{KERNEL} console=ttyS0 no_timer_check"],
    "aarch64": ["-machine", "virt,gic-version=3", "-cpu", "cortex-a72", "-append", f"{KERNEL} console=ttyAMA0"],
}
BOOT_S = 1200.0  # until the agent answers: an emulated machine on a busy host


class Machine:
    """Boots on enter, is gone on exit. run() works as root in the machine; monitor() is QEMU's own command line."""

    def __init__(
        self,
        folder: Path,
        machine: str = "x86_64",
        disk: Path = BUILD,
        kernel: str = "",
        *,
        reboots: bool = False,
    ) -> None:
        """folder: for sockets, the console's log and what the USB card plays (usb.wav). disk: where image.sh put it.

        kernel: more of its command line. reboots: `reset` may be used; otherwise a machine that starts anew is gone.
        """
        self._reboots = reboots
        self.folder = folder
        self._machine, self._disk, self._kernel = machine, disk, kernel
        self.console = folder / "console.log"
        self.played = folder / "usb.wav"
        self._qemu: subprocess.Popen[bytes] | None = None
        self._said = b""

    def __enter__(self) -> Machine:
        agent, monitor = self.folder / "agent", self.folder / "monitor"
        *processor, kernel = PROCESSOR[self._machine]
        command = [f"qemu-system-{self._machine}", *processor, f"{kernel} {self._kernel}", "-accel", "tcg,thread=multi"]
        command += ["-m", "1536", "-smp", "2", "-display", "none"]
        command += [] if self._reboots else ["-no-reboot"]
        command += ["-kernel", str(self._disk / "vmlinuz"), "-initrd", str(self._disk / "initrd")]
        command += ["-drive", f"file={self._disk / 'root.ext4'},format=raw,if=virtio,snapshot=on"]
        command += ["-serial", f"file:{self.console}", "-nic", "none", "-rtc", "base=utc"]
        command += ["-device", "virtio-serial", "-chardev", f"socket,id=agent,path={agent},server=on,wait=off"]
        command += ["-device", "virtserialport,chardev=agent,name=hushbox.test"]
        command += ["-chardev", f"socket,id=monitor,path={monitor},server=on,wait=off", "-mon", "monitor"]
        command += ["-device", "qemu-xhci", "-audiodev", f"wav,id=card,path={self.played},out.frequency=48000"]
        self._qemu = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        try:
            self._agent = self._connect(agent)
            self._monitor = self._connect(monitor)
            self._read_line(BOOT_S)  # the agent's greeting
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for side in ("_agent", "_monitor"):
            with contextlib.suppress(AttributeError):
                getattr(self, side).close()
        if self._qemu is not None and self._qemu.poll() is None:
            self._qemu.kill()
            self._qemu.wait()

    def run(self, command: str, seconds: float = 60.0, *, check: bool = True) -> str:
        """What a shell command in the machine prints. Raises AssertionError when it fails."""
        self._agent.sendall(json.dumps({"run": command, "seconds": seconds}).encode() + b"\n")
        answer: dict[str, Any] = json.loads(self._read_line(seconds + 60.0))
        assert not check or answer["status"] == 0, f"{command}: status {answer['status']}\n{answer['out']}"
        return str(answer["out"])

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """What the box's API answers. Raises ConnectionError when it does not, or says no."""
        text = json.dumps(body) if body is not None else ""
        self._agent.sendall(json.dumps({"ask": [method, path, text]}).encode() + b"\n")
        answer: dict[str, Any] = json.loads(self._read_line(120.0))
        if answer["status"]:
            raise ConnectionError(f"{method} {path}: {answer['status']} {answer['out']}")
        return json.loads(answer["out"] or "null")

    def wait(self, command: str, seconds: float = 90.0) -> str:
        """Try `command` until it succeeds, and return what it then prints."""
        return self.run(f"n=0; while ! out=$({command} 2>&1); do n=$((n+1)); "
                        f'[ $n -lt {int(seconds * 2)} ] || {{ echo "$out"; exit 1; }}; sleep 0.5; done; echo "$out"',
                        seconds * 4)  # fmt: skip

    def has_ended(self, seconds: float) -> bool:
        """Whether the machine switches itself off within this time."""
        assert self._qemu is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._qemu.wait(seconds)
        return self._qemu.poll() is not None

    def monitor(self, command: str) -> None:
        """Tell QEMU something: device_add, device_del."""
        self._monitor.sendall(command.encode() + b"\n")
        time.sleep(0.2)
        while select.select([self._monitor], [], [], 0.1)[0]:
            said = self._monitor.recv(65536).decode(errors="replace")
            assert "Error" not in said, said

    def reset(self) -> None:
        """As if the power had failed, and come back: what was not yet on the disk is lost."""
        self._said = b""
        self.monitor("system_reset")
        self._read_line(BOOT_S)  # the agent's greeting

    def plug_stick(self, image: Path) -> None:
        """Plug a USB stick in. image: its raw content."""
        self.monitor(f"drive_add 0 if=none,id=stick,format=raw,readonly=on,file={image}")
        self.monitor("device_add usb-storage,id=stick,drive=stick")

    def unplug_stick(self) -> None:
        self.monitor("device_del stick")

    def plug_usb_card(self) -> None:
        """Plug a USB sound card in (it plays only: QEMU has none that records)."""
        self.monitor("device_add usb-audio,id=card,audiodev=card,serial=HB-7B-0042")

    def unplug_usb_card(self) -> None:
        self.monitor("device_del card")

    def wait_played(self, frames: int, seconds: float = 120.0) -> NDArray[np.float64]:
        """The newest `frames` that the USB card has played, left, ±1.0; waits for as many from now on."""
        wanted = self._played_bytes() + 4 * frames
        until = time.monotonic() + seconds
        while self._played_bytes() < wanted:
            assert time.monotonic() < until, f"the card played nothing for {seconds:.0f} s"
            time.sleep(0.2)
        with self.played.open("rb") as file:
            file.seek(44 + (wanted - 44) // 4 * 4 - 4 * frames)
            return np.frombuffer(file.read(4 * frames), "<i2").reshape(-1, 2)[:, 0] / 2.0**15

    def _played_bytes(self) -> int:
        return self.played.stat().st_size if self.played.exists() else 44

    def _connect(self, path: Path) -> socket.socket:
        until = time.monotonic() + 20.0
        while True:
            side = socket.socket(socket.AF_UNIX)
            try:
                side.connect(str(path))
                return side
            except OSError:
                side.close()
                assert self._qemu is not None
                assert self._qemu.poll() is None, f"QEMU ended: {self._qemu.returncode}"
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)

    def _read_line(self, seconds: float) -> bytes:
        until = time.monotonic() + seconds
        while b"\n" not in self._said:
            left = until - time.monotonic()
            assert left > 0, f"the machine did not answer within {seconds:.0f} s:\n{self._tail()}"
            if select.select([self._agent], [], [], min(left, 1.0))[0]:
                more = self._agent.recv(65536)
                assert more, f"the machine is gone:\n{self._tail()}"
                self._said += more
        line, _, self._said = self._said.partition(b"\n")
        return line

    def _tail(self) -> str:
        return self.console.read_text(errors="replace")[-3000:] if self.console.exists() else "no console"
