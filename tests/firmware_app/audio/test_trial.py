"""New audio settings tried on the virtual interface, and the sound check, by the audio process itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from dsp.analysis.round_trip import find
from firmware_app import audio_process
from firmware_app.audio import trial
from firmware_app.audio.sound_check import NAME, read_recording
from firmware_app.audio_process import AudioProcess
from firmware_app.config.audio_rules import AudioSettingsError
from firmware_app.config.keys import Config
from firmware_app.config.places import Places
from firmware_app.config.read import parse
from firmware_app.kept import audio as kept_audio
from firmware_app.kept.param_table import PARAMS
from firmware_app.link.control_end import ControlLink
from firmware_app.link.wire import Down, InfoFrame, InputsFrame, MeterFrame, SoundCheckStep, State
from firmware_app.running import realtime
from tests.conftest import MakeUsb
from tests.rigs.virtual_usb.rig import VirtualUsb


class Box:
    """An audio process in a thread, and the other end of its link."""

    def __init__(self, config: Config, places: Places) -> None:
        self.places = places
        self.meter, self.info, self.inputs = MeterFrame(), InfoFrame(), InputsFrame()
        self.process = AudioProcess(config, places)
        self._thread = threading.Thread(target=self.process.run, daemon=True)
        self.values = {id: spec.default for id, spec in PARAMS.items()}
        self.link = ControlLink(
            places.runtime / "link.sock", PARAMS, lambda: self.values,
            lambda meter: setattr(self, "meter", meter), lambda info: setattr(self, "info", info), lambda: None,
            lambda inputs: setattr(self, "inputs", inputs),
        )  # fmt: skip
        self._thread.start()
        self.link.start()
        self.until(lambda: self.meter.state == State.RUNNING)

    def until(self, true: Callable[[], bool], seconds: float = 20.0) -> None:
        give_up = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < give_up, (self.meter, self.info, self.inputs)
            time.sleep(0.01)

    def held_and(self, true: bool) -> bool:
        """Ask again, as control does while a page looks: a busy machine may need longer than one asking holds."""
        self.link.send_command(Down.CHECK, SoundCheckStep.HOLD)
        return true

    def try_settings(self, number: int, **changes: object) -> None:
        trial.leave(self.places.runtime, number, changes)
        self.link.send_reopen(number)
        self.until(lambda: self.info.trial == number and self.meter.state == State.RUNNING)

    def close(self) -> None:
        self.process._stop()
        self._thread.join(10)
        self.link.stop()


@pytest.fixture
def make_box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Box]]:
    monkeypatch.setattr(realtime, "enter", list)
    monkeypatch.setattr(realtime, "use_fifo", lambda on: "")
    monkeypatch.setattr(realtime, "turn_off_gc", lambda: None)
    monkeypatch.setattr(audio_process.signal, "signal", lambda *_: None)
    places = Places(models=tmp_path, assets=tmp_path, state=tmp_path / "state", runtime=tmp_path / "run")
    places.make_runtime()
    boxes = []

    def make(usb: VirtualUsb, more: str = "") -> Box:
        config = parse(f'[audio]\ndevice = "{usb.device}"\n{more}[model]\nbundle = "/nowhere"\nstems_bundle = "/no"\n')
        boxes.append(Box(config, places))
        return boxes[-1]

    yield make
    for box in boxes:
        box.close()


TONE = (0.25 * np.sin(np.arange(480_000) * 2 * np.pi * 100 / 48_000)).astype(np.float32)

rig = pytest.mark.rig


@rig
def test_new_settings_are_taken_without_a_restart_and_without_a_click(
    make_usb: MakeUsb, make_box: Callable[..., Box]
) -> None:
    usb = make_usb(capture=TONE, loop=True, patient=True)
    box = make_box(usb)
    usb.wait_played(24_000)
    box.try_settings(7, period_frames=256, periods=2)
    assert (box.info.refused, box.info.period_frames, box.info.periods) == ("", 256, 2)
    usb.wait_played(usb.counters["playback"]["frames"] + 48_000)
    sound = usb.recording()[:, 0] / 2**31
    quiet = np.flatnonzero(np.abs(sound) > 0.2)
    assert np.diff(quiet).max() > 3_000  # it was closed and opened
    # A tone of 100 Hz moves by 0.0033 a frame at most; a ramp of 10 ms adds little: no step anywhere.
    assert np.abs(np.diff(sound)).max() < 0.006


@rig
@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"input_channels": [7]}, "input channel 7"),
        ({"device": "hw:CARD=Nothing"}, "no capture there"),
        ({"period_frames": 7}, "period_frames = 7"),
        ({"record_to": "/etc/passwd"}, "cannot be set here"),
        ({"output_channels": [1], "input_channels": [1, 2]}, "need two of them"),
    ],
)
def test_what_the_device_refuses_is_said_and_the_old_settings_stay(
    make_usb: MakeUsb, make_box: Callable[..., Box], changes: dict[str, object], says: str
) -> None:
    usb = make_usb(capture=TONE, loop=True)
    box = make_box(usb)
    box.values["box.mute"] = 1.0
    box.link.send_param("box.mute", 1.0)
    box.until(lambda: box.process._rack.param("box.mute") == 1.0)
    usb.wait_played(usb.counters["playback"]["frames"] + 4800)  # what was on its way before
    before = box.process._settings.audio
    box.try_settings(1, **changes)
    assert says in box.info.refused
    assert box.process._settings.audio == before
    assert usb.device in box.info.device
    assert box.process._rack.param("box.mute") == 1.0
    at = usb.counters["playback"]["frames"]
    usb.wait_played(at + 24_000)
    assert not usb.recording()[at:].any()  # muted all along


@rig
def test_a_device_that_opens_and_stays_silent_gives_way(make_usb: MakeUsb, make_box: Callable[..., Box]) -> None:
    usb = make_usb(capture=TONE, loop=True)
    box = make_box(usb)
    trial.leave(box.places.runtime, 3, {"period_frames": 64})
    box.process._settings.ask(3)
    opened = box.process._settings.open(_NeverSounding(), "voice")
    assert opened.io is not None
    box.process._settings.ran(0.2, "", _NeverSounding())
    assert "no sound comes from it" in box.process._settings.refused
    assert box.process._settings.audio.period_frames == 128


class _NeverSounding:
    def use(self, config: object) -> None: ...

    def open(self, chain: str, *, exactly: bool = False) -> audio_process.Opened:
        return audio_process.Opened(object(), False, "")  # type: ignore[arg-type]


@rig
def test_all_inputs_are_metered_while_the_outputs_are_silent(make_usb: MakeUsb, make_box: Callable[..., Box]) -> None:
    levels = np.array([0.0, 0.5, 0.1, 0.0], np.float32)
    sound = np.tile(np.sign(TONE)[:, None] * levels, (1, 1)).astype(np.float32)
    usb = make_usb(capture=sound, loop=True, capture_channels=4)
    box = make_box(usb)
    box.link.send_command(Down.CHECK, SoundCheckStep.HOLD)
    box.until(lambda: box.meter.state == State.CHECKING and len(box.inputs.peaks) == 4)
    at = usb.counters["playback"]["frames"]
    box.until(lambda: max(box.inputs.peaks) > 0.4)
    assert box.inputs.peaks == pytest.approx([0.0, 0.5, 0.1, 0.0], abs=1e-3)
    usb.wait_played(at + 12_000)
    assert not usb.recording()[at:].any()
    box.link.send_command(Down.CHECK, SoundCheckStep.END)
    box.until(lambda: box.meter.state == State.RUNNING)
    usb.wait_played(usb.counters["playback"]["frames"] + 24_000)
    box.link.send_command(Down.CHECK, SoundCheckStep.HOLD)
    # Nobody asks again, as when the phone is gone: it ends by itself.
    box.until(lambda: box.meter.state == State.CHECKING)
    box.until(lambda: box.meter.state == State.RUNNING)


@rig
@pytest.mark.parametrize(("period", "periods", "cable"), [(128, 3, 0), (64, 4, 211)])
def test_the_round_trip_is_measured_to_the_frame(
    make_usb: MakeUsb, make_box: Callable[..., Box], period: int, periods: int, cable: int
) -> None:
    usb = make_usb(capture=TONE, loop=True, patient=True)
    usb.plug_cable(cable, gain_db=6.0)
    box = make_box(usb, f"period_frames = {period}\nperiods = {periods}\n")
    box.link.send_command(Down.CHECK, SoundCheckStep.MEASURE)
    box.until(lambda: box.held_and(box.inputs.measured == 1))
    truth = usb.round_trip_frames
    found = find(read_recording(box.places.runtime / NAME, 2))
    assert box.inputs.xruns == 0
    assert (found.fault, found.frames) == (None, truth)
    assert truth == period * periods + cable or abs(truth - period * periods - cable) < 4_800


@rig
def test_an_aborted_measurement_leaves_no_sound_behind(make_usb: MakeUsb, make_box: Callable[..., Box]) -> None:
    usb = make_usb(patient=True)
    box = make_box(usb)
    box.link.send_command(Down.CHECK, SoundCheckStep.MEASURE)
    box.until(lambda: box.inputs.measuring)
    box.link.send_command(Down.CHECK, SoundCheckStep.END)
    box.until(lambda: box.meter.state == State.RUNNING)
    at = usb.counters["playback"]["frames"]
    usb.wait_played(at + 24_000)
    assert not usb.recording()[at:].any()  # the input is silent, and nothing else plays
    assert box.inputs.measured == 0


def test_kept_settings_go_over_the_file_and_under_the_command_line(tmp_path: Path) -> None:
    kept_audio.settings_file(tmp_path).save({"device": "hw:CARD=Kept", "period_frames": 64})
    audio, notes = kept_audio.in_force(parse('[audio]\ndevice = "auto"\nrate_hz = 96000\n'), tmp_path)
    assert (audio.device, audio.period_frames, audio.rate_hz, notes) == ("hw:CARD=Kept", 64, 96000, ())
    named, _ = kept_audio.in_force(parse("", None, {"audio.device": "demo"}), tmp_path)
    assert (named.device, named.period_frames) == ("demo", 64)


def test_kept_settings_that_fit_no_more_are_left_alone(tmp_path: Path) -> None:
    kept_audio.settings_file(tmp_path).save({"output_channels": [3, 4]})
    config = parse("[stems]\nvocals = [3]\n")
    audio, notes = kept_audio.in_force(config, tmp_path)
    assert audio == config.audio
    assert "output 3 is taken" in notes[0]
    assert (tmp_path / kept_audio.NAME).exists()


def test_every_mistake_is_named() -> None:
    with pytest.raises(AudioSettingsError) as caught:
        kept_audio.merged(Config(), {"period_frames": 1, "periods": "x", "rate": 1})
    assert len(caught.value.mistakes) == 3
    assert "did you mean rate_hz?" in str(caught.value)
