"""VirtualUsb: a USB audio interface that exists only in libasound, with faults on command.

The C plugin (plugin.c, device.h) is the device. This module builds it, writes its ALSA configuration, feeds its capture
side, reads back what was played, and pulls its plug. Device and rig share one memory-mapped control file, so that
faults also reach a device that another process has open.
"""

from __future__ import annotations

import ctypes
import hashlib
import mmap
import os
import subprocess
import time
from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile
from numpy.typing import NDArray

HERE = Path(__file__).parent
SYSTEM_CONFIG = Path("/usr/share/alsa/alsa.conf")
FORMATS = {"S16_LE": 1, "S24_3LE": 2, "S32_LE": 4}
ALL_PERIODS = (32, 64, 128, 256, 512, 1024)
Frames = NDArray[np.int32]


class Unplug(IntEnum):
    """The ways in which a vanished device shows itself."""

    ENODEV = 1  # ALSAAudioError "No such device"
    EBADFD = 2  # "File descriptor in bad state"
    EIO = 3  # "Input/output error", then state DISCONNECTED
    EPIPE = 4  # -32 for ever, without blocking
    SILENT = 5  # poll() never reports anything again


class _Side(ctypes.Structure):
    _fields_ = [
        *[(name, ctypes.c_uint32) for name in ("channels_min", "channels_max", "xrun_requests")],
        *[(name, ctypes.c_uint32) for name in ("opens", "starts", "xruns")],
        *[(name, ctypes.c_uint32) for name in ("rate_hz", "channels", "period_frames", "buffer_frames", "format")],
        ("padding", ctypes.c_uint32),
        *[(name, ctypes.c_int64) for name in ("origin_ns", "frames", "last_frame", "start_ns", "start_frame")],
    ]


class _Control(ctypes.Structure):
    _fields_ = [
        *[(name, ctypes.c_uint32) for name in ("clock_seq", "gone", "generation", "last_gone")],
        *[(name, ctypes.c_int64) for name in ("base_host_ns", "base_device_ns")],
        ("speed", ctypes.c_double),
        *[(name, ctypes.c_int64) for name in ("stall_from_ns", "stall_until_ns")],
        *[(name, ctypes.c_uint32) for name in ("formats", "loop")],
        ("rates", ctypes.c_uint32 * 8),
        ("periods_frames", ctypes.c_uint32 * 16),
        *[(name, ctypes.c_uint32) for name in ("periods_min", "periods_max", "patient", "cable")],
        ("side", _Side * 2),
        ("cable_frames", ctypes.c_int64),
        ("cable_gain", ctypes.c_double),
        ("cable_noise", ctypes.c_double),
        *[(name, ctypes.c_uint32) for name in ("jammed", "padding")],
    ]


def build_plugin() -> Path:
    """Compile plugin.c unless it was compiled before from the same sources. Returns the library."""
    sources = b"".join((HERE / name).read_bytes() for name in ("device.h", "plugin.c"))
    digest = hashlib.sha256(sources).hexdigest()[:16]
    library = HERE / "build" / f"libasound_module_pcm_hushbox_usb-{digest}.so"
    if not library.exists():
        library.parent.mkdir(exist_ok=True)
        unfinished = library.with_suffix(f".{os.getpid()}")
        flags = ["-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-DPIC"]
        subprocess.run(["gcc", *flags, "-o", str(unfinished), str(HERE / "plugin.c"), "-lasound"], check=True)
        unfinished.replace(library)  # another test process may build at the same time
    return library


class VirtualUsb:
    """One virtual interface. `folder` keeps its files; `env` is what a process needs to see `device`.

    rates, formats: what the interface can do. capture_channels, playback_channels: a number (fixed, as USB interfaces
    are) or (least, most). capture: what it records: a sound file, float frames (±1.0), int32 frames at full scale
    (the top 16 or 24 bits are what S16_LE and S24_3LE carry), or None for silence; after its end comes silence, or the
    beginning again with loop=True. patient: keep time, but wait for an application that is late, so that xruns come on
    command only: for tests of content on a busy machine. beside: another interface that is plugged in too, with a clock
    of its own; `env` then shows both.
    """

    def __init__(
        self,
        folder: Path,
        *,
        rates: int | Sequence[int] = 48000,
        formats: Sequence[str] = ("S32_LE", "S24_3LE", "S16_LE"),
        capture_channels: int | tuple[int, int] = 2,
        playback_channels: int | tuple[int, int] = 2,
        periods_frames: Sequence[int] = ALL_PERIODS,
        capture: Path | NDArray[np.float32] | Frames | None = None,
        loop: bool = False,
        patient: bool = False,
        name: str = "hushbox_test",
        beside: VirtualUsb | None = None,
    ) -> None:
        self.device = name
        self.folder = folder / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.config = self.folder / "asound.conf"
        self.env = {"ALSA_CONFIG_PATH": str(self.config)}
        control = self.folder / "control"
        control.write_bytes(bytes(ctypes.sizeof(_Control)))
        with control.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), 0)
        self._control = _Control.from_buffer(self._memory)
        self._playback, self._capture = self._control.side
        for side, channels in ((self._playback, playback_channels), (self._capture, capture_channels)):
            side.channels_min, side.channels_max = (channels, channels) if isinstance(channels, int) else channels
            side.origin_ns = -1
        c = self._control
        c.formats = sum(FORMATS[name] for name in formats)
        c.rates[:] = _padded([rates] if isinstance(rates, int) else rates, 8)
        c.periods_frames[:] = _padded(periods_frames, 16)
        c.periods_min, c.periods_max = 2, 8
        c.loop = loop
        c.patient = patient
        c.speed = 1.0
        c.base_host_ns = time.monotonic_ns()
        self.load_capture(capture)
        (self.folder / "playback.s32").write_bytes(b"")
        library = build_plugin()
        before = beside.config.read_text() if beside is not None else f"<{SYSTEM_CONFIG}>\n"
        self.config.write_text(
            f"{before}"
            f'pcm_type.hushbox_usb {{ lib "{library}" }}\n'
            f"pcm.{name} {{\n  type hushbox_usb\n"
            f'  folder "{self.folder}"\n  hint {{ show on description "Hushbox virtual USB interface" }}\n}}\n'
        )

    def load_capture(self, capture: Path | NDArray[np.float32] | Frames | None) -> None:
        """Set what is recorded; takes effect at the next open."""
        channels = self._capture.channels_max
        (self.folder / "capture.s32").write_bytes(_as_int32(capture, channels).tobytes())

    def plug_cable(self, delay_frames: int = 0, gain_db: float = 0.0, noise_db: float = -200.0) -> None:
        """Loop each output into the input of the same number, so much later; what is recorded otherwise is not heard.

        noise_db: peak of a noise beside it. The delay is the converters' and the cable's; the device's buffer comes on
        top (`round_trip_frames`).
        """
        self._control.cable_frames = delay_frames
        self._control.cable_gain = 10.0 ** (gain_db / 20.0)
        self._control.cable_noise = 10.0 ** (noise_db / 20.0)
        self._control.cable = 1

    def pull_cable(self) -> None:
        """Record what `load_capture` says again."""
        self._control.cable = 0

    @property
    def round_trip_frames(self) -> int:
        """What the cable's delay, the buffer and the two directions' starts make, from write to read, at this start."""
        c, play = self._control, self._playback
        apart = (self._capture.start_ns - play.start_ns) * play.rate_hz / 1e9
        return int(play.buffer_frames + c.cable_frames - int(apart + (0.5 if apart >= 0 else -0.5)))

    # -- faults ------------------------------------------------------------------------------------------------------

    def xrun(self, *, capture: bool = True, playback: bool = False) -> None:
        """Make the next call on a running stream fail with -EPIPE, once."""
        self._capture.xrun_requests += capture
        self._playback.xrun_requests += playback

    def unplug(self, how: Unplug = Unplug.ENODEV) -> None:
        """Pull the plug. Handles that are open die in this way; new opens find no device."""
        self._control.last_gone = self._control.gone = how

    def replug(self) -> None:
        """Plug in again: new opens succeed, older handles stay dead."""
        self._control.generation += 1
        self._control.gone = 0

    def hang(self) -> None:
        """Stop the device's clock: nothing is recorded or played any more, and nothing fails."""
        self._set_clock(speed=0.0)

    def resume(self) -> None:
        """Let a hung device go on."""
        self._set_clock(speed=1.0)

    def jam(self, jammed: bool = True) -> None:
        """Let no transfer and no open return any more, as a driver that hangs does; False: go on."""
        self._control.jammed = jammed

    def set_rates(self, *rates: int) -> None:
        """From the next open on the interface does these rates only."""
        self._control.rates[:] = _padded(rates, 8)

    def set_channels(self, *, capture: int, playback: int) -> None:
        """From the next open on the interface has so many; what was played before is forgotten. While it is closed."""
        for side, channels in ((self._capture, capture), (self._playback, playback)):
            side.channels_min = side.channels_max = channels
        (self.folder / "playback.s32").write_bytes(b"")

    def skew(self, ppm: float) -> None:
        """Run the device's clock faster (or slower, negative) than the host's."""
        self._set_clock(speed=1.0 + ppm * 1e-6)

    def stall(self, duration_ms: float) -> None:
        """Report no progress for a while, then all of it at once, as a busy USB bus does."""
        now = time.monotonic_ns()
        self._control.stall_until_ns = 0
        self._control.stall_from_ns = now
        self._control.stall_until_ns = now + int(duration_ms * 1e6)

    def _set_clock(self, *, speed: float) -> None:
        c = self._control
        now = time.monotonic_ns()
        device = c.base_device_ns + int((now - c.base_host_ns) * c.speed)
        c.clock_seq += 1
        c.base_host_ns, c.base_device_ns, c.speed = now, device, speed
        c.clock_seq += 1

    # -- readings ----------------------------------------------------------------------------------------------------

    @property
    def counters(self) -> dict[str, dict[str, int]]:
        """What the device saw: opens, starts, xruns, frames, rate, channels, period and buffer, per direction."""
        sides = {"capture": self._capture, "playback": self._playback}
        wanted = (
            "opens",
            "starts",
            "xruns",
            "frames",
            "last_frame",
            "rate_hz",
            "channels",
            "period_frames",
            "buffer_frames",
        )
        return {name: {key: int(getattr(side, key)) for key in wanted} for name, side in sides.items()}

    @property
    def origin_s(self) -> float:
        """When frame 0 of the recording was (time.monotonic())."""
        c = self._control
        return float(c.base_host_ns + (self._playback.origin_ns - c.base_device_ns) / c.speed) / 1e9

    def recording(self) -> Frames:
        """Everything played since the very first start, int32 (frames, channels), silence where nothing was."""
        channels = self._playback.channels or self._playback.channels_max
        return np.fromfile(self.folder / "playback.s32", dtype="<i4").reshape(-1, channels)

    def wait_played(self, frames: int, timeout_s: float = 30.0) -> None:
        """Wait until this many frames were handed to playback in all. Raises TimeoutError."""
        give_up = time.monotonic() + timeout_s
        while self._playback.frames < frames:
            if time.monotonic() > give_up:
                raise TimeoutError(f"{self.device}: {self._playback.frames} of {frames} frames in {timeout_s} s")
            time.sleep(0.01)


def locate(recording: NDArray[np.int32], excerpt: NDArray[np.int32]) -> list[int]:
    """Every place (frame) where the one-channel `excerpt` stands in the one-channel `recording`, sample for sample."""
    starts = np.flatnonzero(recording[: len(recording) - len(excerpt) + 1] == excerpt[0])
    return [int(s) for s in starts if np.array_equal(recording[s : s + len(excerpt)], excerpt)]


class Run(NamedTuple):
    """A stretch of a recording that is a stretch of its source, sample for sample."""

    recording_at: int
    source_at: int
    frames: int


def matching_runs(recording: NDArray[np.int32], source: NDArray[np.int32], least: int = 512) -> list[Run]:
    """Where the one-channel `recording` follows the one-channel `source`, in runs of at least `least` frames.

    One run when nothing went wrong; every xrun cuts it. The source must not repeat itself (noise, speech): stretches
    of silence and what occurs twice are not found by themselves, only as parts of a run.
    """
    source_keys, recording_keys = _keys(source), _keys(recording)
    order = np.argsort(source_keys, kind="stable")
    sorted_keys = source_keys[order]
    runs: list[Run] = []
    at = 0
    while at < len(recording_keys):
        first = np.searchsorted(sorted_keys, recording_keys[at])
        last = np.searchsorted(sorted_keys, recording_keys[at], side="right")
        if last - first != 1 or not recording[at : at + 3].any():
            at += 1 if last > first else least // 2
            continue
        s = int(order[first])
        back = min(at - (runs[-1].recording_at + runs[-1].frames if runs else 0), s)
        before = _common(recording[at - back : at][::-1], source[s - back : s][::-1])
        after = _common(recording[at:], source[s:])
        if before + after >= least:
            runs.append(Run(at - before, s - before, before + after))
        at += max(after, 1)
    return runs


def _keys(samples: NDArray[np.int32]) -> NDArray[np.uint64]:
    """One number for every three samples in a row."""
    x = samples.astype(np.uint32).astype(np.uint64)
    return x[:-2] * np.uint64(0x9E3779B97F4A7C15) ^ x[1:-1] * np.uint64(0xC2B2AE3D27D4EB4F) ^ x[2:]


def _common(a: NDArray[np.int32], b: NDArray[np.int32]) -> int:
    """How many samples at the beginning are the same."""
    length = min(len(a), len(b))
    different = np.flatnonzero(a[:length] != b[:length])
    return int(different[0]) if len(different) else length


def _padded(values: Sequence[int], length: int) -> list[int]:
    return [*values, *[0] * (length - len(values))]


def _as_int32(capture: Path | NDArray[np.float32] | Frames | None, channels: int) -> Frames:
    if capture is None:
        return np.zeros((0, channels), np.int32)
    frames = soundfile.read(capture, dtype="int32", always_2d=True)[0] if isinstance(capture, Path) else capture
    if frames.ndim == 1:
        frames = frames[:, None]
    if frames.dtype != np.int32:
        whole = np.rint(np.asarray(frames, np.float64) * 2**23).clip(-(2**23), 2**23 - 1)
        frames = whole.astype(np.int32) << 8
    if frames.shape[1] == 1:
        frames = np.repeat(frames, channels, axis=1)
    if frames.shape[1] != channels:
        raise ValueError(f"capture has {frames.shape[1]} channels, the interface {channels}")
    return np.ascontiguousarray(frames)
