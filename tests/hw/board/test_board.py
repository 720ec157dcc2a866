"""Boards by their device tree, and pins refused with the reason."""

from pathlib import Path

import pytest
from gpiozero.pins.pi import PiBoardInfo

from hw.board.board import FUNCTIONS, HEADER, Board, detect, simulated
from hw.board.jetson import JETSONS
from hw.controls.conflicts import conflicts, same_source
from hw.controls.kinds import EncoderSpec, KeySpec, KnobSpec, LedSpec, MidiKnobSpec, MidiSwitchSpec, SwitchSpec
from hw.controls.spec import PanelSpec


def machine(root: Path, model: str, compatible: str = "", devices: tuple[str, ...] = ()) -> Path:
    tree = root / "proc/device-tree"
    tree.mkdir(parents=True)
    (tree / "model").write_bytes(model.encode() + b"\0")
    (tree / "compatible").write_bytes(compatible.encode() + b"\0")
    (root / "dev").mkdir()
    for device in devices:
        (root / "dev" / device).touch()
    return root


def test_a_pi_5_with_nothing_switched_on_has_every_pin_but_the_identity_s(tmp_path: Path):
    board = detect(machine(tmp_path, "Raspberry Pi 5 Model B Rev 1.0"))
    assert (board.model, board.family) == ("Raspberry Pi 5 Model B Rev 1.0", "raspberry-pi")
    assert len(board.pins) == 40
    assert sorted(board.free_gpios()) == list(range(2, 28))
    assert board.where(17) == "GPIO17 (pin 11)"
    assert "identity chip" in board.why_not(0)
    assert "this board has no such pin" in board.why_not(28)


def test_the_header_is_the_one_that_gpiozero_knows():
    supplies = {"GND": "GND", "3.3 V": "3V3", "5 V": "5V"}
    ours = [supplies[what] if isinstance(what, str) else f"GPIO{what}" for what in HEADER]
    for revision in (0xC03114, 0xC04170):  # Pi 4, Pi 5
        pins = PiBoardInfo.from_revision(revision).headers["J8"].pins
        assert ours == [pins[number].name for number in range(1, 41)]


@pytest.mark.parametrize(
    ("devices", "reserved", "words"),
    [
        (("i2c-1",), {2, 3}, "do_i2c 1"),
        (("spidev0.0",), {8, 9, 10, 11}, "do_spi 1"),
        (("spidev0.0", "spidev0.1"), {7, 8, 9, 10, 11}, "the SPI bus has it"),
        (("serial0",), {14, 15}, "serial port"),
    ],
)
def test_a_bus_that_is_on_reserves_its_pins(tmp_path: Path, devices: tuple[str, ...], reserved: set[int], words: str):
    board = detect(machine(tmp_path, "Raspberry Pi 4 Model B Rev 1.4", devices=devices))
    assert set(range(2, 28)) - set(board.free_gpios()) == reserved
    assert all(words in board.why_not(gpio) for gpio in reserved)


def test_the_debug_port_of_a_pi_5_reserves_nothing_on_the_header(tmp_path: Path):
    root = machine(tmp_path, "Raspberry Pi 5 Model B", devices=("ttyAMA10",))
    (root / "dev/serial0").symlink_to("ttyAMA10")
    assert detect(root).why_not(14) == ""


def test_an_i2s_card_reserves_its_pins(tmp_path: Path):
    root = machine(tmp_path, "Raspberry Pi 4 Model B")
    i2s = root / "proc/device-tree/soc/i2s@7e203000"
    i2s.mkdir(parents=True)
    (i2s / "status").write_bytes(b"disabled\0")
    assert detect(root).why_not(19) == ""
    (i2s / "status").write_bytes(b"okay\0")
    assert "I2S sound card" in detect(root).why_not(19)


def test_a_jetson_says_which_pins_are_no_gpio_there(tmp_path: Path):
    root = machine(tmp_path, "NVIDIA Jetson Orin Nano Developer Kit", "nvidia,p3768-0000+p3767-0005\0nvidia,tegra234")
    board = detect(root)
    assert board.family == "jetson"
    assert board.why_not(17) == ""
    assert board.why_not(2) == "on Jetson Orin Nano or NX this pin is no GPIO: it belongs to I2C1"


def test_each_jetson_s_table_is_one_line_a_pin():
    for jetson in JETSONS:
        assert len(set(jetson.lines.values())) == len(jetson.lines)
        assert {gpio for gpio in HEADER if isinstance(gpio, int)} - set(jetson.lines) == {0, 1, 2, 3, 14, 15}
        assert set(HEADER) - set(jetson.lines) - {"GND", "3.3 V", "5 V"} <= set(FUNCTIONS)


def test_a_pc_has_no_header(tmp_path: Path):
    assert detect(tmp_path) == Board("no board with a 40-pin header that is known", "none")


def refused(spec: PanelSpec, board: Board) -> list[tuple[str, str, str]]:
    return [(c.control, c.source, c.why) for c in conflicts(spec, board)]


def test_a_pin_used_twice_or_by_the_knobs_bus_is_refused():
    spec = PanelSpec(
        switches=(SwitchSpec("left", 17), SwitchSpec("right", 17), SwitchSpec("bus", 8), SwitchSpec("cs1", 7)),
        knobs=(KnobSpec("amount", 0), KnobSpec("again", 0)),
        encoders=(EncoderSpec("drive", 5, 5), EncoderSpec("mix", 6, 17)),
        leds=(LedSpec("far", 99),),
    )
    told = refused(spec, simulated())
    assert told[:-1] == [
        ("right", "gpio:17", "the pin is taken by switch 'left'"),
        ("bus", "gpio:8", "the pin is taken by the SPI bus of knob 'amount'"),
        ("again", "mcp3008:0:0", "the place is taken by knob 'amount'"),
        ("drive", "gpio:5", "encoder 'drive' uses one pin twice"),
        ("mix", "gpio:17", "the pin is taken by switch 'left'"),
    ]
    assert told[-1][:2] == ("far", "gpio:99")


def test_any_midi_port_takes_every_port_s_message():
    spec = PanelSpec(
        switches=(MidiSwitchSpec("all", "*", "cc", 1, 64), MidiSwitchSpec("one", "FCB1010", "cc", 1, 64)),
        knobs=(MidiKnobSpec("pedal", "FCB1010", "cc14", 1, 7), MidiKnobSpec("low", "FCB1010", "cc", 1, 39)),
    )
    assert [control for control, _, _ in refused(spec, simulated())] == ["one", "low"]
    assert not same_source("midi:A:cc:1:64", "midi:B:cc:1:64")
    assert not same_source("midi:*:cc:1:64", "midi:B:note:1:64")


def test_a_machine_without_a_header_has_no_opinion_on_pins_but_on_keys(tmp_path: Path):
    keys = (KeySpec("a", "1a86-e026", "KEY_A"), KeySpec("b", "1a86-e026", "KEY_A"), SwitchSpec("far", 99))
    assert refused(PanelSpec(switches=keys), detect(tmp_path)) == [
        ("b", "hid:1a86-e026:KEY_A", "the place is taken by key 'a'")
    ]
