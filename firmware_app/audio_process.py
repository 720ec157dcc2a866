"""The audio process: reads a block, processes it, writes it, tells the meters. One thread, no more.

While streaming it opens no file, writes no log line, takes no lock, loads no model and does not grow.

The watchdog is pinged by audio progress alone, every 50 ms; waiting for a missing device is progress. After 3 s without
a ping the supervisor (systemd, or `hushbox run`) kills the process. LiteRT computes on the caller's thread; with ONNX
Runtime there is a second thread, which sleeps. tests/e2e/test_streaming_is_quiet.py watches 10,000 blocks through
strace.
"""

import logging
import signal
import time

from dsp import native
from dsp.native import bound
from dsp.rack.dry_path import MUTE_MS
from dsp.rack.rack import CHAIN, CHAINS
from firmware_app.audio.before_and_after import BeforeAndAfter
from firmware_app.audio.device_watch import DeviceWatch
from firmware_app.audio.for_takes import ForTakes
from firmware_app.audio.health import Health
from firmware_app.audio.info import Info
from firmware_app.audio.load_chains import load_chains, measured_config
from firmware_app.audio.mode import Mode
from firmware_app.audio.parameters import Parameters
from firmware_app.audio.playing import Playing
from firmware_app.audio.sound_check import SoundCheck
from firmware_app.audio.source import AudioSource, Opened
from firmware_app.audio.telemetry import Telemetry
from firmware_app.audio.trial import AudioTrial
from firmware_app.config.keys import Config
from firmware_app.config.places import Places
from firmware_app.link.wire import AudioLink, Down, State
from firmware_app.running import crash_loop, realtime
from firmware_app.running.crash_loop import CrashLoop
from firmware_app.running.notify import Notifier
from hw.audio.audio_io import AudioIo, IoStatus
from hw.audio.samples import convert_with

log = logging.getLogger(__name__)

REOPEN_S = 0.5  # between two tries to open a device that is not there
MOST_MESSAGES_A_BLOCK = 64


class AudioProcess:
    """Owns the chains, the device and its end of the link. Everything here runs on the main thread."""

    def __init__(self, config: Config, places: Places) -> None:
        """Load and warm the models. Raises AppError or OSError when the runtime folder cannot be used."""
        self._running = True  # until SIGTERM
        self._reopen = self._quit = self._start_anew = False  # what control has asked for
        self._fifo_paused = False  # more work than time: not in real time until some of it is shed
        self._crashes = CrashLoop(places.sound)
        self._health = Health(self._crashes)
        config = measured_config(config, places, self._health)
        self._settings = AudioTrial(config, places)
        self._rack, problems, self._models = load_chains(config, places, self._health, self._settings.audio)
        self._parameters = Parameters(self._rack, places)
        self._source = AudioSource(self._settings.audio, places, config.stems)
        self._watch = DeviceWatch()
        self._telemetry = Telemetry()
        self._notifier = Notifier()
        self._kept = BeforeAndAfter(places, off=self._health.safe)
        self._for_takes = ForTakes(places)
        self._link = AudioLink(places.sound / "link.sock")
        self._info = Info(self._link, self._rack, problems, self._settings, self._parameters.hash)
        self._check = SoundCheck(places.sound)
        self._playing = Playing(
            self._rack,
            self._settings,
            config.stems,
            self._health,
            self._watch,
            self._telemetry,
            self._info,
            self._kept,
            self._for_takes,
            self._progress,
        )

    def run(self) -> int:
        """Open the device, stream until it goes, open it again; until SIGTERM. Returns the exit code."""
        self._enter()
        while self._running and not self._quit:
            mode: Mode = self._check if self._check.wanted() else self._playing
            opened = self._open(mode)
            if opened.io is not None:
                self._use(opened.io, self._watch.opened(opened), mode)
                if not self._watch.trouble:
                    continue
                # At once would be too soon: a device that opens but fails at its first transfer would be a busy loop.
                opened = Opened(None, opened.demo, self._watch.trouble)
            self._info.describe(opened)
            self._wait(REOPEN_S)
        self._link.close()
        self._crashes.ended_in_order(leave_safe=self._start_anew)
        return 0

    def _stream(self, io: AudioIo, mode: Mode) -> None:
        """Read a block, process it, write it, tell the meters; until the device goes or the box leaves it."""
        block, out = mode.begin(io)
        blocks_left = -1  # until the sound has faded out and been played; below 0: it goes on
        self._reopen = self._fifo_paused = False
        realtime.use_fifo(True)
        io.start()
        while self._running and blocks_left:
            status = io.read_into(block)
            begun = time.perf_counter()
            if not mode.goes_on(status):
                break
            self._take_changes()
            if status is IoStatus.TIMEOUT:
                if self._leaving(mode):
                    break
                self._tell(mode, status, io)
                continue
            if status is IoStatus.XRUN:
                mode.lost()
            if blocks_left > 0:
                blocks_left -= 1
            elif self._leaving(mode):
                mode.fade_out()
                blocks_left = _blocks_to_silence(io)
            mode.process(block, out)
            written = io.write(out)
            if written is IoStatus.GONE:
                mode.goes_on(written)
                break
            if written is IoStatus.XRUN:
                mode.lost()
            mode.block_done(time.perf_counter() - begun)
            self._tell(mode, status, io)

    @property
    def _chain(self) -> str:
        """The chain that is asked for."""
        return CHAINS[int(self._rack.param(CHAIN.id))]

    # --- in every block ---

    def _take_changes(self) -> None:
        """Apply what control sent since the last block."""
        for _ in range(MOST_MESSAGES_A_BLOCK):
            message = self._link.receive()
            if message is None:
                return
            kind, index, value = message
            if kind == Down.PARAM:
                self._parameters.set(index, value)
            elif kind == Down.REOPEN:
                self._reopen = True
                self._settings.ask(int(value) if 0 <= value < 2**32 else 0)
            elif kind == Down.CHECK:
                self._check.ask(index)
            elif kind == Down.QUIT:
                self._quit = True
            elif kind == Down.SHED:
                self._health.ask(index)
            elif kind == Down.MODEL:
                self._models.use(index, value)
            elif kind == Down.LEAVE_SAFE and self._health.safe:
                self._leave_safe()

    def _leaving(self, mode: Mode) -> bool:
        """Whether the device is to be closed, once the sound has faded."""
        if mode is self._check:
            return self._quit or not self._check.wanted()
        source = self._source
        other_demo = source.plays_demo and source.other_demo(self._chain)
        return self._quit or self._reopen or self._check.wanted() or other_demo

    def _tell(self, mode: Mode | None = None, status: IoStatus = IoStatus.TIMEOUT, io: AudioIo | None = None) -> None:
        """Heartbeat; every 50 ms also the watchdog and the meters. mode: None without a device."""
        self._parameters.shared.beat()
        now = time.monotonic()
        if not self._telemetry.due(now):
            return
        state = mode.state(status) if mode is not None else State.WAITING
        self._notifier.send(b"WATCHDOG=1")
        if self._info.chain_changed():
            self._kept.set_latency(self._rack.latency_frames)
            self._for_takes.set_latency(self._rack.latency_frames)
        if self._fifo_paused and state is State.RUNNING and not self._health.too_much:
            self._fifo_paused = False
            realtime.use_fifo(True)
        connected = self._link.accept()
        self._info.tell(connected=connected)
        self._health.tell(self._link, connected=connected)
        frame = self._telemetry.update(now, state, self._rack, io)
        self._link.send(frame)
        if self._health.safe and self._health.may_start_anew(max(frame.in_peak_db), now):
            self._leave_safe()
        if mode is not None:
            mode.tell(self._link)

    # --- outside streaming ---

    def _enter(self) -> None:
        """Everything is loaded: set the signals, enter real time, tell systemd."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        signal.signal(signal.SIGXCPU, self._out_of_time)
        native.flush_denormals()
        convert_with(bound.wire)
        for refused in realtime.enter():
            log.info("%s", refused)
        self._notifier.send(b"READY=1")
        self._crashes.ready()
        for note in self._settings.notes:
            log.warning("%s", note)

    def _open(self, mode: Mode) -> Opened:
        """The device as this mode needs it: the sound check takes all inputs there are."""
        if mode is self._check:
            return self._source.open(self._chain, every_input=True)
        return self._settings.open(self._source, self._chain)

    def _use(self, io: AudioIo, opened: Opened, mode: Mode) -> None:
        """Stream on a device that is open, then close it."""
        try:
            if mode.prepare(opened):
                self._info.describe(opened)
                self._stream(io, mode)
        finally:
            realtime.use_fifo(False)
            self._telemetry.device_gone(io)
            _close(io)
        self._watch.closed(mode.ended)
        if mode is self._playing and self._running and not self._leaving(mode):
            self._settings.ran(self._playing.ran_s, mode.ended, self._source)

    def _wait(self, seconds: float) -> None:
        """Without a device: stay reachable, keep the heartbeat going, take changes."""
        until = time.monotonic() + seconds
        while self._running and not self._quit and time.monotonic() < until:
            self._take_changes()
            self._tell()
            time.sleep(0.02)

    def _progress(self) -> None:
        """Tell the supervisor and systemd that this process is not hung."""
        self._parameters.shared.beat()
        self._notifier.send(b"WATCHDOG=1")

    def _leave_safe(self) -> None:
        """End. The supervisor starts the process again, then with its models."""
        self._start_anew = self._quit = True

    # --- signals ---

    def _stop(self, *_: object) -> None:
        self._running = False

    def _out_of_time(self, *_: object) -> None:
        """SIGXCPU after 200 ms without a pause. Leave real time rather than be killed; too much work is shed soon.

        A model that hangs never comes here, and is killed after 400 ms.
        """
        realtime.use_fifo(False)
        self._fifo_paused = True


def _close(io: AudioIo) -> None:
    try:
        io.close()
    except OSError as error:  # a recording that could not be completed
        log.warning("%s", error)


def _blocks_to_silence(io: AudioIo) -> int:
    """How many blocks pass from the beginning of a fade-out until its end has been played."""
    form = io.format
    fade_frames = round(MUTE_MS * 48)
    return -(-fade_frames // form.box_period_frames) + form.periods


def main(config: Config, places: Places) -> int:
    """The audio process's whole life. Returns its exit code."""
    realtime.die_with_supervisor()
    places.make_sound()
    try:
        return AudioProcess(config, places).run()
    except Exception as error:
        crash_loop.last_words(places.sound, error)
        raise
