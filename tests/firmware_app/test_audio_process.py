"""The audio process in this process, on an interface that does what each test wants."""

import os
import socket
import sys
from collections import Counter
from types import FrameType

import numpy as np
import pytest

from firmware_app import audio_process
from firmware_app.audio import device_watch
from firmware_app.audio.source import Opened
from firmware_app.audio_process import AudioProcess
from firmware_app.config.keys import Config
from firmware_app.config.places import Places
from firmware_app.link.wire import UP_BYTES, InfoFrame, SoundCheckStep, Up
from hw.audio.audio_io import IoStatus
from tests.rigs.scripted_interface import PERIOD, STREAMING, File, Interface, MakeProcess, blocks


def test_a_box_without_its_interface_waits_for_it(make_process: MakeProcess) -> None:
    later = Interface(blocks(60, IoStatus.GONE))
    assert make_process(None, None, later).run() == 0
    assert later.heard[-1].max() == 0.5


@pytest.mark.parametrize("kind", [Interface, File])
def test_one_loop_plays_and_checks_the_sound(make_process: MakeProcess, kind: type[Interface]) -> None:
    checked, played = kind(blocks(20, IoStatus.GONE)), kind(blocks(60, IoStatus.GONE))
    box = make_process(checked, played)
    box._check.ask(SoundCheckStep.HOLD)
    end_check_after(box, checked, 10)
    box.run()
    assert not np.concatenate(checked.heard).any()
    assert played.heard[-1].max() == 0.5


def end_check_after(box: AudioProcess, interface: Interface, count: int) -> None:
    """Let control end the sound check after so many blocks."""
    box._link.receive = lambda: box._check.ask(SoundCheckStep.END) if len(interface.heard) == count else None


def test_the_loop_adds_few_calls_to_a_block(make_process: MakeProcess) -> None:
    """Each costs about a tenth of a microsecond on a PC, ten times as much on a small board, in every block."""
    interface = Interface(blocks(400, IoStatus.GONE))
    box, calls = make_process(interface), Counter[str]()
    box._telemetry.due = lambda now: False
    read_into = interface.read_into

    def count(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if event == "call" and "/firmware_app/" in code.co_filename and "/tests/" not in code.co_filename:
            calls[code.co_qualname] += 1

    def read(block: np.ndarray) -> IoStatus:
        if len(interface.heard) in (100, 300):
            sys.setprofile(count if len(interface.heard) == 100 else None)
        return read_into(block)

    interface.read_into = read
    box.run()
    assert sum(calls.values()) <= 21 * 200, calls  # four of them for the recorder


def test_a_device_that_fails_at_once_is_not_opened_in_a_busy_loop(
    make_process: MakeProcess, caplog: pytest.LogCaptureFixture
) -> None:
    box = make_process(*[Interface([IoStatus.GONE]) for _ in range(3)])
    box.run()
    assert np.diff(box._source.opened_at).min() >= 0.1
    assert "no room on the bus" in caplog.text


def test_a_device_that_hangs_is_opened_again_and_said_once(
    make_process: MakeProcess, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_watch, "PATIENCE_S", 0.0)
    hung = [Interface(blocks(3, IoStatus.TIMEOUT, IoStatus.TIMEOUT)) for _ in range(3)]
    box = make_process(*hung, well := Interface(blocks(60, IoStatus.GONE)))
    box._info.describe = lambda opened, tell=box._info.describe: (told.append(opened.message), tell(opened))
    told: list[str] = []
    with caplog.at_level("INFO"):
        box.run()
    assert well.heard[-1].max() == 0.5
    assert caplog.text.count("no sound for 0 s, opening it again") == 1
    assert caplog.text.count("is open again after") == 1
    assert "test interface: no sound for 0 s, opening it again" in told
    assert told[-3] == ""  # sound was back; then it went for good


class LateBox(Interface):
    """Runs at `rate_hz` on a clock of its own; a box that is late with every 40th block loses 8 ms."""

    def __init__(self, rate_hz: int, seconds: float) -> None:
        count = int(seconds * rate_hz / PERIOD)
        writes = [IoStatus.XRUN if rate_hz == 48_000 and at % 40 == 39 else IoStatus.OK for at in range(count)]
        super().__init__(blocks(count, IoStatus.GONE), writes)
        self.now, self._period_s = 0.0, PERIOD / rate_hz

    def read_into(self, block: np.ndarray) -> IoStatus:
        self.now += self._period_s
        return super().read_into(block)

    def write(self, block: np.ndarray) -> IoStatus:
        status = super().write(block)
        self.now += 0.008 if status is IoStatus.XRUN else 0.0
        return status


@pytest.mark.parametrize(("rate_hz", "reopened"), [(48_000, False), (44_100, True)])
def test_underruns_are_not_taken_for_a_slow_clock(make_process: MakeProcess, rate_hz: int, reopened: bool) -> None:
    box = make_process(interface := LateBox(rate_hz, seconds=6.0))
    box._watch._clock = lambda: interface.now
    box.run()
    assert ("its clock went from 48000 to about 44100 Hz" in box._watch.trouble) == reopened
    assert ("no room on the bus" in box._watch.trouble) != reopened


def test_a_device_that_never_gives_sound_keeps_its_reason_on_the_page(
    make_process: MakeProcess,
) -> None:
    box = make_process(*[Interface([IoStatus.GONE]) for _ in range(3)])
    told: list[str] = []
    box._info.describe = lambda opened, tell=box._info.describe: (told.append(opened.message), tell(opened))
    box.run()
    assert told[0] == ""
    assert set(told[1:-1]) == {"test interface: no room on the bus"}


def test_only_streaming_is_real_time(make_process: MakeProcess) -> None:
    """Opening takes long enough to be killed as a runaway; Source.open checks too."""
    first, second = Interface(blocks(3, IoStatus.GONE)), Interface([IoStatus.GONE])
    make_process(first, None, second).run()
    assert first.started_in_real_time
    assert second.started_in_real_time
    assert STREAMING == [True, False, True, False]


def test_too_much_work_ends_real_time_and_not_the_process(
    make_process: MakeProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGXCPU as the kernel sends it; real time again once the load is as it should be."""
    interface = Interface(blocks(400, IoStatus.GONE))
    box = make_process(interface)
    monkeypatch.setattr(box._telemetry, "due", lambda now: True)
    heavy = [False]
    monkeypatch.setattr(type(box._health), "too_much", property(lambda self: heavy[0]))
    process = box._rack.process

    def busy(block: np.ndarray, out: np.ndarray) -> None:
        process(block, out)
        if len(interface.heard) == 100:
            heavy[0] = True
            box._out_of_time()
        heavy[0] = heavy[0] and len(interface.heard) < 300
        if 110 < len(interface.heard) < 290:
            assert STREAMING[-1:] == [False]

    monkeypatch.setattr(box._rack, "process", busy)
    box.run()
    assert STREAMING == [True, False, True, False]


@pytest.mark.parametrize("way", ["reads", "writes"])
def test_sound_fades_in_after_an_xrun_of_either_direction(make_process: MakeProcess, way: str) -> None:
    io = Interface(**{"reads": blocks(100, IoStatus.GONE), way: blocks(50, IoStatus.XRUN, *blocks(49, IoStatus.GONE))})
    make_process(io).run()
    lost = 50 if way == "reads" else 51  # a block that is written during an xrun is not heard
    sound = np.abs(np.concatenate(io.heard[lost:]))
    assert io.heard[lost - 2].max() == 0.5
    assert sound[0] == 0.0
    assert np.abs(np.diff(sound)).max() < 0.5 / 1000
    assert sound[-1] == 0.5


def test_sound_goes_on_without_room_for_before_and_after(
    make_process: MakeProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    io = Interface(blocks(60, IoStatus.GONE))
    assert make_process(io).run() == 0
    assert io.heard[-1].max() == 0.5


def test_news_of_the_device_waits_for_room_in_the_socket(make_process: MakeProcess, audio_places: Places) -> None:
    box = make_process()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as control:
        control.connect(str(audio_places.runtime / "link.sock"))
        assert box._link.accept()
        while box._link.send(InfoFrame()):  # control is busy elsewhere
            pass
        box._info.describe(Opened(None, False, "the interface is gone"))
        control.setblocking(False)
        messages = []
        for _ in range(2):
            box._telemetry._due = 0.0
            try:
                while True:
                    messages.append(control.recv(UP_BYTES))
            except BlockingIOError:
                box._tell()
    infos = [InfoFrame.unpack(m).message for m in messages if m[0] == Up.INFO]
    assert infos[-1] == "the interface is gone"


def test_what_went_wrong_is_left_for_the_next_start(audio_places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("no such thing")

    monkeypatch.setattr(audio_process, "AudioProcess", fails)
    with pytest.raises(RuntimeError):
        audio_process.main(Config(), audio_places)
    assert (audio_places.runtime / "audio.last_words").read_text() == "RuntimeError: no such thing"
