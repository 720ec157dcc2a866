"""The wire between the two processes: a named Unix SOCK_SEQPACKET socket with fixed-size messages. No end ever waits.

Down (control to audio): 32 bytes a message, mostly one parameter; read between blocks. Up (audio to control): 512 bytes
a message. A meter frame goes up every 50 ms, an info frame when the device or the model changes. When control does not
read, a meter frame is dropped and an info frame is sent again later. A parameter travels as its index in the table. The
info frame has a hash of that table, by which control notices that the other process is of another version.
"""

import contextlib
import enum
import os
import select
import socket
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from firmware_app.link import stage_meters
from firmware_app.link.stage_meters import StageMeter

DOWN = struct.Struct("<BxHId16x")  # kind, param index, seq, value
UP_BYTES = 512
_METER = struct.Struct("<BBBBBdddddQQQ12dB")
_INFO = struct.Struct("<BxxxIIIIIIIHH128s64s184s100s")
_INPUTS = struct.Struct("<BBBxII16f")
MAX_CHANNELS = 2
MOST_INPUTS = 16
SILENCE_DB = -120.0


class Down(enum.IntEnum):
    """Kinds of message from control to audio."""

    PARAM = 1
    REOPEN = 2  # open the device again; value: number of the settings to try, 0 for none
    CHECK = 3  # silence the outputs and meter all inputs; index: one of SoundCheckStep
    QUIT = 4  # fade out and end: the supervisor or systemd starts the process again
    SHED = 5  # index: a step of shed.Shed to apply whatever the load is, because the board is hot
    LEAVE_SAFE = 6  # end as with QUIT, and start the next time without safe mode
    MODEL = 7  # play with another bundle; index: one of ModelSlot, value: `bundle_number` of its name


class ModelSlot(enum.IntEnum):
    """What a bundle is for."""

    VOICE = 0
    STEMS = 1


def bundle_number(name: str) -> int:
    """32 bits that stand for a bundle on the wire."""
    return zlib.crc32(name.encode())


class SoundCheckStep(enum.IntEnum):
    """What Down.CHECK asks for."""

    END = 0
    HOLD = 1  # go on for SOUND_CHECK_HOLD_S; sent again and again, so that the check ends when nobody looks any more
    MEASURE = 2  # play the test signal and record what comes back; also HOLD


SOUND_CHECK_HOLD_S = 4.0


class State(enum.IntEnum):
    """What the audio process is doing."""

    RUNNING = 1
    WAITING = 2  # for its device
    CHECKING = 3  # outputs silent, all inputs metered


@dataclass(slots=True)
class MeterFrame:
    """Sent 20 times a second. Levels in dBFS; counters since the process started."""

    state: int = State.WAITING
    channels: int = 1  # inputs, at most 2; the second level is the loudest of all but the first
    mix_channels: int = 1
    model_off: bool = False  # a model failed or was late again and again, and is bypassed
    xruns: int = 0
    late_hops: int = 0
    dry_hops: int = 0
    load_p50: float = 0.0
    load_p99: float = 0.0
    load_mean: float = 0.0  # of the last second
    reduction_db: float = 0.0
    uptime_s: float = 0.0
    in_peak_db: tuple[float, float] = (SILENCE_DB, SILENCE_DB)
    in_rms_db: tuple[float, float] = (SILENCE_DB, SILENCE_DB)
    out_peak_db: tuple[float, float] = (SILENCE_DB, SILENCE_DB)
    out_rms_db: tuple[float, float] = (SILENCE_DB, SILENCE_DB)
    stems_rms_db: tuple[float, float, float, float] = (SILENCE_DB, SILENCE_DB, SILENCE_DB, SILENCE_DB)
    stages: tuple[StageMeter, ...] = ()  # of the chain that is heard, in its present order

    def pack_into(self, buffer: bytearray) -> None:
        """Write this frame over `buffer` (UP_BYTES long)."""
        _METER.pack_into(
            buffer, 0, Up.METER, self.state, self.channels, self.mix_channels, self.model_off,
            self.load_p50, self.load_p99, self.load_mean, self.reduction_db, self.uptime_s,
            self.xruns, self.late_hops, self.dry_hops,
            *self.in_peak_db, *self.in_rms_db, *self.out_peak_db, *self.out_rms_db,
            *self.stems_rms_db, len(self.stages),
        )  # fmt: skip
        stage_meters.pack_into(buffer, _METER.size, self.stages)

    @classmethod
    def unpack(cls, message: bytes) -> "MeterFrame":
        _, state, channels, mix, off, p50, p99, mean, reduction, uptime, xruns, late, dry, *levels, count = (
            _METER.unpack_from(message)
        )
        return cls(
            state, channels, mix, bool(off), xruns, late, dry, p50, p99, mean, reduction, uptime,
            (levels[0], levels[1]), (levels[2], levels[3]), (levels[4], levels[5]), (levels[6], levels[7]),
            (levels[8], levels[9], levels[10], levels[11]),
            stage_meters.unpack(message, _METER.size, count),
        )  # fmt: skip


DEMO_PLAYS = "The demo plays"
"""Begins the only message of an InfoFrame that is information: nothing is wrong."""


@dataclass(frozen=True, slots=True)
class InfoFrame:
    """What runs: sent on connect and whenever it changes."""

    params_hash: int = 0
    rate_hz: int = 0
    period_frames: int = 0
    periods: int = 0
    chain_latency_frames: int = 0
    io_latency_frames: int = 0  # what resampling adds, at 48 kHz
    device: str = ""
    bundle: str = ""
    message: str = ""  # for the page's warning line
    demo: bool = False
    trial: int = 0  # number of the audio settings tried last
    refused: str = ""  # why they are not in force; empty when they are
    device_inputs: int = 0  # channels of the device as it was opened
    device_outputs: int = 0

    def pack_into(self, buffer: bytearray) -> None:
        kind = Up.DEMO_INFO if self.demo else Up.INFO
        _INFO.pack_into(
            buffer, 0, kind, self.params_hash, self.rate_hz, self.period_frames, self.periods,
            self.chain_latency_frames, self.io_latency_frames, self.trial, self.device_inputs, self.device_outputs,
            _cut(self.device, 128), _cut(self.bundle, 64), _cut(self.message, 184), _cut(self.refused, 100),
        )  # fmt: skip

    @classmethod
    def unpack(cls, message: bytes) -> "InfoFrame":
        kind, hashed, rate, period, periods, chain, io, trial, inputs, outputs, *texts = _INFO.unpack_from(message)
        device, bundle, words, refused = (text.rstrip(b"\0").decode(errors="replace") for text in texts)
        return cls(
            hashed, rate, period, periods, chain, io, device, bundle, words, kind == Up.DEMO_INFO,
            trial, refused, inputs, outputs,
        )  # fmt: skip


@dataclass(slots=True)
class InputsFrame:
    """Sent 20 times a second during a sound check."""

    measuring: bool = False
    measured: int = 0  # measurements completed since the process started; the last recording can be read
    xruns: int = 0  # during that measurement; with any, its recording has holes
    peaks: tuple[float, ...] = ()  # of every input of the device since the last frame, 0 to 1; at most MOST_INPUTS

    def pack_into(self, buffer: bytearray) -> None:
        peaks = self.peaks[:MOST_INPUTS]
        padding = (0.0,) * (MOST_INPUTS - len(peaks))
        _INPUTS.pack_into(buffer, 0, Up.INPUTS, len(peaks), self.measuring, self.measured, self.xruns, *peaks, *padding)

    @classmethod
    def unpack(cls, message: bytes) -> "InputsFrame":
        _, count, measuring, measured, xruns, *peaks = _INPUTS.unpack_from(message)
        return cls(bool(measuring), measured, xruns, tuple(peaks[:count]))


_HEALTH = struct.Struct("<BBBxI160s")


@dataclass(frozen=True, slots=True)
class HealthFrame:
    """Safe mode and load shedding: sent on connect and whenever something changes."""

    safe: bool = False  # safe mode: no model, after several crashes
    shed: int = 0  # a step of shed.Shed
    sheds: int = 0  # how often work was shed since the process started
    why: str = ""  # why it is in safe mode

    def pack_into(self, buffer: bytearray) -> None:
        _HEALTH.pack_into(buffer, 0, Up.HEALTH, self.safe, self.shed, self.sheds, _cut(self.why, 160))

    @classmethod
    def unpack(cls, message: bytes) -> "HealthFrame":
        _, safe, shed, sheds, why = _HEALTH.unpack_from(message)
        return cls(bool(safe), shed, sheds, why.rstrip(b"\0").decode(errors="replace"))


class Up(enum.IntEnum):
    """Kinds of message from audio to control."""

    METER = 1
    INFO = 2
    DEMO_INFO = 3
    INPUTS = 4
    HEALTH = 5


assert max(_METER.size + stage_meters.MOST_BYTES, _INFO.size, _INPUTS.size, _HEALTH.size) <= UP_BYTES


def _cut(text: str, most: int) -> bytes:
    """As many whole characters as fit into `most` bytes of UTF-8."""
    return text.encode()[:most].decode(errors="ignore").encode()


def params_hash(ids: Iterable[str]) -> int:
    """32-bit hash of the parameter table both sides must share (ids in order)."""
    return zlib.crc32("\n".join(ids).encode())


class AudioLink:
    """The audio process's end. Audio thread only; every call returns at once and allocates nothing of note."""

    def __init__(self, path: Path) -> None:
        """Listen at `path` (replacing a stale socket file). Raises OSError."""
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        self._server.bind(str(path))
        os.chmod(path, 0o660)  # its folder says who gets here: the box's group, which control is in
        self._server.listen(4)
        self._server.setblocking(False)
        self._peer: socket.socket | None = None
        self._poll = select.poll()
        self._buffer = bytearray(DOWN.size)
        self._up = bytearray(UP_BYTES)

    @property
    def connected(self) -> bool:
        return self._peer is not None

    def accept(self) -> bool:
        """Accept a control process that has connected; it replaces the one before. True if there was one."""
        try:
            peer, _ = self._server.accept()
        except OSError:
            return False
        self._drop_peer()
        peer.setblocking(False)
        self._poll.register(peer, select.POLLIN)
        self._peer = peer
        return True

    def receive(self) -> tuple[int, int, float] | None:
        """The next message as (kind, param index, value), or None when there is none."""
        # To look first takes a quarter of the time of an exception, and nearly always there is nothing.
        if self._peer is None or not self._poll.poll(0):
            return None
        try:
            size = self._peer.recv_into(self._buffer)
        except BlockingIOError:
            return None
        except OSError:
            size = 0
        if size != DOWN.size:
            self._drop_peer()
            return None
        kind, index, _, value = DOWN.unpack(self._buffer)
        return kind, index, value

    def send(self, frame: MeterFrame | InfoFrame | InputsFrame | HealthFrame) -> bool:
        """Send the frame, or drop it when control does not read. True when it was sent."""
        if self._peer is None:
            return False
        frame.pack_into(self._up)
        try:
            self._peer.send(self._up)
        except BlockingIOError:
            return False
        except OSError:
            self._drop_peer()
            return False
        return True

    def _drop_peer(self) -> None:
        if self._peer is not None:
            self._poll.unregister(self._peer)
            self._peer.close()
            self._peer = None

    def close(self) -> None:
        self._drop_peer()
        self._server.close()
