"""RealNetworkManager: NetworkManager itself, in a network of its own, on a bus of its own, beside the machine's.

A cable is a pair of virtual interfaces. There is no radio: tests/e2e/test_vm_network has one.
Only root may make a network of its own; `why_not` says what is missing.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from jeepney import DBusAddress

from hw.network.bus import BusError, SystemBus
from hw.network.objects import NM

BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>custom</type><listen>unix:path={path}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow own="*"/>
<allow receive_type="signal"/><allow receive_type="method_call"/>
<allow receive_type="method_return"/><allow receive_type="error"/></policy></busconfig>
"""
# Its files are in memory. /sys is read-only, by which it knows that there is no udev to wait for.
_INSIDE = """
set -e
ip link set lo up
ip link add eth9 type veth peer name far9
for each in /run /var/lib/NetworkManager /etc/NetworkManager; do mount -t tmpfs tmpfs $each; done
mount -t sysfs -o ro sysfs /sys
mkdir -p /etc/NetworkManager/system-connections
printf '%s\\n' '[main]' plugins=keyfile auth-polkit=false 'no-auto-default=*' \
    '[keyfile]' unmanaged-devices=interface-name:far9 >/etc/NetworkManager/NetworkManager.conf
profile=/etc/NetworkManager/system-connections/cable.nmconnection
printf '%s\\n' '[connection]' id=cable type=ethernet interface-name=eth9 \
    '[ipv4]' method=manual address1=192.0.2.67/24 '[ipv6]' method=disabled >$profile
chmod 600 $profile
mkfifo {fifo}
(while read -r line; do sh -c "$line"; done) <>{fifo} &
exec NetworkManager --no-daemon
"""
_START_S = 30.0


class RealNetworkManager:
    """On enter it runs; `bus` reaches it. `inside` runs a command in its network."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = contextlib.ExitStack()
        self.address = f"unix:path={folder / 'bus'}"
        self.bus = SystemBus(self.address)

    @staticmethod
    def why_not() -> str:
        missing = [each for each in ("NetworkManager", "dbus-daemon", "unshare") if shutil.which(each) is None]
        return "only root can make a network of its own" if os.geteuid() else ", ".join(missing)

    def __enter__(self) -> "RealNetworkManager":
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self) -> None:
        config = self._folder / "bus.conf"
        config.write_text(BUS.format(path=self._folder / "bus"))
        self._run(["dbus-daemon", f"--config-file={config}", "--nofork"], "bus.log")
        self._wait(lambda: (self._folder / "bus").exists())
        script = self._folder / "inside.sh"
        script.write_text(_INSIDE.format(fifo=self._folder / "fifo"))
        self._run(["unshare", "-n", "-m", "--propagation", "private", "sh", str(script)], "manager.log")
        self._wait(self._answers)

    def __exit__(self, *_: object) -> None:
        self.bus.close()
        self._stack.close()

    def inside(self, command: str) -> None:
        """Run a shell command in its network, a moment later."""
        with (self._folder / "fifo").open("w") as fifo:
            fifo.write(f"{command}\n")

    def _answers(self) -> bool:
        try:
            return bool(self.bus.get(DBusAddress("/org/freedesktop/NetworkManager", NM, NM), "Startup") is False)
        except BusError:
            return False

    def _run(self, command: list[str], log: str) -> None:
        file = self._stack.enter_context((self._folder / log).open("wb"))
        environ = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.address}
        process = subprocess.Popen(command, stdout=file, stderr=file, env=environ, start_new_session=True)
        self._stack.callback(process.wait)
        self._stack.callback(lambda: os.killpg(process.pid, signal.SIGKILL))

    def _wait(self, done: object) -> None:
        assert callable(done)
        until = time.monotonic() + _START_S
        while not done():
            logs = [path.read_text(errors="replace")[-1500:] for path in self._folder.glob("*.log")]
            assert time.monotonic() < until, "\n".join(logs)
            time.sleep(0.05)


def running(folder: Path) -> Iterator[RealNetworkManager]:
    """For a fixture: `yield from running(tmp_path)`."""
    with RealNetworkManager(folder) as found:
        yield found
