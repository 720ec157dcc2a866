"""The audio process in this process, on an interface that does what each test wants."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dsp.rack.dry_path import MUTE
from firmware_app import audio_process
from firmware_app.audio import device_life, self_care
from firmware_app.audio.source import AudioSource, Opened
from firmware_app.audio_process import AudioProcess
from firmware_app.config.keys import AudioConfig, Config, ModelConfig
from firmware_app.config.places import Places
from firmware_app.kept.param_table import PARAMS
from firmware_app.kept.store import Store
from firmware_app.link.shared_state import values_in_force
from firmware_app.link.shed import Shed
from firmware_app.link.wire import UP_BYTES, Down, HealthFrame, InfoFrame, Up
from firmware_app.running import realtime
from hw.audio.audio_io import IoFormat, IoStatus
from tests.conftest import MakeUsb

PERIOD = 128
STREAMING: list[bool] = []
"""What realtime.stream() was asked for, in order."""


class Interface:
    """Sound at half scale; `reads` and `writes` say what becomes of each block, OK after their end."""

    name, latency_frames, xruns = "test interface", 0, 0

    def __init__(self, reads: list[IoStatus] | None = None, writes: list[IoStatus] | None = None) -> None:
        self.format = IoFormat(48_000, PERIOD, 3, "S24_3LE", 1, 1, (1,), (1,), PERIOD)
        self.gone_reason = ""
        self.heard: list[np.ndarray] = []
        self.starts = 0
        self._reads, self._writes = list(reads or []), list(writes or [])

    def start(self) -> None:
        self.starts += 1
        self.started_in_real_time = STREAMING[-1:] == [True]

    def read_into(self, block: np.ndarray) -> IoStatus:
        status = self._reads.pop(0) if self._reads else IoStatus.OK
        block.fill(0.5 if status is IoStatus.OK else 0.0)
        return self._told(status)

    def write(self, block: np.ndarray) -> IoStatus:
        self.heard.append(block[:, 0].copy())
        return self._told(self._writes.pop(0) if self._writes else IoStatus.OK)

    def _told(self, status: IoStatus) -> IoStatus:
        if status is IoStatus.GONE:
            self.gone_reason = "test interface: no room on the bus"
        return status

    def close(self) -> None: ...


class Source:
    """Hands out `interfaces` in order, None for one that is not there; then the box stops."""

    def __init__(self, box: AudioProcess, interfaces: list[Interface | None]) -> None:
        self._box, self._left = box, interfaces
        self.opened_at: list[float] = []

    def open(self) -> Opened:
        self.opened_at.append(time.monotonic())
        assert STREAMING[-1:] != [True]
        if not self._left:
            self._box._stop()
            return Opened(None, False, "")
        io = self._left.pop(0)
        return Opened(io, False, "" if io else "test interface: not there")


@pytest.fixture
def places(tmp_path: Path) -> Iterator[Places]:
    runtime = Path("/dev/shm" if os.path.isdir("/dev/shm") else tmp_path) / f"hushbox-test-{os.getpid()}"
    found = Places(models=tmp_path, assets=tmp_path, state=tmp_path / "state", runtime=runtime)
    found.make_runtime()
    yield found
    for file in runtime.iterdir():
        file.unlink()
    runtime.rmdir()


@pytest.fixture
def make(places: Places, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., AudioProcess]]:
    """A box without a model: sound passes through the chain's own steps."""
    monkeypatch.setattr(realtime, "enter", list)
    STREAMING.clear()
    monkeypatch.setattr(realtime, "stream", STREAMING.append)
    monkeypatch.setattr(realtime, "still_the_collector", lambda: None)
    monkeypatch.setattr(audio_process.signal, "signal", lambda *_: None)
    monkeypatch.setattr(audio_process, "REOPEN_S", 0.1)

    boxes = []

    def box(*interfaces: Interface | None) -> AudioProcess:
        config = Config(audio=AudioConfig(period_frames=PERIOD), model=ModelConfig(bundle="/nowhere"))
        made = AudioProcess(config, places)
        made._source = Source(made, list(interfaces))
        boxes.append(made)
        return made

    yield box
    for made in boxes:
        made._link.close()


def blocks(count: int, *others: IoStatus) -> list[IoStatus]:
    return [IoStatus.OK] * count + list(others)


def test_a_box_without_its_interface_waits_for_it(make: Callable[..., AudioProcess]) -> None:
    later = Interface(blocks(60, IoStatus.GONE))
    assert make(None, None, later).run() == 0
    assert later.heard[-1].max() == 0.5


def test_a_device_that_fails_at_once_is_not_opened_in_a_busy_loop(
    make: Callable[..., AudioProcess], caplog: pytest.LogCaptureFixture
) -> None:
    box = make(*[Interface([IoStatus.GONE]) for _ in range(3)])
    box.run()
    assert np.diff(box._source.opened_at).min() >= 0.1
    assert "no room on the bus" in caplog.text


def test_a_device_that_hangs_is_opened_again_and_said_once(
    make: Callable[..., AudioProcess], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_life, "PATIENCE_S", 0.0)
    hung = [Interface(blocks(3, IoStatus.TIMEOUT, IoStatus.TIMEOUT)) for _ in range(3)]
    box = make(*hung, well := Interface(blocks(60, IoStatus.GONE)))
    box._describe = lambda opened, tell=box._describe: (told.append(opened.message), tell(opened))
    told: list[str] = []
    with caplog.at_level("INFO"):
        box.run()
    assert well.heard[-1].max() == 0.5
    assert caplog.text.count("no sound for 0 s, opening it again") == 1
    assert caplog.text.count("is open again after") == 1
    assert "test interface: no sound for 0 s, opening it again" in told
    assert told[-3] == ""  # sound was back; then it went for good


def test_a_device_that_never_gives_sound_keeps_its_reason_on_the_page(make: Callable[..., AudioProcess]) -> None:
    box = make(*[Interface([IoStatus.GONE]) for _ in range(3)])
    told: list[str] = []
    box._describe = lambda opened, tell=box._describe: (told.append(opened.message), tell(opened))
    box.run()
    assert told[0] == ""
    assert set(told[1:-1]) == {"test interface: no room on the bus"}


def test_only_streaming_is_real_time(make: Callable[..., AudioProcess]) -> None:
    """Opening takes long enough to be killed as a runaway; Source.open checks too."""
    first, second = Interface(blocks(3, IoStatus.GONE)), Interface([IoStatus.GONE])
    make(first, None, second).run()
    assert first.started_in_real_time
    assert second.started_in_real_time
    assert STREAMING == [True, False, True, False]


def test_a_long_preparation_is_no_runaway() -> None:
    script = (
        "import os, time; from firmware_app.running import realtime; realtime.enter(); start = time.process_time()\n"
        "while time.process_time() - start < 0.6: pass\n"
        "print(os.sched_getscheduler(0) == os.SCHED_OTHER)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr


def test_too_much_work_ends_real_time_and_not_the_process(
    make: Callable[..., AudioProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGXCPU as the kernel sends it; real time again once the load is as it should be."""
    interface = Interface(blocks(400, IoStatus.GONE))
    box = make(interface)
    monkeypatch.setattr(box._telemetry, "due", lambda now: True)
    heavy = [False]
    monkeypatch.setattr(type(box._care), "too_much", property(lambda self: heavy[0]))
    process = box._rack.process

    def busy(block: np.ndarray, out: np.ndarray) -> None:
        process(block, out)
        if len(interface.heard) == 100:
            heavy[0] = True
            box._out_of_breath()
        heavy[0] = heavy[0] and len(interface.heard) < 300
        if 110 < len(interface.heard) < 290:
            assert STREAMING[-1:] == [False]

    monkeypatch.setattr(box._rack, "process", busy)
    box.run()
    assert STREAMING == [True, False, True, False]


def test_a_runaway_in_real_time_is_told_and_then_killed() -> None:
    """The kernel's part: the handler runs, and who ignores it is killed soon."""
    script = (
        "import os, signal, time; from firmware_app.running import realtime\n"
        "signal.signal(signal.SIGXCPU, lambda *_: print(realtime.stream(False) or 'told', flush=True))\n"
        "if realtime.stream(True): print('refused'); raise SystemExit\n"
        "start = time.process_time()\n"
        "while time.process_time() - start < 0.7: pass\n"
        "print('alive', flush=True)\n"
        "signal.signal(signal.SIGXCPU, signal.SIG_IGN); realtime.stream(True); time.sleep(0.01)\n"
        "while time.process_time() - start < 5.0: pass\n"
        "print('never killed')"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    if done.stdout.startswith("refused"):
        pytest.skip("this user may not use real-time scheduling")
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, "told\nalive\n"), done.stderr


@pytest.mark.parametrize("way", ["reads", "writes"])
def test_sound_fades_in_after_an_xrun_of_either_direction(make: Callable[..., AudioProcess], way: str) -> None:
    io = Interface(**{"reads": blocks(100, IoStatus.GONE), way: blocks(50, IoStatus.XRUN, *blocks(49, IoStatus.GONE))})
    make(io).run()
    lost = 50 if way == "reads" else 51  # a block that is written during an xrun is not heard
    sound = np.concatenate(io.heard[lost:])
    assert io.heard[lost - 2].max() == 0.5
    assert sound[0] == 0.0
    assert np.abs(np.diff(sound)).max() < 0.5 / 1000
    assert sound[-1] == 0.5


def test_sound_goes_on_without_room_for_before_and_after(
    make: Callable[..., AudioProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    io = Interface(blocks(60, IoStatus.GONE))
    assert make(io).run() == 0
    assert io.heard[-1].max() == 0.5


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 7.0, -1.0, 0.5])
def test_a_value_that_cannot_be_changes_nothing(
    make: Callable[..., AudioProcess], places: Places, value: float
) -> None:
    box = make()
    index = list(PARAMS).index(MUTE.id)
    box._set(index, 1.0)
    box._link.receive = iter([(Down.PARAM, index, value), (Down.PARAM, 60_000, 1.0), (77, 0, 0.0), None]).__next__
    box._take_changes()
    assert box._rack.param(MUTE.id) == 1.0
    values = values_in_force(places.runtime / "audio.shm", box._info.params_hash, len(PARAMS))
    assert values is not None
    assert values[index] == 1.0


def test_a_mute_that_only_the_disk_knows_holds(make: Callable[..., AudioProcess], places: Places) -> None:
    make()._link.close()  # leaves its values behind: not muted
    Store(places.state, PARAMS).save({MUTE.id: 1.0})  # muted while the audio process was down
    assert make()._rack.param(MUTE.id) == 1.0


def test_rubbish_in_memory_gives_way_to_what_was_saved(make: Callable[..., AudioProcess], places: Places) -> None:
    index = list(PARAMS).index(MUTE.id)
    first = make()
    first._shared.set(index, 1e300)
    first._link.close()
    Store(places.state, PARAMS).save({MUTE.id: 1.0})
    assert make()._rack.param(MUTE.id) == 1.0


def test_the_audio_process_leaves_a_bad_settings_file_to_control(
    make: Callable[..., AudioProcess], places: Places
) -> None:
    places.make_state()
    (places.state / "state.json").write_text("{")
    make()
    assert [path.name for path in places.state.iterdir()] == ["state.json"]


@pytest.mark.parametrize(
    ("frames", "channels", "rate_hz", "says"),
    [(4800, 6, 48_000, "6 channels: a demo has 1 or 2"), (1, 1, 192_000, "too short a sound file")],
)
def test_a_demo_that_cannot_be_played_says_why(
    places: Places, tmp_path: Path, frames: int, channels: int, rate_hz: int, says: str
) -> None:
    soundfile.write(tmp_path / "demo.wav", np.full((frames, channels), 0.1), rate_hz)
    opened = AudioSource(AudioConfig(device="demo", demo_file=str(tmp_path / "demo.wav")), places).open()
    assert opened.io is None
    assert says in opened.message


@pytest.mark.rig
def test_what_the_interface_does_otherwise_is_said(
    places: Places, make_usb: MakeUsb, caplog: pytest.LogCaptureFixture
) -> None:
    usb = make_usb(rates=96_000)
    with caplog.at_level("INFO"):
        opened = AudioSource(AudioConfig(device=usb.device), places).open()
    assert opened.io is not None
    opened.io.close()
    assert "runs at 96000 Hz: resampling adds" in caplog.text


def test_news_of_the_device_waits_for_room_in_the_socket(make: Callable[..., AudioProcess], places: Places) -> None:
    box = make()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as control:
        control.connect(str(places.runtime / "link.sock"))
        assert box._link.accept()
        while box._link.send(InfoFrame()):  # control is busy elsewhere
            pass
        box._describe(Opened(None, False, "the interface is gone"))
        control.setblocking(False)
        messages = []
        for _ in range(2):
            box._telemetry._due = 0.0
            try:
                while True:
                    messages.append(control.recv(UP_BYTES))
            except BlockingIOError:
                box._between_blocks(audio_process.State.WAITING, None)
    infos = [InfoFrame.unpack(m).message for m in messages if m[0] == Up.INFO]
    assert infos[-1] == "the interface is gone"


def crashed_before(places: Places, safe_for_s: float) -> None:
    """Leave the record of a row of crashes behind."""
    now = time.monotonic()
    record = {
        "running": True,
        "began_s": now - 1,
        "crashes_s": [now - 1],
        "safe_until_s": now + safe_for_s,
        "times_safe": 1,
    }
    (places.runtime / "audio.starts").write_text(json.dumps(record))


class Silent(Interface):
    def read_into(self, block: np.ndarray) -> IoStatus:
        time.sleep(0.001)
        status = super().read_into(block)
        block.fill(0.0)
        return status


def test_safe_mode_ends_by_itself_in_a_pause(
    make: Callable[..., AudioProcess], places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    crashed_before(places, safe_for_s=0.0)
    monkeypatch.setattr(self_care, "QUIET_S", 0.2)
    box = make(Silent())  # plays for ever
    assert box._care.safe
    assert box._rack.model_name == ""
    assert box.run() == 0
    assert not make()._care.safe


def test_safe_mode_does_not_end_while_somebody_plays(
    make: Callable[..., AudioProcess], places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    crashed_before(places, safe_for_s=0.0)
    monkeypatch.setattr(self_care, "QUIET_S", 0.2)

    class Loud(Interface):
        def read_into(self, block: np.ndarray) -> IoStatus:
            time.sleep(0.001)
            return super().read_into(block)

    box = make(Loud(blocks(600, IoStatus.GONE)))
    box.run()
    assert not box._start_anew
    assert make()._care.safe, "an ordinary end leaves it as it was"


def test_what_went_wrong_is_left_for_the_next_start(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("no such thing")

    monkeypatch.setattr(audio_process, "AudioProcess", fails)
    with pytest.raises(RuntimeError):
        audio_process.main(Config(), places)
    assert (places.runtime / "audio.last_words").read_text() == "RuntimeError: no such thing"


def test_too_much_work_is_shed_and_told(make: Callable[..., AudioProcess], monkeypatch: pytest.MonkeyPatch) -> None:
    """On a clock of the test's own, every block takes nine tenths of its deadline."""
    interface = Interface(blocks(2500, IoStatus.GONE))
    box = make(interface)
    told: list[HealthFrame] = []
    monkeypatch.setattr(box._link, "send", lambda frame: told.append(frame) or True)
    monkeypatch.setattr(box._telemetry, "due", lambda now: len(interface.heard) % 50 == 0)
    now = [100.0]

    def perf_counter() -> float:
        now[0] += 0.9 * PERIOD / 48_000
        return now[0]

    monkeypatch.setattr(audio_process.time, "perf_counter", perf_counter)
    box._care._shedder._clock = lambda: len(interface.heard) * PERIOD / 48_000
    box.run()
    steps = [frame.shed for frame in told if isinstance(frame, HealthFrame)]
    assert steps == [Shed.NOTHING, Shed.SPECTRUM, Shed.LISTEN, Shed.STEMS, Shed.DRY]
    assert not box._care.keeps_before_and_after
    assert [frame.sheds for frame in told if isinstance(frame, HealthFrame)][-1] == 4
