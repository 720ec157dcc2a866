"""RealAvahi: avahi-daemon itself, in a network of its own with a bus of its own, and a phone that asks for names.

Two interfaces of the box (eth9, eth8) and the phone's are on one switch. Only root may make a network of its own;
`why_not` says what is missing.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from tests.rigs.checkout import ROOT
from tests.rigs.network_manager import BUS

CABLES = (("eth9", "192.0.2.67"), ("eth8", "192.0.2.68"))
_INSIDE = """
set -e
ip link set lo up
ip link add switch type bridge
ip link set switch up
for each in 9 8 7; do
    ip link add eth$each type veth peer name far$each
    ip link set far$each master switch up
done
unshare -n sleep infinity &
echo $! >{folder}/phone
until [ "$(readlink /proc/$!/ns/net)" != "$(readlink /proc/$$/ns/net)" ]; do sleep 0.05; done
ip link set eth7 netns $!
nsenter -n -t $! sh -c 'ip link set lo up; ip addr add 192.0.2.7/24 dev eth7; ip link set eth7 up'
mount -t tmpfs tmpfs /run
echo $$ >{folder}/box
exec sleep infinity
"""
_CONFIG = """
[server]
host-name=machine
use-ipv6=no
[publish]
publish-workstation=no
"""
# In the box's network: what the box calls, line by line. Each is answered by "" or the error.
_BOX = """
import json, sys
from hw.network.bus import SystemBus
from hw.network.names import NetworkName
from hw.network.network import NetworkError
name = NetworkName(SystemBus(sys.argv[1]))
for line in sys.stdin:
    method, arguments = json.loads(line)
    try:
        print(json.dumps([getattr(name, method)(*arguments), ""]), flush=True)
    except NetworkError as error:
        print(json.dumps([None, str(error)]), flush=True)
"""
_PHONE, _PHONES_ADDRESS = ROOT / "tests/rigs/vm/air_phone.py", "192.0.2.7"
_START_S = 30.0


class RealAvahi:
    """On enter it runs. name: calls NetworkName in the box's network. ask: what the phone gets for a name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = contextlib.ExitStack()
        self._bus = f"unix:path={folder / 'bus'}"
        self._daemon: subprocess.Popen[bytes] | None = None

    @staticmethod
    def why_not() -> str:
        wanted = ("avahi-daemon", "dbus-daemon", "unshare", "nsenter", "ip")
        missing = [each for each in wanted if shutil.which(each) is None]
        return "only root can make a network of its own" if os.geteuid() else ", ".join(missing)

    def __enter__(self) -> RealAvahi:
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def plug(self, interface: str, address: str) -> None:
        """A cable with an address."""
        self._run(["ip", "address", "add", f"{address}/24", "dev", interface])
        self._run(["ip", "link", "set", interface, "up"])

    def unplug(self, interface: str) -> None:
        self._run(["ip", "address", "flush", "dev", interface])
        self._run(["ip", "link", "set", interface, "down"])

    def start(self) -> None:
        """Avahi, which is not there yet or has been stopped."""
        command = [*self._in("box"), "avahi-daemon", "-f", str(self._folder / "avahi.conf"), "--no-drop-root",
                   "--no-chroot", "--no-rlimits"]  # fmt: skip
        self._daemon = self._left(command, "avahi.log")

    def stop(self) -> None:
        assert self._daemon is not None
        self._daemon.terminate()
        self._daemon.wait()

    def name(self, method: str, *arguments: Any) -> Any:
        """Call a method of the box's NetworkName. Raises RuntimeError with the words of a NetworkError."""
        sent, heard = self._box.stdin, self._box.stdout
        assert sent is not None
        assert heard is not None
        _say(sent, json.dumps([method, arguments]))
        answer, error = json.loads(heard.readline())
        if error:
            raise RuntimeError(error)
        return answer

    def ask(self, host: str, seconds: float = 20.0) -> list[str]:
        """The addresses by which the network answers the phone, [] for none within this time."""
        asked = [*self._in("phone"), sys.executable, str(_PHONE), "name", host, _PHONES_ADDRESS, str(seconds)]
        return list(json.loads(subprocess.run(asked, check=True, capture_output=True, text=True).stdout))

    def until(self, done: Callable[[], object]) -> None:
        end = time.monotonic() + _START_S
        while not done():
            logs = [path.read_text(errors="replace")[-1500:] for path in self._folder.glob("*.log")]
            assert time.monotonic() < end, "\n".join(logs)
            time.sleep(0.05)

    def _start(self) -> None:
        (self._folder / "bus.conf").write_text(BUS.format(path=self._folder / "bus"))
        (self._folder / "avahi.conf").write_text(_CONFIG)
        self._left(["dbus-daemon", f"--config-file={self._folder / 'bus.conf'}", "--nofork"], "bus.log")
        self.until((self._folder / "bus").exists)
        (self._folder / "inside.sh").write_text(_INSIDE.format(folder=self._folder))
        command = ["unshare", "-n", "-m", "--propagation", "private", "sh", str(self._folder / "inside.sh")]
        self._left(command, "inside.log")
        self.until((self._folder / "box").exists)
        self._box = self._stack.enter_context(
            subprocess.Popen(
                [*self._in("box"), sys.executable, "-c", _BOX, self._bus], cwd=ROOT,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )
        )  # fmt: skip
        self._stack.callback(self._box.kill)

    def _in(self, where: str) -> list[str]:
        return ["nsenter", "-n", "-m", "-t", (self._folder / where).read_text().strip()]

    def _run(self, command: list[str]) -> None:
        subprocess.run([*self._in("box"), *command], check=True, capture_output=True)

    def _left(self, command: list[str], log: str) -> subprocess.Popen[bytes]:
        """Started, and ended with all that it has started."""
        file = self._stack.enter_context((self._folder / log).open("ab"))
        environ = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self._bus}
        process = subprocess.Popen(command, stdout=file, stderr=file, env=environ, start_new_session=True)
        self._stack.callback(process.wait)
        self._stack.callback(lambda: _end(process))
        return process


def _say(sent: IO[str], line: str) -> None:
    sent.write(f"{line}\n")
    sent.flush()


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
