"""What the page sees and hears of the sound: spectrum, history and the live stream, from real rings and frames."""

import io
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from firmware_app.control.compare import Comparer
from firmware_app.control.control import Control
from firmware_app.control.history import SECONDS, STEP_S, History
from firmware_app.control.live_sound import LiveSound
from firmware_app.control.spectrum import BANDS, FRESH_S, HIGH_HZ, LOW_HZ, Spectrum
from firmware_app.kept.param_table import PARAMS
from firmware_app.kept.store import Store
from firmware_app.link.listen_ring import ListenRing, RingReader
from firmware_app.link.shed import Shed
from firmware_app.link.wire import HealthFrame, MeterFrame
from firmware_app.page.sound import RealSound

RATE_HZ = 48_000


def sine(hz: float, dbfs: float, seconds: float, channels: int = 1) -> np.ndarray:
    wave = 10 ** (dbfs / 20) * np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE_HZ)) / RATE_HZ)
    return np.repeat(wave[:, None], channels, axis=1).astype(np.float32)


def play(ring: ListenRing, before: np.ndarray, after: np.ndarray, block: int = 480) -> None:
    for at in range(0, len(before), block):
        ring.write(0, before[at : at + block])
        ring.write(1, after[at : at + block])


@pytest.mark.parametrize("hz", [60.0, 440.0, 1000.0, 9000.0, 18_000.0])
def test_a_sine_shows_at_its_place_and_level(tmp_path: Path, hz: float):
    ring = ListenRing(tmp_path / "listen", 2, 0)
    play(ring, sine(hz, -12, 0.2, 2), sine(hz, -42, 0.2, 2))
    picture = np.frombuffer(Spectrum(tmp_path / "listen").picture(), np.uint8)
    for half, dbfs in ((picture[:BANDS], -12.0), (picture[BANDS:], -42.0)):
        levels = -0.5 * half.astype(float)
        at = LOW_HZ * (HIGH_HZ / LOW_HZ) ** (int(levels.argmax()) / (BANDS - 1))
        assert at == pytest.approx(hz, rel=0.15)
        assert levels.max() == pytest.approx(dbfs, abs=2.0)
        assert np.median(levels) < dbfs - 40.0


def test_without_sound_the_picture_is_silent(tmp_path: Path):
    assert Spectrum(tmp_path / "listen").picture() == b"\xff" * (2 * BANDS)


def test_the_reader_follows_every_frame_once_and_goes_on_with_a_new_ring(tmp_path: Path):
    path, latency = tmp_path / "listen", 64
    ring = ListenRing(path, 1, latency)
    sound = np.random.default_rng(0).uniform(-1, 1, (4800, 1)).astype(np.float32)
    late = np.concatenate([np.zeros((latency, 1), np.float32), sound])[: len(sound)]
    reader = RingReader(path)
    position, pieces = reader.newest(), []
    for at in range(0, 4800, 480):
        ring.write(0, sound[at : at + 480])
        ring.write(1, late[at : at + 480])
        position, before, after = reader.since(position, 1000)
        assert np.array_equal(before, after)
        pieces.append(before)
    assert np.array_equal(np.concatenate(pieces), sound[: 4800 - latency])
    fresh = ListenRing(path, 2, 0)
    play(fresh, np.ones((960, 2), np.float32), np.ones((960, 2), np.float32))
    position, before, _ = reader.since(position, 1000)
    assert (position, before.shape) == (960, (0, 2))  # from another ring: go on with what is newest
    assert reader.latest(960) is not None
    path.unlink()
    assert reader.latest(1) is None
    reader.close()


@pytest.mark.parametrize(("which", "dbfs"), [("output", -20.0), ("untouched", -6.0), ("removed", -7.9)])
def test_what_is_heard_live_decodes_to_what_was_played(tmp_path: Path, which: str, dbfs: float):
    ring = ListenRing(tmp_path / "listen", 2, 0)
    live = LiveSound(tmp_path / "listen", which, lambda: False)
    data = b""
    for _ in range(15):
        play(ring, sine(480, -6, 0.1, 2), sine(480, -20, 0.1, 2))
        data += live.read()
    live.close()
    sound, rate_hz = soundfile.read(io.BytesIO(data))
    assert rate_hz == RATE_HZ
    assert len(sound) > RATE_HZ
    middle = sound[RATE_HZ // 2 : RATE_HZ // 2 + 4800]
    assert 20 * np.log10(np.abs(middle).max()) == pytest.approx(dbfs, abs=0.7)


def test_of_a_muted_box_nothing_is_removed(tmp_path: Path):
    ring = ListenRing(tmp_path / "listen", 1, 0)
    live = LiveSound(tmp_path / "listen", "removed", lambda: True)
    data = b""
    for _ in range(8):
        play(ring, sine(480, -6, 0.1), np.zeros((4800, 1), np.float32))
        data += live.read()
    live.close()
    assert np.abs(soundfile.read(io.BytesIO(data))[0]).max() < 1e-3


def test_history_keeps_peaks_and_counts_of_each_moment():
    history = History()
    for frame in range(41):  # two seconds, 20 a second
        meter = MeterFrame(xruns=3 + (frame >= 22), load_p99=0.4, reduction_db=float(frame % 5), late_hops=frame // 20)
        meter.in_peak_db = (-6.0 if frame == 7 else -40.0, -120.0)
        history.add(meter, 100.0 + 0.05 * frame)
    moments = history.since(0)
    assert len(moments) == pytest.approx(2.0 / STEP_S, abs=1)
    assert [m.in_peak_db for m in moments].count(-6.0) == 1
    assert sum(m.xruns for m in moments) == 1  # the three from before the page came are not news
    assert sum(m.late_hops for m in moments) == 2
    assert {m.reduction_db for m in moments} == {4.0}
    assert history.since(moments[2].number) == moments[3:]


def test_counters_that_start_anew_are_counted_from_zero():
    history = History()
    for frame, xruns in enumerate([5, 5, 0, 2, 2, 2, 2, 2, 2, 2]):
        history.add(MeterFrame(xruns=xruns), 10.0 + 0.3 * frame)
    assert sum(m.xruns for m in history.since(0)) == 2


def test_five_minutes_are_kept_and_no_more():
    history = History()
    for step in range(round(400 / STEP_S)):
        history.add(MeterFrame(), 1000.0 + STEP_S * step)
    moments = history.since(0)
    assert moments[-1].at_s - moments[0].at_s == pytest.approx(SECONDS, abs=2 * STEP_S)


def test_the_spectrum_stands_still_while_the_board_is_too_busy(tmp_path: Path) -> None:
    ring = ListenRing(tmp_path / "listen", 2, 0)
    control = Control(PARAMS, Store(tmp_path / "state", PARAMS))
    try:
        port = RealSound(control, tmp_path / "listen", History(), Comparer(control, tmp_path / "listen"))
        seen = []
        for hz, shed in ((440.0, Shed.NOTHING), (9000.0, Shed.SPECTRUM), (9000.0, Shed.NOTHING)):
            control.take_health(HealthFrame(shed=shed))
            play(ring, sine(hz, -12, 0.2, 2), sine(hz, -12, 0.2, 2))
            time.sleep(2 * FRESH_S)
            seen.append(port.spectrum())
    finally:
        control.close()
    assert seen[0] == seen[1] != seen[2]
