"""HID footswitches: evdev's parsing of the kernel's bytes through a pipe, and the kernel itself where it has uinput."""

import os
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import evdev
import pytest
from evdev import ecodes

from hw.controls.events import PanelEvent, SwitchEvent
from hw.controls.kinds import Gestures, KeySpec, PanelSpecError
from hw.controls.spec import PanelSpec
from hw.panel.keyboards import keyboards
from hw.panel.panel import Panel
from hw.panel.usb_keys import HidThread, check_key

LONG_S = 20.0
PEDAL = (0x1A86, 0xE026)
PEDAL_ID = "1a86-e026"


class PipeDevice(evdev.InputDevice):  # type: ignore[type-arg]
    """evdev's device, without the ioctls that only an input device answers: its events come through a pipe."""

    def __init__(self, path: str, ids: tuple[int, int], keys: tuple[int, ...] = (ecodes.KEY_A, ecodes.KEY_B)) -> None:
        self.path = path
        self.fd, self.kernel = os.pipe2(os.O_NONBLOCK)
        self.info = evdev.device.DeviceInfo(3, *ids, 0x110)
        self.name = "FootSwitch"
        self._rawcapabilities = {ecodes.EV_KEY: list(keys)} if keys else {ecodes.EV_REL: [0, 1]}
        self.keys = keys
        self.grabbed = False
        self.down: list[int] = []

    def grab(self) -> None:
        self.grabbed = True

    def active_keys(self, verbose: bool = False) -> list[int]:
        return self.down

    def event(self, kind: int, code: int, value: int) -> None:
        os.write(self.kernel, struct.pack("llHHi", 0, 0, kind, code, value))

    def key(self, code: int, value: int) -> None:
        self.event(ecodes.EV_KEY, code, value)
        self.event(ecodes.EV_SYN, ecodes.SYN_REPORT, 0)


class Box:
    """A started HidThread on a folder of devices that the test plugs in and out."""

    def __init__(self, root: Path, wanted: tuple[str, ...]) -> None:
        self.folder = root / "dev/input"
        self.folder.mkdir(parents=True)
        self.devices: dict[str, PipeDevice | OSError] = {}
        self.opened: list[str] = []
        self.keys: Queue[tuple[str, str, bool]] = Queue()
        self.thread = HidThread(wanted, lambda *key: self.keys.put(key), root, self._open)
        self.thread.start()

    def _open(self, path: str) -> Any:
        self.opened.append(Path(path).name)
        device = self.devices[Path(path).name]
        if isinstance(device, OSError):
            raise device
        if device.fd < 0:  # it was opened and closed before
            ids = (device.info.vendor, device.info.product)
            device = self.devices[Path(path).name] = PipeDevice(path, ids, device.keys)
        return device

    def plug(self, name: str, device: PipeDevice | OSError) -> Any:
        self.devices[name] = device
        (self.folder / name).touch()
        self.thread.rescan()
        return device

    def pedal(self, name: str = "event3", ids: tuple[int, int] = PEDAL) -> PipeDevice:
        return self.plug(name, PipeDevice(str(self.folder / name), ids))

    def unplug(self, name: str) -> None:
        (self.folder / name).unlink()
        device = self.devices[name]
        assert isinstance(device, PipeDevice)
        os.close(device.kernel)

    def next(self) -> tuple[str, str, bool]:
        return self.keys.get(timeout=LONG_S)

    def wait(self, ready: Callable[[], bool]) -> None:
        end = time.monotonic() + LONG_S
        while not ready():
            assert time.monotonic() < end
            self.thread.rescan()
            time.sleep(0.005)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Callable[..., Box]]:
    boxes: list[Box] = []

    def start(*wanted: str) -> Box:
        boxes.append(Box(tmp_path, wanted))
        return boxes[-1]

    yield start
    for running in boxes:
        assert running.thread.end()


def test_a_mapped_pedal_is_grabbed_and_its_keys_are_told_once(box: Callable[..., Box]):
    running = box(PEDAL_ID)
    pedal = running.pedal()
    for value in (1, 2, 2, 0):  # press, auto-repeat, release
        pedal.key(ecodes.KEY_A, value)
    assert running.next() == (PEDAL_ID, "KEY_A", True)
    assert running.next() == (PEDAL_ID, "KEY_A", False)
    assert pedal.grabbed
    assert running.thread.devices == (PEDAL_ID,)


def test_a_key_pressed_again_that_was_never_let_go_is_another_press(box: Callable[..., Box]):
    running = box(PEDAL_ID)
    pedal = running.pedal()
    for value in (1, 2, 2, 1, 2, 1):
        pedal.key(ecodes.KEY_A, value)
    told = [running.next()[2] for _ in range(5)]
    assert told == [True, False, True, False, True]


@pytest.mark.parametrize(
    ("gestures", "values"),
    [
        (Gestures(press_only=True), (1, 2, 1, 1)),  # auto-repeat, and no key-up
        (Gestures(press_only=True), (1, 0, 1, 0, 1, 0)),  # let go at once, whatever the foot does
        (Gestures(latching=True), (1, 2, 2, 0, 1)),  # down with one stomp, up with the next
    ],
)
def test_each_stomp_on_a_key_acts_once(tmp_path: Path, gestures: Gestures, values: tuple[int, ...]):
    """Through the real panel: its thread of keys, fed by evdev's own reading of the kernel's bytes."""
    events: Queue[PanelEvent] = Queue()
    spec = PanelSpec(switches=(KeySpec("stomp", PEDAL_ID, "KEY_A", gestures=gestures),), pins="mock")
    panel = Panel(spec, events.put, root=tmp_path)
    pedal = PipeDevice(str(tmp_path / "dev/input/event3"), PEDAL)
    Path(pedal.path).parent.mkdir(parents=True)
    Path(pedal.path).touch()
    panel.start()
    try:
        assert panel._plugged._hid is not None
        panel._plugged._hid._open_device = lambda path: pedal
        panel._plugged._hid.rescan()
        for value in values:
            pedal.key(ecodes.KEY_A, value)
        told = []
        for _ in range(6):
            event = events.get(timeout=LONG_S)
            assert isinstance(event, SwitchEvent)
            told.append(str(event.kind))
        assert told == ["press", "release"] * 3
        Path(pedal.path).unlink()  # it is unplugged with the key down, and nobody has stomped
        os.close(pedal.kernel)
        end = time.monotonic() + LONG_S
        while panel.hid_devices:
            assert time.monotonic() < end
            time.sleep(0.01)
        with pytest.raises(Empty):
            events.get(timeout=0.1)
    finally:
        panel.close()


def test_a_pedal_unplugged_while_held_lets_go_and_comes_back(box: Callable[..., Box]):
    running = box(PEDAL_ID)
    for event in ("event3", "event7"):
        pedal = running.pedal(event)
        pedal.key(ecodes.KEY_B, 1)
        assert running.next() == (PEDAL_ID, "KEY_B", True)
        running.unplug(event)
        assert running.next() == (PEDAL_ID, "KEY_B", False)
        running.wait(lambda: running.thread.devices == ())


def test_someone_s_keyboard_is_left_alone_and_opened_once(box: Callable[..., Box]):
    running = box(PEDAL_ID)
    keyboard = running.pedal("event1", (0x046D, 0xC31C))
    running.pedal("event3")
    running.wait(lambda: running.thread.devices == (PEDAL_ID,))
    for _ in range(3):
        running.thread.rescan()
        time.sleep(0.01)
    assert not keyboard.grabbed
    assert running.opened.count("event1") == 1


def test_while_learning_every_keyboard_is_heard_and_none_is_grabbed(box: Callable[..., Box]):
    running = box()
    running.pedal("event1", (0x046D, 0xC31C))
    mouse = PipeDevice(str(running.folder / "event2"), (1, 2), keys=())
    running.plug("event2", mouse)
    running.thread.learn(True)
    running.wait(lambda: running.thread.devices == ("046d-c31c",))
    fresh = running.devices["event1"]
    assert isinstance(fresh, PipeDevice)
    fresh.key(ecodes.KEY_ENTER, 1)
    assert running.next() == ("046d-c31c", "KEY_ENTER", True)
    assert not fresh.grabbed
    running.thread.learn(False)
    assert running.next() == ("046d-c31c", "KEY_ENTER", False)
    running.wait(lambda: running.thread.devices == ())


def test_events_that_the_kernel_dropped_are_made_good(box: Callable[..., Box]):
    running = box(PEDAL_ID)
    pedal = running.pedal()
    pedal.key(ecodes.KEY_A, 1)
    assert running.next() == (PEDAL_ID, "KEY_A", True)
    pedal.down = [ecodes.KEY_B]  # A went up and B down in the gap
    pedal.event(ecodes.EV_SYN, ecodes.SYN_DROPPED, 0)
    assert running.next() == (PEDAL_ID, "KEY_A", False)
    assert running.next() == (PEDAL_ID, "KEY_B", True)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            PermissionError(13, "Permission denied"),
            "FootSwitch (1a86-e026) may not be read: if it is a pedal, sudo hushbox",
        ),
        (OSError(16, "Device or resource busy"), "another program has grabbed it"),
        (OSError(5, "Input/output error"), "Input/output error"),
    ],
)
def test_a_device_that_does_not_open_says_how_to_mend_it(
    box: Callable[..., Box], error: OSError, words: str, tmp_path: Path
):
    listed(tmp_path, "event3", "FootSwitch", PEDAL_ID)
    running = box(PEDAL_ID)
    running.plug("event3", error)
    running.wait(lambda: bool(running.thread.problems))
    assert words in running.thread.problems[0]
    running.pedal()
    running.wait(lambda: running.thread.problems == [])


def test_somebodys_keyboard_that_may_not_be_read_is_no_problem_until_a_pedal_is_looked_for(
    box: Callable[..., Box], tmp_path: Path
):
    listed(tmp_path, "event4", "Keyboard", "046d-c31c")
    listed(tmp_path, "event5", "pwr_button", "0001-0001", bus="0019")
    running = box(PEDAL_ID)
    for name in ("event4", "event5"):
        running.plug(name, PermissionError(13, "Permission denied"))
    pedal = running.pedal()
    pedal.key(ecodes.KEY_A, 1)
    assert running.next() == (PEDAL_ID, "KEY_A", True)  # all three have been looked at
    assert running.thread.problems == []
    running.thread.learn(True)
    running.wait(lambda: bool(running.thread.problems))
    assert [text[:20] for text in running.thread.problems] == ["Keyboard (046d-c31c)"]


def listed(root: Path, event: str, name: str, id: str, bus: str = "0003") -> None:
    """The kernel's words on a keyboard."""
    folder = root / "sys/class/input" / event / "device"
    (folder / "id").mkdir(parents=True)
    (folder / "capabilities").mkdir()
    vendor, product = id.split("-")
    for file, text in (
        ("name", name), ("id/bustype", bus), ("id/vendor", vendor), ("id/product", product),
        ("capabilities/key", "10000 7 ff800000 7ff febeffdf ffefffff ffffffff fffffffe"),
    ):  # fmt: skip
        (folder / file).write_text(text + "\n")


def test_the_kernel_lists_keyboards_without_opening_them(tmp_path: Path):
    listed(tmp_path, "event10", "FootSwitch", PEDAL_ID)
    listed(tmp_path, "event2", "pwr_button", "0001-0001", bus="0019")
    listed(tmp_path, "event3", "Mouse", "046d-0001")
    (tmp_path / "sys/class/input/event3/device/capabilities/key").write_text("0\n")
    (tmp_path / "dev/input").mkdir(parents=True)
    (tmp_path / "dev/input/event10").touch()
    found = keyboards(tmp_path)
    assert [(each.name, each.id, each.readable, each.plugged_in) for each in found] == [
        ("pwr_button", "0001-0001", False, False),
        ("FootSwitch", PEDAL_ID, True, True),
    ]


def test_a_key_goes_by_one_name():
    assert check_key("KEY_A") == "KEY_A"
    assert check_key("KEY_MUTE") == check_key("KEY_MIN_INTERESTING")
    with pytest.raises(PanelSpecError, match="key = 'A': no key of that name; it looks like KEY_A"):
        check_key("A")


@pytest.mark.skipif(not os.access("/dev/uinput", os.W_OK), reason="this kernel has no /dev/uinput, or not for us")
def test_the_kernel_s_own_input_devices_do_the_same():
    keys: Queue[tuple[str, str, bool]] = Queue()
    thread = HidThread([PEDAL_ID], lambda *key: keys.put(key))
    thread.start()
    try:
        for _ in range(2):
            with evdev.UInput({ecodes.EV_KEY: [ecodes.KEY_A]}, vendor=PEDAL[0], product=PEDAL[1]) as pedal:
                end = time.monotonic() + LONG_S
                while thread.devices != (PEDAL_ID,):
                    assert time.monotonic() < end
                    thread.rescan()
                    time.sleep(0.01)
                pedal.write(ecodes.EV_KEY, ecodes.KEY_A, 1)
                pedal.syn()
                assert keys.get(timeout=LONG_S) == (PEDAL_ID, "KEY_A", True)
            assert keys.get(timeout=LONG_S) == (PEDAL_ID, "KEY_A", False)
    finally:
        assert thread.end()
