"""USB HID footswitches: keyboards with a few keys, read through evdev.

Mapped devices are grabbed, so that a pedal does not type "a" into another program. While learning, all keyboards are
read without grabbing them.
"""

import errno
import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from evdev import InputDevice, ecodes

from hw.controls.kinds import PanelSpecError
from hw.threads import FAILED, HotplugThread

log = logging.getLogger(__name__)

RELEASED, PRESSED = 0, 1  # 2 is auto-repeat


class HidThread(HotplugThread):
    """Opens and grabs the devices in `wanted` ("1a86-e026": USB vendor and product) whenever they are there.

    on_key(device, key, closed) is called in this thread, with "KEY_A". If a device goes while a key is held,
    let_go(device, key) is called, by default on_key with closed False. open_device: evdev's InputDevice.
    """

    def __init__(
        self,
        wanted: Iterable[str],
        on_key: Callable[[str, str, bool], None],
        root: Path = Path("/"),
        open_device: Callable[[str], InputDevice[str]] | None = None,
        let_go: Callable[[str, str], None] | None = None,
    ) -> None:
        super().__init__("panel HID")
        self._wanted = frozenset(wanted)
        self._on_key = on_key
        self._let_go = let_go or (lambda device, key: on_key(device, key, False))
        self._folder = root / "dev/input"
        self._open_device = open_device or _open_readonly
        self._devices: dict[int, InputDevice[str]] = {}
        self._held: dict[int, set[str]] = {}
        self._passed_over: dict[Path, tuple[int, int]] = {}  # so that they are not opened again each second
        self._problems: dict[Path, str] = {}
        self._learning = False

    @property
    def devices(self) -> tuple[str, ...]:
        """The ids of the devices that are open now. Any thread."""
        return tuple(sorted({device_id(device) for device in list(self._devices.values())}))

    @property
    def problems(self) -> list[str]:
        """Devices that are there and cannot be opened. Any thread."""
        return list(self._problems.values())

    def learn(self, learning: bool) -> None:
        """True: read every keyboard; False: only the wanted ones. Any thread."""
        with self._condition:
            self._learning = learning
            self._passed_over = {}
        self.rescan()

    def scan(self) -> None:
        paths = set(self._folder.glob("event*"))
        for fd, device in list(self._devices.items()):
            if _path(device) not in paths or not (self._learning or device_id(device) in self._wanted):
                self._drop(fd)
        self._problems = {path: text for path, text in self._problems.items() if path in paths}
        opened = {_path(device) for device in self._devices.values()}
        for path in sorted(paths - opened):
            try:
                self._look_at(path)
            except OSError as error:
                self._report(path, error)

    def ready(self, fd: int, events: int) -> None:
        device = self._devices.get(fd)
        if device is None:
            return
        try:
            for event in list(device.read()):
                if event.type == ecodes.EV_KEY and event.value in (RELEASED, PRESSED):
                    self._key(fd, key_name(event.code), event.value == PRESSED)
                elif event.type == ecodes.EV_SYN and event.code == ecodes.SYN_DROPPED:
                    self._catch_up(fd)
        except BlockingIOError:
            pass
        except OSError:
            self._drop(fd)
            return
        if events & FAILED:
            self._drop(fd)

    def before_sleep(self) -> None:
        pass

    def shut(self) -> None:
        for fd in list(self._devices):
            self._drop(fd)

    def _look_at(self, path: Path) -> None:
        stat = path.stat()
        identity = (stat.st_ino, stat.st_ctime_ns)
        if self._passed_over.get(path) == identity:
            return
        device = self._open_device(str(path))
        wanted = device_id(device) in self._wanted
        if ecodes.EV_KEY not in device.capabilities() or not (wanted or self._learning):
            self._passed_over[path] = identity
            device.close()
            return
        try:
            if wanted:
                device.grab()
        except OSError:
            device.close()
            raise
        self._problems.pop(path, None)
        self._devices[device.fd] = device
        self._held[device.fd] = set()
        self.watch(device.fd)
        log.info("front panel: keys of %s (%s) are %s", device.name, device_id(device), "ours" if wanted else "heard")

    def _report(self, path: Path, error: OSError) -> None:
        if error.errno == errno.ENODEV or not (self._wanted or self._learning):
            return
        why = str(error)
        if isinstance(error, PermissionError):
            why = "no permission. Add the user to the group input"
        elif error.errno == errno.EBUSY:
            why = "another program has grabbed it"
        problem = f"keyboard {path} is off: {why}"
        if self._problems.get(path) != problem:
            log.warning("front panel: %s", problem)
        self._problems[path] = problem

    def _key(self, fd: int, key: str, closed: bool) -> None:
        if closed and key in self._held[fd]:  # two presses in a row: the release between them was not sent
            self._on_key(device_id(self._devices[fd]), key, False)
        (self._held[fd].add if closed else self._held[fd].discard)(key)
        self._on_key(device_id(self._devices[fd]), key, closed)

    def _catch_up(self, fd: int) -> None:
        """The kernel dropped events: compare the held keys with the device's."""
        down = {key_name(code) for code in self._devices[fd].active_keys()}
        for key in sorted(self._held[fd] ^ down):
            self._key(fd, key, key in down)

    def _drop(self, fd: int) -> None:
        device = self._devices.pop(fd)
        for key in sorted(self._held.pop(fd)):
            self._let_go(device_id(device), key)
        self.forget(fd)
        device.close()
        log.info("front panel: keys of %s (%s) are gone", device.name, device_id(device))


def device_id(device: InputDevice[str]) -> str:
    """The id that stays the same in every socket: "1a86-e026" (USB vendor and product)."""
    return f"{device.info.vendor:04x}-{device.info.product:04x}"


def _path(device: InputDevice[str]) -> Path:
    return Path(str(device.path))


def key_name(code: int) -> str:
    """ "KEY_A" for 30; the kernel's first name where a code has several."""
    name: Any = ecodes.keys.get(code, f"KEY_{code}")
    return str(name) if isinstance(name, str) else str(name[0])


def check_key(name: str) -> str:
    """The key's first name. Raises PanelSpecError for one that the kernel does not know."""
    code = ecodes.ecodes.get(name)
    if code is None or not name.startswith(("KEY_", "BTN_")):
        raise PanelSpecError(f"key = {name!r}: no key of that name; it looks like KEY_A, and learning finds it")
    return key_name(code)


def _open_readonly(path: str) -> InputDevice[str]:
    return InputDevice(path, readonly=True)
