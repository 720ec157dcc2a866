"""A Jetson's pins: each control reaches its own chip and line. On the kernel's simulated chips where there are any."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

lgpio = pytest.importorskip("lgpio", reason="lgpio has no wheel for this Python")
if not hasattr(lgpio, "gpiochip_open"):
    pytest.skip("this lgpio is the empty placeholder", allow_module_level=True)

from gpiozero import InputDevice, PinInvalidPin  # noqa: E402

from hw.board.jetson import Jetson  # noqa: E402
from hw.board.pins import choose_pins  # noqa: E402
from hw.board.pins_jetson import JetsonFactory, NotAJetsonError  # noqa: E402

GPIO_SIM = Path("/sys/kernel/config/gpio-sim")
ORIN = b"nvidia,p3768-0000+p3767-0005\0nvidia,tegra234\0"


@pytest.fixture
def jetson(tmp_path: Path) -> Path:
    """The root of an Orin Nano without any GPIO chip."""
    (tmp_path / "proc/device-tree").mkdir(parents=True)
    (tmp_path / "proc/device-tree/compatible").write_bytes(ORIN)
    (tmp_path / "dev").mkdir()
    return tmp_path


class FakeChips:
    """lgpio as the factory calls it: chips by number, and every line that was claimed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, root: Path, labels: list[str]) -> None:
        self.claimed: list[tuple[int, int]] = []
        self.open: set[int] = set()
        for number in range(len(labels)):
            (root / f"dev/gpiochip{number}").touch()

        def open_chip(number: int) -> int:
            self.open.add(number + 100)
            return number + 100

        monkeypatch.setattr(lgpio, "gpiochip_open", open_chip)
        monkeypatch.setattr(lgpio, "gpiochip_close", self.open.discard)
        monkeypatch.setattr(lgpio, "gpio_get_chip_info", lambda handle: [0, 200, "gpiochip", labels[handle - 100]])
        monkeypatch.setattr(
            lgpio, "gpio_claim_input", lambda handle, line, flags=0: self.claimed.append((handle, line))
        )
        monkeypatch.setattr(lgpio, "gpio_free", lambda handle, line: None)
        monkeypatch.setattr(lgpio, "gpio_get_mode", lambda handle, line: 0)


def test_a_pin_is_a_line_of_the_chip_with_its_label(jetson: Path, monkeypatch: pytest.MonkeyPatch):
    chips = FakeChips(monkeypatch, jetson, ["max77620", "tegra234-gpio"])
    factory = JetsonFactory(jetson)
    assert chips.open == {101}
    InputDevice(17, pull_up=True, pin_factory=factory)
    assert set(chips.claimed) == {(101, 112)}
    with pytest.raises(PinInvalidPin, match="2 is no GPIO on a Jetson Orin Nano or NX"):
        factory.pin(2)
    factory.close()
    assert chips.open == set()


def test_other_chips_are_refused_and_closed(jetson: Path, monkeypatch: pytest.MonkeyPatch):
    chips = FakeChips(monkeypatch, jetson, ["tegra194-gpio"])
    with pytest.raises(NotAJetsonError, match="has the GPIO chips tegra234-gpio: not found"):
        JetsonFactory(jetson)
    assert chips.open == set()


def test_on_a_jetson_only_its_own_factory_is_tried(jetson: Path):
    (jetson / "dev/gpiochip9999").touch()  # a number that no kernel here has
    choice = choose_pins("auto", jetson)
    assert [name for name, _ in choice.tried] == ["jetson"]
    assert choice.factory is None


def test_it_is_chosen_there_and_says_so(jetson: Path, monkeypatch: pytest.MonkeyPatch):
    FakeChips(monkeypatch, jetson, ["tegra234-gpio"])
    choice = choose_pins("auto", jetson)
    assert (choice.name, choice.why) == ("jetson", "jetson works")
    choice.factory.close()


def test_elsewhere_it_says_what_it_would_need(tmp_path: Path):
    with pytest.raises(NotAJetsonError, match="this board is none of these: Jetson Orin"):
        JetsonFactory(tmp_path)


@pytest.fixture
def sim() -> Iterator[Path]:
    """A simulated chip of the kernel with two lines, by the name of tests' own board. Yields its folder in /sys."""
    if not GPIO_SIM.exists() or not os.access(GPIO_SIM, os.W_OK):
        pytest.skip("this kernel has no gpio-sim, or not for us")
    device = GPIO_SIM / "hushbox-test"
    (device / "bank").mkdir(parents=True)
    (device / "bank/num_lines").write_text("8")
    (device / "bank/label").write_text("hushbox-test-gpio")
    (device / "live").write_text("1")
    name, chip = (device / "dev_name").read_text().strip(), (device / "bank/chip_name").read_text().strip()
    yield Path(f"/sys/devices/platform/{name}/{chip}")
    (device / "live").write_text("0")
    (device / "bank").rmdir()
    device.rmdir()


def test_the_kernel_s_lines_are_read_heard_and_driven(sim: Path):
    board = Jetson("test board", (), {17: ("hushbox-test-gpio", 3), 27: ("hushbox-test-gpio", 5)})
    factory: Any = JetsonFactory(jetson=board)
    edges: Queue[int] = Queue()
    switch = InputDevice(17, pull_up=True, pin_factory=factory)
    switch.pin.edges = "both"
    heard = lambda ticks, state: edges.put(state)  # noqa: E731  # gpiozero keeps a weak reference
    switch.pin.when_changed = heard
    (sim / "sim_gpio3/pull").write_text("pull-down")
    assert edges.get(timeout=20.0) == 0
    assert switch.pin.state == 0
    (sim / "sim_gpio3/pull").write_text("pull-up")
    assert edges.get(timeout=20.0) == 1
    lamp = factory.pin(27)
    lamp.function = "output"
    for level in (1, 0):
        lamp.state = level
        end = time.monotonic() + 20.0
        while (sim / "sim_gpio5/value").read_text().strip() != str(level):
            assert time.monotonic() < end
    factory.close()
