"""The audio process: reads a block, runs the chain that is wanted, writes it, tells the meters. One thread, no more.

While streaming it opens no file, writes no log line, takes no lock, loads no model and does not grow.
"""

import logging
import signal
import time
from dataclasses import replace

import numpy as np

from dsp import native
from dsp.block import Block
from dsp.native import bound
from dsp.params import ParamRangeError
from dsp.rack.dry_path import MUTE_MS
from firmware_app.audio.channels import wiring
from firmware_app.audio.device_life import DeviceLife
from firmware_app.audio.fit import Fit
from firmware_app.audio.load_chains import load_chains
from firmware_app.audio.self_care import SelfCare
from firmware_app.audio.sound_check import SoundCheck
from firmware_app.audio.source import AudioSource, Opened
from firmware_app.audio.telemetry import Telemetry
from firmware_app.audio.trial import AudioTrial
from firmware_app.audio.what_runs import what_runs
from firmware_app.config.keys import Config
from firmware_app.config.places import Places
from firmware_app.kept.param_table import PARAMS
from firmware_app.kept.start_from import SHARED, live_values, to_start_from
from firmware_app.kept.store import Store
from firmware_app.link.listen_ring import ListenRing
from firmware_app.link.shared_state import SharedState
from firmware_app.link.wire import MAX_CHANNELS, AudioLink, Check, Down, InfoFrame, State, params_hash
from firmware_app.running import crash_loop, realtime
from firmware_app.running.crash_loop import CrashLoop
from firmware_app.running.notify import Notifier
from hw.audio.audio_io import AudioIo, IoStatus
from hw.audio.samples import convert_with

log = logging.getLogger(__name__)

REOPEN_S = 0.5  # between two tries to open a device that is not there
MOST_MESSAGES_A_BLOCK = 64
WARM_UP_BLOCKS = 32


class AudioProcess:
    """Owns the chains, the device and its end of the link. Everything here runs on the main thread."""

    def __init__(self, config: Config, places: Places) -> None:
        """Loads and warms the models. Raises AppError or OSError when the runtime folder cannot be used."""
        self._config = config
        self._places = places
        self._running = True
        self._reopen = self._quit = self._start_anew = False
        self._breathless = False  # more work than time: not in real time until some of it is shed
        self._crashes = CrashLoop(places.runtime)
        self._care = SelfCare(self._crashes)
        self._ids = list(PARAMS)
        self._settings = AudioTrial(config, places)
        self._check = SoundCheck()
        self._build_chains()
        self._restore_values()
        self._source = AudioSource(self._settings.audio, places, config.stems)
        self._life = DeviceLife()
        self._telemetry = Telemetry()
        self._notifier = Notifier()
        self._info = InfoFrame(params_hash=params_hash(self._ids))
        self._info_waits = False  # for room in the socket
        self._ring: ListenRing | None = None
        self._link = AudioLink(places.runtime / "link.sock")

    def run(self) -> int:
        """Open the device, stream until it goes, open it again; until SIGTERM. Returns the exit code."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        signal.signal(signal.SIGXCPU, self._out_of_breath)
        native.flush_denormals()
        convert_with(bound.wire)
        for refused in realtime.enter():
            log.info("%s", refused)
        self._notifier.send(b"READY=1")
        for note in self._settings.notes:
            log.warning("%s", note)
        while self._running and not self._quit:
            checking = self._check.wanted()
            opened = self._source.open(every_input=True) if checking else self._settings.open(self._source)
            io = opened.io
            if io is None:
                self._describe(opened)
                self._wait(REOPEN_S)
                continue
            opened = self._life.opened(opened)
            try:
                if checking:
                    self._check_sound(opened, io)
                else:
                    self._prepare(opened)
                    self._stream(io)
            finally:
                realtime.stream(False)
                self._telemetry.device_gone(io)
                self._let_go(io)
            self._life.closed(io.gone_reason if checking else self._life.ended)
            if self._life.trouble:
                # At once would be too soon: a device that opens but fails at its first transfer would be a busy loop.
                self._describe(Opened(None, opened.demo, self._life.trouble))
                self._wait(REOPEN_S)
        self._link.close()
        self._crashes.ended_in_order(leave_safe=self._start_anew)
        return 0

    def _stream(self, io: AudioIo) -> None:
        """Read a block, run the chain, write it, tell the meters; until the device goes or the box stops."""
        deadline_s = io.format.box_period_frames / 48_000
        block = np.zeros((io.format.box_period_frames, self._wiring.inputs), np.float32)
        out = np.zeros((io.format.box_period_frames, self._wiring.outputs), np.float32)
        begun_at = time.monotonic()
        life = self._life
        self._reopen = False
        blocks_left = -1  # until the sound has faded out and been played; below 0: it goes on
        self._warm_up(block, out)
        self._rack.reset()
        self._rack.fade_in()
        self._breathless = False
        life.begin(io)
        realtime.stream(True)
        io.start()
        while self._running and blocks_left:
            status = io.read_into(block)
            begun = time.perf_counter()
            # A device that goes because we leave it has not gone.
            if not life.goes_on(status) and not self._leaving:
                break
            if status is IoStatus.GONE or status is IoStatus.END:
                break
            if status is IoStatus.TIMEOUT:
                if self._leaving:
                    break
                self._take_changes()
                self._between_blocks(State.WAITING, io)
                continue
            if status is IoStatus.XRUN:
                self._rack.fade_in()
            if life.news:
                life.news = False
                self._describe(replace(self._opened, message=life.message))
            self._take_changes()
            if blocks_left > 0:
                blocks_left -= 1
            elif self._leaving:
                self._rack.fade_out()
                blocks_left = _blocks_to_silence(io)
            self._rack.process(block, out)
            self._listen(out)
            status = io.write(out)
            if status is IoStatus.GONE:
                life.goes_on(status)
                break
            if status is IoStatus.XRUN:
                self._rack.fade_in()
            work_s = time.perf_counter() - begun
            self._telemetry.block_done(work_s, deadline_s)
            self._care.block_done(work_s, deadline_s)
            self._between_blocks(State.RUNNING, io)
        if not (self._leaving or not self._running):
            self._settings.ran(time.monotonic() - begun_at, life.ended, self._source)

    @property
    def _leaving(self) -> bool:
        """Whether the device is to be closed, once the sound has faded."""
        return self._reopen or self._quit or self._check.wanted()

    def _check_sound(self, opened: Opened, io: AudioIo) -> None:
        """Instead of the chain: outputs silent but for the test signal, all inputs metered; until control ends it."""
        check = self._check
        try:
            check.prepare(io.format, self._places.runtime)
        except OSError as error:
            log.warning("the sound cannot be checked: %s", error)
            check.ask(Check.END)
            return
        self._describe(opened)
        blocks_left = -1
        self._breathless = False
        realtime.stream(True)
        io.start()
        while self._running and blocks_left:
            status = io.read_into(check.block)
            if status is IoStatus.GONE or status is IoStatus.END:
                return
            self._take_changes()
            if status is not IoStatus.TIMEOUT:
                check.step(lost=status is IoStatus.XRUN)
                if blocks_left > 0:
                    blocks_left -= 1
                elif self._quit or not check.wanted():
                    check.fade()
                    blocks_left = _blocks_to_silence(io)
                if io.write(check.out) is IoStatus.XRUN:
                    check.frame.xruns += 1
            elif self._quit or not check.wanted():
                return
            if self._between_blocks(State.CHECKING, io):
                self._link.send(check.tell())

    def _warm_up(self, block: Block, out: Block) -> None:
        """Touch code and memory once, so that the first blocks after the start are no slower than the others."""
        for _ in range(WARM_UP_BLOCKS):
            self._rack.warm_up(block, out)
            self._shared.beat()
            self._notifier.send(b"WATCHDOG=1")

    def _listen(self, out: Block) -> None:
        """Keep the block for the page's before and after."""
        if self._ring is not None and self._care.keeps_before_and_after:
            self._ring.write(0, self._rack.untouched[:, : self._ring.channels])
            self._ring.write(1, out[:, : self._ring.channels])

    # --- between blocks ---

    def _take_changes(self) -> None:
        """Apply what control sent since the last block."""
        for _ in range(MOST_MESSAGES_A_BLOCK):
            message = self._link.receive()
            if message is None:
                return
            kind, index, value = message
            if kind == Down.PARAM and index < len(self._ids):
                self._set(index, value)
            elif kind == Down.REOPEN:
                self._reopen = True
                self._settings.ask(int(value) if 0 <= value < 2**32 else 0)
            elif kind == Down.CHECK:
                self._check.ask(index)
            elif kind == Down.QUIT:
                self._quit = True
            elif kind == Down.SHED:
                self._care.ask(index)
            elif kind == Down.LEAVE_SAFE and self._care.safe:
                self._leave_safe()

    def _between_blocks(self, state: State, io: AudioIo | None) -> bool:
        """Heartbeat, and every 50 ms the meters and the watchdog. True when those were due."""
        self._shared.beat()
        now = time.monotonic()
        if not self._telemetry.due(now):
            return False
        self._notifier.send(b"WATCHDOG=1")
        if self._rack.heard is not self._described or self._rack.model_off is not self._described_off:
            self._chain_changed()
        if self._breathless and state is State.RUNNING and not self._care.too_much:
            self._breathless = False
            realtime.stream(True)
        connected = self._link.accept()
        if connected or self._info_waits:
            self._info_waits = not self._link.send(self._info)
        self._care.tell(self._link, connected=connected)
        frame = self._telemetry.update(now, state, self._rack, io)
        self._link.send(frame)
        if self._care.safe and self._care.may_start_anew(max(frame.in_peak_db), now):
            self._leave_safe()
        return True

    def _chain_changed(self) -> None:
        """Another chain is heard now, or its model is off, or on again."""
        self._describe(self._opened)
        if self._ring is not None:
            self._ring.set_latency(self._rack.latency_frames)

    def _wait(self, seconds: float) -> None:
        """Without a device: stay reachable, keep the heartbeat going, take changes."""
        until = time.monotonic() + seconds
        while self._running and not self._quit and time.monotonic() < until:
            self._take_changes()
            self._between_blocks(State.WAITING, None)
            time.sleep(0.02)

    def _set(self, index: int, value: float) -> None:
        """Put a value in force. One that cannot be (control is of another version) changes nothing."""
        id = self._ids[index]
        try:
            value = PARAMS[id].check(value)
        except ParamRangeError:
            return
        self._shared.set(index, value)
        if id in self._rack.params:
            self._rack.set_param(id, value)

    def _leave_safe(self) -> None:
        """End, and let whoever restarts us start anew in full."""
        self._start_anew = self._quit = True

    def _out_of_breath(self, *_: object) -> None:
        """SIGXCPU: there was no pause for long. Go on as any process does, rather than be killed: it may be too much
        work, which is shed in a moment. A model that hangs never comes here, and is killed.
        """
        realtime.stream(False)
        self._breathless = True

    def _stop(self, *_: object) -> None:
        self._running = False

    # --- outside streaming ---

    def _build_chains(self) -> None:
        audio = self._settings.audio
        self._rack, self._problems = load_chains(self._config, self._places, self._care)
        self._care.watch(self._rack)
        # The shape of the device to come, as far as it is known: the meters are read before there is one.
        self._rack.prepare(48_000, audio.period_frames, len(audio.input_channels))
        self._opened = Opened(None, False, "")
        self._described, self._described_off = self._rack.heard, False

    def _restore_values(self) -> None:
        """What was in force last: this boot's from shared memory, else what was saved; a mute outlives everything."""
        saved = Store(self._places.state, PARAMS).load(look_only=True)
        values = to_start_from(saved, live_values(self._places.runtime, PARAMS))
        known = [values.get(id, spec.default) for id, spec in PARAMS.items()]
        self._shared = SharedState(self._places.runtime / SHARED, params_hash(self._ids), known)
        for index, value in enumerate(known):
            self._set(index, value)

    def _prepare(self, opened: Opened) -> None:
        """Fit the chain and the listen ring to the device."""
        assert opened.io is not None
        form = opened.io.format
        fitted = opened.fit or Fit(self._settings.audio, self._config.stems)
        self._wiring = wiring(form, fitted.audio, fitted.stems)
        self._rack.prepare(48_000, form.box_period_frames, self._wiring)
        self._open_ring(min(self._wiring.mix, MAX_CHANNELS))
        self._telemetry.frame.channels = min(self._wiring.inputs, MAX_CHANNELS)
        self._telemetry.frame.mix_channels = min(self._wiring.mix, MAX_CHANNELS)
        self._describe(opened)
        realtime.still_the_collector()

    def _open_ring(self, channels: int) -> None:
        """Without room for it the page cannot play before and after; sound goes on. None in safe mode."""
        self._ring = None  # the old one's memory first
        if self._care.safe:
            return
        try:
            self._places.make_runtime()
            self._ring = ListenRing(self._places.runtime / "listen", channels, self._rack.latency_frames)
        except OSError as error:
            log.warning("before and after cannot be heard on the page: %s", error)

    def _let_go(self, io: AudioIo) -> None:
        try:
            io.close()
        except OSError as error:  # a recording that could not be completed
            log.warning("%s", error)

    def _describe(self, opened: Opened) -> None:
        """Tell control what runs now."""
        self._opened, self._described, self._described_off = opened, self._rack.heard, self._rack.model_off
        self._info = what_runs(self._rack, self._problems, self._settings, opened, params_hash(self._ids))
        self._info_waits = not self._link.send(self._info)


def _blocks_to_silence(io: AudioIo) -> int:
    """How many blocks pass from the beginning of a fade-out until its end has been played."""
    form = io.format
    fade_frames = round(MUTE_MS * 48)
    return -(-fade_frames // form.box_period_frames) + form.periods


def main(config: Config, places: Places) -> int:
    """The audio process's whole life. Returns its exit code."""
    realtime.die_with_supervisor()
    places.make_runtime()
    try:
        return AudioProcess(config, places).run()
    except Exception as error:
        crash_loop.last_words(places.runtime, error)
        raise
