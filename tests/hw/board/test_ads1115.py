"""Knobs on an ADS1115: the bytes of its data sheet, and the panel around them."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue

import pytest

from hw.board.ads1115 import ADS1115, TOP, KernelI2c, MockADS1115
from hw.board.board import simulated
from hw.controls.conflicts import conflicts
from hw.controls.events import Activity, PanelEvent, TurnEvent
from hw.controls.kinds import KnobSpec, SwitchSpec
from hw.controls.spec import PanelSpec
from hw.panel import lines
from hw.panel.panel import Panel

LONG_S = 20.0
KNOB = KnobSpec("amount", 2, chip="ads1115")


class Wire:
    """A bus that notes what is written, and answers what the test says."""

    def __init__(self, *answers: bytes) -> None:
        self.written: list[bytes] = []
        self.answers = list(answers)

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def read(self, count: int) -> bytes:
        return self.answers.pop(0)[:count]

    def close(self) -> None:
        pass


@pytest.mark.parametrize("channel", range(4))
def test_a_reading_is_as_the_data_sheet_says(channel: int):
    wire = Wire(b"\x40", b"\xc3", (26400).to_bytes(2, "big"))  # busy once, then 3.3 V in steps of 125 µV
    assert ADS1115(channel, wire).raw_value == pytest.approx(TOP, abs=1)
    config = 0b1_000_001_1_111_00011 | (4 + channel) << 12  # start, against ground, ±4.096 V, single, 860 a second, off
    assert wire.written == [bytes((1, config >> 8, config & 0xFF)), b"\x00"]


@pytest.mark.parametrize(("counts", "raw"), [(-20, 0), (0, 0), (32767, TOP)])
def test_what_is_beyond_the_ends_is_the_end(counts: int, raw: int):
    assert ADS1115(0, Wire(b"\x80", counts.to_bytes(2, "big", signed=True))).raw_value == raw


def test_a_chip_that_never_ends_is_an_error():
    with pytest.raises(OSError, match="does not end its conversion"):
        _ = ADS1115(0, Wire(*[b"\x00"] * 9)).raw_value


@pytest.mark.parametrize("position", [0.0, 0.25, 0.5, 1.0])
def test_the_simulated_chip_is_read_back(position: float):
    chip = MockADS1115()
    chip.positions[3] = position
    assert ADS1115(3, chip).value == pytest.approx(position, abs=1e-4)
    assert ADS1115(1, chip).value == 0.0


@pytest.fixture
def start() -> Iterator[Callable[[PanelSpec], tuple[Panel, Queue[PanelEvent], Queue[Activity]]]]:
    panels: list[Panel] = []

    def started(spec: PanelSpec) -> tuple[Panel, Queue[PanelEvent], Queue[Activity]]:
        events, activity = Queue[PanelEvent](), Queue[Activity]()
        panels.append(Panel(spec, events.put, activity.put))
        panels[-1].start()
        return panels[-1], events, activity

    yield started
    for panel in panels:
        panel.close()


Start = Callable[[PanelSpec], tuple[Panel, "Queue[PanelEvent]", "Queue[Activity]"]]


def test_a_knob_on_it_is_turned_and_its_free_inputs_are_learned(start: Start):
    panel, events, activity = start(PanelSpec(knobs=(KNOB, KnobSpec("other", 0)), pins="mock"))
    assert panel.problems == []
    panel.simulator.turn("amount", 0.5)
    while not (isinstance(event := events.get(timeout=LONG_S), TurnEvent) and event.position > 0.49):
        pass
    assert event.name == "amount"
    panel.start_learning()
    panel.simulator.touch("ads1115:0:1", 0.9)
    heard = activity.get(timeout=LONG_S)
    assert (heard.source, heard.kind, heard.words) == ("ads1115:0:1", "turn", "ADS1115 channel 1")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            FileNotFoundError(2, "No such file", "/dev/i2c-1"),
            "the I2C bus is off. Run `sudo raspi-config nonint do_i2c 0`",
        ),
        (PermissionError(13, "Permission denied"), "no permission. Add the user to the groups gpio, spi and i2c"),
        (OSError(121, "Remote I/O error"), "nothing answers there. Look at the wires and at ADDR"),
    ],
)
def test_what_is_wrong_says_how_to_mend_it(start: Start, monkeypatch: pytest.MonkeyPatch, error: OSError, said: str):
    class Wrong(MockADS1115):
        def read(self, count: int) -> bytes:
            raise error

    monkeypatch.setattr("hw.panel.simulator.MockADS1115", Wrong)
    panel, events, _ = start(PanelSpec(switches=(SwitchSpec("foot", 17),), knobs=(KNOB,), pins="mock"))
    end = time.monotonic() + LONG_S
    while not panel.problems:
        assert time.monotonic() < end
        time.sleep(0.005)
    assert f"knob 'amount' (ADS1115 channel 2, I2C address 0x48) is off: {said}" in panel.problems[0]
    panel.simulator.press("foot")  # the rest runs on
    assert events.get(timeout=LONG_S).name == "foot"  # type: ignore[union-attr]


def test_without_the_bus_it_is_refused_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(FileNotFoundError, match="dev/i2c-1"):
        KernelI2c(0x48, tmp_path)
    monkeypatch.setattr(lines, "KernelI2c", lambda address: KernelI2c(address, tmp_path))
    with pytest.raises(FileNotFoundError):
        lines.open_converter("ads1115", 0, 0, object())


def test_its_pins_are_the_bus_s():
    spec = PanelSpec(switches=(SwitchSpec("foot", 2), SwitchSpec("spi", 9)), knobs=(KNOB,))
    (conflict,) = conflicts(spec, simulated())
    assert (conflict.control, conflict.why) == ("foot", "the pin is taken by the I2C bus of knob 'amount'")
