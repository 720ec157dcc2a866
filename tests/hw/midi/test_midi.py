"""MIDI over real file descriptors: a pseudo terminal is the wire, everything on our side is what the box runs."""

import select
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty, Queue

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw import threads
from hw.controls.events import PanelEvent, ProgramEvent, TempoEvent, TurnEvent
from hw.controls.kinds import MidiKnobSpec, MidiSpec, MidiSwitchSpec
from hw.controls.spec import PanelSpec
from hw.midi.messages import MidiMessage, MidiParser
from hw.midi.midi import MidiThread, feedback_messages
from hw.midi.ports import explain_port, find_midi_ports
from hw.midi.routes import MidiRoutes
from tests.rigs.midi_cable import LONG_S, Cable

numbers = st.integers(0, 127)
messages = st.one_of(
    st.builds(MidiMessage, st.sampled_from(["note", "cc"]), st.integers(1, 16), numbers, numbers),
    st.builds(MidiMessage, st.just("program"), st.integers(1, 16), numbers),
    st.builds(MidiMessage, st.just("pitch"), st.integers(1, 16), st.just(0), st.integers(0, 16383)),
)


@given(st.lists(messages, max_size=20), st.booleans(), st.lists(st.integers(0xF8, 0xFF), max_size=10), st.data())
def test_any_stream_is_read_as_it_was_sent(
    sent: list[MidiMessage], running: bool, realtime: list[int], data: st.DataObject
):
    stream, status = bytearray(), 0
    for message in sent:
        wire = message.bytes()
        stream += wire[1:] if running and wire[0] == status else wire
        status = wire[0]
    for byte in realtime:  # a clock byte may come anywhere, also inside a message
        stream.insert(data.draw(st.integers(0, len(stream))), byte)
    cut = data.draw(st.integers(0, len(stream)))
    parser = MidiParser()
    assert parser.feed(stream[:cut]) + parser.feed(stream[cut:]) == sent


def test_what_is_no_message_is_passed_over():
    parser = MidiParser()
    assert parser.feed([64, 64, 0xF0, 1, 2, 3, 0xF7, 64, 64, 0xD1, 5, 0xA1, 5, 6]) == []
    assert parser.feed([0x82, 60, 99]) == [MidiMessage("note", 3, 60, 0)]
    assert parser.feed([0xB0, 7, 0xF1, 1, 9]) == []  # a system message ends the running status


class Box:
    def __init__(self, root: Path, spec: MidiSpec) -> None:
        self.heard: Queue[tuple[str, MidiMessage | None]] = Queue()
        self.thread = MidiThread(
            spec,
            lambda port, message: self.heard.put((port, message)),
            lambda port: self.heard.put((port, None)),
            root,
        )
        self.thread.start()

    def next(self) -> tuple[str, MidiMessage | None]:
        return self.heard.get(timeout=LONG_S)

    def wait(self, ready: Callable[[], bool]) -> None:
        end = time.monotonic() + LONG_S
        while not ready():
            assert time.monotonic() < end
            self.thread.rescan()
            time.sleep(0.005)

    def has(self, *ports: str) -> None:
        self.wait(lambda: sorted(self.thread.ports) == sorted(ports))


@pytest.fixture
def plug(tmp_path: Path) -> Iterator[Callable[[str], Cable]]:
    cables: list[Cable] = []

    def plug_in(file: str = "dev/snd/midiC1D0") -> Cable:
        cables.append(Cable(tmp_path, file))
        return cables[-1]

    (tmp_path / "proc/asound/card1").mkdir(parents=True)
    (tmp_path / "proc/asound/card1/id").write_text("FCB1010\n")
    yield plug_in
    for cable in cables:
        cable.unplug()


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Callable[..., Box]]:
    boxes: list[Box] = []

    def start(**spec: object) -> Box:
        boxes.append(Box(tmp_path, MidiSpec(**spec)))  # type: ignore[arg-type]
        return boxes[-1]

    yield start
    for running in boxes:
        assert running.thread.end()


def test_a_usb_port_is_heard_under_its_card_s_name(plug: Callable[..., Cable], box: Callable[..., Box]):
    cable, running = plug(), box()
    running.has("FCB1010")
    cable.send(b"\xb0\x40\x7f\x41")
    assert running.next() == ("FCB1010", MidiMessage("cc", 1, 64, 127))
    cable.send(b"\x00\xc2\x05")
    assert running.next() == ("FCB1010", MidiMessage("cc", 1, 65, 0))
    assert running.next() == ("FCB1010", MidiMessage("program", 3, 5))


def test_a_port_may_be_unplugged_and_plugged_in_at_any_time(plug: Callable[..., Cable], box: Callable[..., Box]):
    running = box()
    for _ in range(3):
        cable = plug()
        running.has("FCB1010")
        cable.send(b"\x90\x3c")  # half a message, then gone
        cable.unplug()
        assert running.next() == ("FCB1010", None)
        running.has()
    cable = plug()
    running.has("FCB1010")
    cable.send(b"\x90\x3c\x40")
    assert running.next() == ("FCB1010", MidiMessage("note", 1, 60, 64))


def test_a_cable_that_hangs_up_is_noticed_without_a_scan(
    plug: Callable[..., Cable], box: Callable[..., Box], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(threads, "SCAN_S", 1000.0)
    cable, running = plug(), box()
    running.has("FCB1010")
    cable.unplug()
    assert running.next() == ("FCB1010", None)


def test_serial_midi_is_read_at_its_odd_speed(plug: Callable[..., Cable], box: Callable[..., Box]):
    cable = plug("dev/ttyAMA0")
    running = box(usb=False, serial=(str(cable.path),))
    running.has("ttyAMA0")
    cable.send(b"\xb1\x07\x10\x07\x11")
    assert [running.next()[1] for _ in range(2)] == [MidiMessage("cc", 2, 7, 16), MidiMessage("cc", 2, 7, 17)]
    running.thread.send("*", MidiMessage("cc", 2, 9, 3))
    assert cable.receive(3) == b"\xb1\x09\x03"


def test_feedback_goes_out_comes_again_after_a_replug_and_is_no_echo(
    plug: Callable[..., Cable], box: Callable[..., Box]
):
    cable, running = plug(), box()
    running.has("FCB1010")
    running.thread.send("FCB1010", MidiMessage("cc", 1, 7, 100))
    assert cable.receive(3) == b"\xb0\x07\x64"
    cable.send(b"\xb0\x07\x20")  # the fader was moved; Control says so to everyone
    assert running.next()[1] == MidiMessage("cc", 1, 7, 32)
    running.thread.send("FCB1010", MidiMessage("cc", 1, 7, 32))
    running.thread.send("another", MidiMessage("cc", 1, 7, 5))
    assert cable.quiet()
    cable.unplug()
    assert running.next() == ("FCB1010", None)
    running.has()
    assert plug().receive(3) == b"\xb0\x07\x20"


def test_a_value_that_comes_back_to_where_the_hand_was_is_sent_again(
    plug: Callable[..., Cable], box: Callable[..., Box]
):
    cable, running = plug(), box()
    running.has("FCB1010")
    cable.send(b"\xb0\x07\x20")
    assert running.next()[1] == MidiMessage("cc", 1, 7, 32)
    for value in (50, 32):  # the phone moves it away and back
        running.thread.send("*", MidiMessage("cc", 1, 7, value))
        assert cable.receive(3) == bytes((0xB0, 7, value))


def test_what_a_port_did_itself_is_shown_only_when_it_comes_back(plug: Callable[..., Cable], box: Callable[..., Box]):
    cable, running = plug(), box()
    running.has("FCB1010")
    running.thread.send("*", MidiMessage("cc", 1, 7, 100))
    assert cable.receive(3) == b"\xb0\x07\x64"
    running.thread.send("*", MidiMessage("cc", 1, 7, 20), now=False)
    assert cable.quiet()
    cable.unplug()
    assert running.next() == ("FCB1010", None)
    running.has()
    assert plug().receive(3) == b"\xb0\x07\x14"


def test_a_hand_is_newer_than_what_still_waits_to_be_shown(tmp_path: Path, plug: Callable[..., Cable]):
    cable, heard = plug(), []
    thread = MidiThread(MidiSpec(), lambda port, message: heard.append(message), lambda port: None, tmp_path)
    thread.scan()
    thread.send("*", MidiMessage("cc", 1, 7, 50))
    cable.send(b"\xb0\x07\x20")
    (fd,) = thread._ports
    assert select.select([fd], [], [], LONG_S)[0]
    thread.ready(fd, select.POLLIN)
    thread.before_sleep()
    assert heard == [MidiMessage("cc", 1, 7, 32)]
    assert cable.quiet()
    thread.shut()


def test_a_port_that_takes_nothing_gets_only_the_last_values(plug: Callable[..., Cable], box: Callable[..., Box]):
    cable, running = plug(), box()
    running.has("FCB1010")
    for value in range(20_000):  # far more than the wire holds
        running.thread.send("*", MidiMessage("cc", 1 + value % 16, 7, value % 128))
    cable.send(b"\xb0\x01\x02")
    assert running.next()[1] == MidiMessage("cc", 1, 1, 2)  # and it listens meanwhile
    last, got = bytes((0xBF, 7, 19_999 % 128)), b""
    while not got.endswith(last):
        got += cable.receive(3)
    assert len(got) <= 60_000


def test_a_clock_that_comes_in_tells_its_beats(plug: Callable[..., Cable], tmp_path: Path):
    cable, told = plug(), Queue[TempoEvent]()
    thread = MidiThread(MidiSpec(clock="in"), lambda *_: None, lambda port: None, tmp_path, told.put)
    thread.start()
    for _ in range(3 * 24 + 1):
        cable.send(b"\xf8")
        time.sleep(0.015)  # at most 167 beats a minute: faster than the fastest would be told as none
    event = told.get(timeout=LONG_S)
    assert (event.port, 20.0 < event.bpm < 400.0) == ("FCB1010", True)
    assert thread.end()


def test_a_tempo_goes_out_as_a_clock_between_other_messages(plug: Callable[..., Cable], box: Callable[..., Box]):
    cable, running = plug(), box(clock="out")
    running.has("FCB1010")
    assert cable.quiet()
    running.thread.follow(300.0, time.monotonic())
    assert cable.receive(24) == b"\xf8" * 24
    running.thread.send("*", MidiMessage("cc", 1, 7, 100))
    got = b""
    while b"\xb0\x07\x64" not in got:
        got += cable.receive(1)
    running.thread.follow(None, 0.0)
    while not cable.quiet():
        cable.receive(1)


def test_a_kernel_without_proc_asound_names_its_cards_in_sys(tmp_path: Path, plug: Callable[..., Cable]):
    plug()
    (tmp_path / "proc/asound/card1/id").unlink()
    assert [place.name for place in find_midi_ports(tmp_path)] == ["card1"]
    (tmp_path / "sys/class/sound/card1").mkdir(parents=True)
    (tmp_path / "sys/class/sound/card1/id").write_text("FCB1010\n")
    assert [place.name for place in find_midi_ports(tmp_path)] == ["FCB1010"]


def test_a_card_with_four_ports_has_four_names(tmp_path: Path, plug: Callable[..., Cable]):
    plug()
    (tmp_path / "proc/asound/card1/midi0").write_text("MIDI4x4\n\nOutput 0\n  Tx bytes : 0\nInput 0\nInput 3\n")
    assert [place.name for place in find_midi_ports(tmp_path)] == ["FCB1010", "FCB1010-2", "FCB1010-3", "FCB1010-4"]
    assert find_midi_ports(tmp_path, usb=False) == []


def test_a_port_that_does_not_open_says_how_to_mend_it(
    tmp_path: Path, plug: Callable[..., Cable], box: Callable[..., Box]
):
    (tmp_path / "dev/snd").mkdir(parents=True)
    (tmp_path / "dev/snd/midiC1D0").symlink_to("/dev/null/nowhere")
    running = box()
    running.wait(lambda: bool(running.thread.problems))
    assert running.thread.problems[0].startswith(f"MIDI port FCB1010 ({tmp_path}/dev/snd/midiC1D0) is off: ")
    (tmp_path / "dev/snd/midiC1D0").unlink()
    plug()
    running.has("FCB1010")
    assert running.thread.problems == []
    (place,) = find_midi_ports(tmp_path)
    assert "group audio" in explain_port(place, PermissionError(13, "Permission denied"))
    assert "another program has it" in explain_port(place, BlockingIOError(11, "Resource temporarily unavailable"))


# --- what messages do ---


class Routes:
    def __init__(self, spec: PanelSpec) -> None:
        self.contacts: list[tuple[str, bool]] = []
        self.events: list[PanelEvent] = []
        self.routes = MidiRoutes(spec, lambda name, closed: self.contacts.append((name, closed)), self.events.append)

    def take(self, *values: tuple[str, int, int, int]) -> None:
        for value in values:
            self.routes.take("P", MidiMessage(*value))

    @property
    def turns(self) -> list[tuple[str, float]]:
        return [(event.name, event.position) for event in self.events if isinstance(event, TurnEvent)]


def test_notes_and_controllers_are_switches():
    routes = Routes(
        PanelSpec(
            switches=(
                MidiSwitchSpec("note", "P", "note", 1, 60),
                MidiSwitchSpec("pedal", "*", "cc", 1, 64),
                MidiSwitchSpec("other", "Q", "cc", 1, 64),
            )
        )
    )
    routes.take(("note", 1, 60, 1), ("note", 1, 60, 0), ("cc", 1, 64, 63), ("cc", 1, 64, 64), ("cc", 2, 64, 127))
    assert routes.contacts == [("note", True), ("note", False), ("pedal", False), ("pedal", True)]
    routes.routes.gone("P")  # unplugged while held
    assert routes.contacts[-1] == ("pedal", False)


def test_controllers_and_pitch_bend_are_knobs():
    knobs = (MidiKnobSpec("seven", "P", "cc", 1, 7), MidiKnobSpec("bend", "P", "pitch", 1))
    routes = Routes(PanelSpec(knobs=knobs))
    routes.take(("cc", 1, 7, 127), ("cc", 1, 8, 1), ("pitch", 1, 0, 0), ("cc", 1, 7, 0))
    assert routes.turns == [("seven", 1.0), ("bend", 0.0), ("seven", 0.0)]


def test_a_fine_controller_waits_for_its_low_bits_once_it_has_shown_any():
    routes = Routes(PanelSpec(knobs=(MidiKnobSpec("fine", "P", "cc14", 1, 7),)))
    routes.take(("cc", 1, 39, 5), ("cc", 1, 7, 64), ("cc", 1, 39, 1), ("cc", 1, 7, 63), ("cc", 1, 39, 127))
    assert [position for _, position in routes.turns] == pytest.approx([64 / 127, 8193 / 16383, 8191 / 16383])


def test_a_program_change_needs_no_control():
    routes = Routes(PanelSpec())
    routes.take(("program", 4, 12, 0))
    (event,) = routes.events
    assert isinstance(event, ProgramEvent)
    assert (event.port, event.channel, event.program) == ("P", 4, 12)


@given(st.floats(0.0, 1.0), st.sampled_from(["cc", "cc14", "pitch"]))
def test_feedback_read_back_is_the_same_position(position: float, message: str):
    knob = MidiKnobSpec("k", "P", message, 1, 7)
    routes = Routes(PanelSpec(knobs=(knob,)))
    for _ in range(2):
        for sent in feedback_messages(knob, position):
            routes.routes.take("P", sent)
    assert routes.turns[-1][1] == pytest.approx(position, abs=0.004 if message == "cc" else 0.0001)


def test_the_thread_ends_while_it_waits(box: Callable[..., Box]):
    running = box()
    assert running.thread.end()
    assert running.thread not in threading.enumerate()
    with pytest.raises(Empty):
        running.heard.get_nowait()
