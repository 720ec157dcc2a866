"""The two ends of the link over a real socket."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dsp.params import ParamSpec, switch, table
from dsp.rack.voice_stages import STAGES
from firmware_app.link.control_end import ControlLink
from firmware_app.link.stage_meters import StageMeter
from firmware_app.link.wire import AudioLink, Down, InfoFrame, MeterFrame, State, params_hash

SPECS = table(
    [ParamSpec("a.level_db", "dB", -60, 12, 0, "Level"), switch("a.mute", "Mute"), switch("a.bypass", "Bypass")]
)


class Ends:
    """Both ends, with what the control end heard."""

    def __init__(self, path: Path, **values: float) -> None:
        self.path = path
        self.values = {id: values.get(id.removeprefix("a."), spec.default) for id, spec in SPECS.items()}
        self.meters: list[MeterFrame] = []
        self.infos: list[InfoFrame] = []
        self.downs = 0
        self.heard = threading.Event()
        self.audio = AudioLink(path)
        self.control = ControlLink(path, SPECS, lambda: dict(self.values), self._meter, self._info, self._down)
        self.control.start()

    def _meter(self, meter: MeterFrame) -> None:
        self.meters.append(meter)
        self.heard.set()

    def _info(self, info: InfoFrame) -> None:
        self.infos.append(info)
        self.heard.set()

    def _down(self) -> None:
        self.downs += 1
        self.heard.set()

    def set(self, id: str, value: float) -> None:
        self.values[id] = value
        self.control.send_param(id, value)

    def accept(self, hashed: int = params_hash(SPECS)) -> None:
        """What the audio process does with somebody new: take them and say what runs."""
        wait_until(self.audio.accept)
        self.audio.send(InfoFrame(params_hash=hashed))

    def receive(self, count: int) -> list[tuple[int, int, float]]:
        messages: list[tuple[int, int, float]] = []

        def enough() -> bool:
            while (message := self.audio.receive()) is not None:
                messages.append(message)
            return len(messages) >= count

        wait_until(enough)
        return messages


def wait_until(condition, seconds: float = 5.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "nothing happened in time"
        time.sleep(0.001)


@pytest.fixture
def ends(tmp_path: Path) -> Iterator[Ends]:
    ends = Ends(tmp_path / "link.sock")
    yield ends
    ends.control.stop()
    ends.audio.close()


def snapshot_of(ends: Ends) -> list[tuple[int, int, float]]:
    ends.accept()
    return ends.receive(len(SPECS))


def test_the_whole_state_comes_first(tmp_path: Path) -> None:
    ends = Ends(tmp_path / "link.sock", mute=1.0)
    sent = [(Down.PARAM, 0, 0.0), (Down.PARAM, 1, 1.0), (Down.PARAM, 2, 0.0)]
    assert snapshot_of(ends) == sent
    ends.control.stop()
    ends.audio.close()


def test_switches_keep_their_order_and_none_is_lost(ends: Ends) -> None:
    snapshot_of(ends)
    pattern = [(i * 7919) % 3 == 0 for i in range(2000)]  # far more than the socket holds
    for on in pattern:
        ends.set("a.bypass", float(on))
    messages = ends.receive(len(pattern))
    assert [bool(value) for _, _, value in messages] == pattern


def test_a_switch_has_left_when_it_is_answered(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot_of(ends)
    # The link's own thread does nothing from here on, as when the process is killed at once.
    monkeypatch.setattr(ends.control, "_wake", lambda: None)
    for value in (1, 0, 1):
        ends.set("a.mute", value)
        assert ends.audio.receive() == (Down.PARAM, list(SPECS).index("a.mute"), float(value))


def test_a_fader_leaves_its_last_value_only(ends: Ends) -> None:
    snapshot_of(ends)
    for step in range(5000):
        ends.set("a.level_db", -60 + step * 0.01)
    received: list[tuple[int, int, float]] = []

    def last_arrived() -> bool:
        while (message := ends.audio.receive()) is not None:
            received.append(message)
        return bool(received) and received[-1][2] == -60 + 4999 * 0.01

    wait_until(last_arrived)
    assert len(received) < 2500


def test_what_changed_last_is_told_before_the_link_ends(ends: Ends) -> None:
    snapshot_of(ends)
    ends.set("a.level_db", -7.0)  # it waits for others that may follow
    ends.control.stop()
    assert ends.receive(1) == [(Down.PARAM, 0, -7.0)]


def test_sound_goes_on_when_nobody_reads(ends: Ends) -> None:
    frame = MeterFrame()
    for _ in range(100):  # nobody connected
        ends.audio.send(frame)
    assert not ends.audio.connected


def test_frames_arrive_as_they_were(ends: Ends) -> None:
    snapshot_of(ends)
    meter = MeterFrame(
        state=State.RUNNING, channels=2, xruns=2**40, late_hops=4, dry_hops=5, load_p50=0.25, load_p99=0.5,
        reduction_db=12.5, uptime_s=1.5, in_peak_db=(-1.0, -2.0), in_rms_db=(-3.0, -4.0), out_peak_db=(-5.0, -6.0),
        out_rms_db=(-7.0, -8.0),
        stages=tuple(StageMeter(name, at % 2 == 0, at % 3 == 0, -at / 2, 50.0 * at) for at, name in enumerate(STAGES)),
    )  # fmt: skip
    info = InfoFrame(params_hash(SPECS), 44_100, 96, 3, 128, 77, "Gerät " + "x" * 200, "denoise-live 1", "", True)
    ends.audio.send(meter)
    ends.audio.send(info)
    wait_until(lambda: ends.meters and len(ends.infos) == 2)
    assert ends.meters[0] == meter
    assert ends.infos[1].device.startswith("Gerät xxx")
    assert (ends.infos[1].rate_hz, ends.infos[1].io_latency_frames, ends.infos[1].demo) == (44_100, 77, True)


def test_control_comes_back_after_the_audio_process_did(ends: Ends) -> None:
    snapshot_of(ends)
    ends.audio.close()
    wait_until(lambda: ends.downs >= 1)
    ends.set("a.mute", 1.0)
    ends.audio = AudioLink(ends.path)
    assert (Down.PARAM, 1, 1.0) in snapshot_of(ends)


def test_a_change_during_the_reconnect_is_never_overtaken_by_the_snapshot(ends: Ends) -> None:
    for round in range(20):
        ends.audio.close()
        ends.audio = AudioLink(ends.path)
        flips = [float((round + i) % 2) for i in range(50)]
        for value in flips:
            ends.set("a.mute", value)
        ends.accept()
        ends.set("a.bypass", 1.0)
        last: dict[int, float] = {}

        def settled(last: dict[int, float] = last, flips: list[float] = flips) -> bool:
            while (message := ends.audio.receive()) is not None:
                if message[0] == Down.PARAM:
                    last[message[1]] = message[2]
            return last.get(1) == flips[-1] and last.get(2) == 1.0

        wait_until(settled)


def test_another_version_is_told_nothing(ends: Ends) -> None:
    ends.accept(hashed=12345)
    wait_until(lambda: bool(ends.infos))
    ends.set("a.mute", 1.0)
    time.sleep(0.1)
    assert ends.audio.receive() is None
    assert ends.audio.connected


def test_a_text_is_cut_between_characters() -> None:
    frame = bytearray(512)
    InfoFrame(device="ü" * 100).pack_into(frame)
    assert InfoFrame.unpack(bytes(frame)).device == "ü" * 64
    InfoFrame(device="x" + "ü" * 100).pack_into(frame)
    assert InfoFrame.unpack(bytes(frame)).device == "x" + "ü" * 63


def test_a_garbled_peer_is_dropped(ends: Ends, tmp_path: Path) -> None:
    import socket

    snapshot_of(ends)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as stranger:
        stranger.connect(str(ends.path))
        wait_until(ends.audio.accept)
        stranger.send(b"GET / HTTP/1.1")
        wait_until(lambda: ends.audio.receive() is None and not ends.audio.connected)
    wait_until(ends.audio.accept)  # control is back by itself
