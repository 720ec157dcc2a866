"""Playing: the mode the box is for. The rack runs on a device, and load, device and listen ring are looked after."""

import time
from collections.abc import Callable

import numpy as np

from dsp.block import RATE_HZ, Block
from dsp.rack.rack import Rack
from firmware_app.audio.before_and_after import BeforeAndAfter
from firmware_app.audio.channels import channels_of
from firmware_app.audio.device_watch import DeviceWatch
from firmware_app.audio.fit import Fit
from firmware_app.audio.for_takes import ForTakes
from firmware_app.audio.health import Health
from firmware_app.audio.info import Info
from firmware_app.audio.source import Opened
from firmware_app.audio.telemetry import Telemetry
from firmware_app.audio.trial import AudioTrial
from firmware_app.config.keys import StemsConfig
from firmware_app.link.wire import MAX_CHANNELS, AudioLink, State
from firmware_app.running import realtime
from hw.audio.audio_io import AudioIo, IoStatus

WARM_UP_BLOCKS = 32


class Playing:
    """A Mode. Audio thread."""

    def __init__(
        self,
        rack: Rack,
        settings: AudioTrial,
        stems: StemsConfig,
        health: Health,
        watch: DeviceWatch,
        telemetry: Telemetry,
        info: Info,
        kept: BeforeAndAfter,
        for_takes: ForTakes,
        progress: Callable[[], None],
    ) -> None:
        """progress: tells that this process is not hung; called during the warm-up, which may take long."""
        self._rack, self._settings, self._stems = rack, settings, stems
        self._health, self._watch, self._telemetry = health, watch, telemetry
        self._info, self._kept, self._for_takes, self._progress = info, kept, for_takes, progress
        self._begun_at = 0.0

    @property
    def ended(self) -> str:
        return self._watch.ended

    @property
    def ran_s(self) -> float:
        """Seconds since `begin`."""
        return time.monotonic() - self._begun_at

    def prepare(self, opened: Opened) -> bool:
        """Fit the rack, the meters and the listen ring to the device."""
        assert opened.io is not None
        form = opened.io.format
        fitted = opened.fit or Fit(self._settings.audio, self._stems)
        self._channels = channels_of(form, fitted.audio, fitted.stems)
        self._rack.prepare(RATE_HZ, form.box_period_frames, self._channels)
        self._kept.open(min(self._channels.mix, MAX_CHANNELS), self._rack.latency_frames)
        self._for_takes.open(self._channels, self._rack.latency_frames)
        self._telemetry.frame.channels = min(self._channels.inputs, MAX_CHANNELS)
        self._telemetry.frame.mix_channels = min(self._channels.mix, MAX_CHANNELS)
        realtime.turn_off_gc()
        return True

    def begin(self, io: AudioIo) -> tuple[Block, Block]:
        """Warm up, then start from silence with a fade in."""
        self._begun_at = time.monotonic()
        frames = io.format.box_period_frames
        self._deadline_s = frames / RATE_HZ
        block = np.zeros((frames, self._channels.inputs), np.float32)
        out = np.zeros((frames, self._channels.outputs), np.float32)
        # Touch code and memory once, so that the first blocks are no slower than the others.
        for _ in range(WARM_UP_BLOCKS):
            self._rack.warm_up(block, out)
            self._progress()
        self._rack.reset()
        self._rack.fade_in()
        self._watch.begin(io)
        return block, out

    def goes_on(self, status: IoStatus) -> bool:
        return self._watch.goes_on(status)

    def lost(self) -> None:
        self._watch.lost()
        self._for_takes.lost()
        self._rack.fade_in()

    def fade_out(self) -> None:
        self._watch.leave()
        self._rack.fade_out()

    def process(self, block: Block, out: Block) -> None:
        ring = self._for_takes.ring
        if ring is not None:
            ring.before(block)  # the chain uses it as scratch
        self._rack.process(block, out)
        if ring is not None:
            ring.after(out)
        if self._health.keeps_before_and_after:
            self._kept.write(self._rack.untouched, out)

    def block_done(self, work_s: float) -> None:
        """Count the load, and tell control what the device watch has found."""
        self._telemetry.load.add(work_s / self._deadline_s)
        self._health.block_done(work_s, self._deadline_s)
        if self._watch.news:
            self._watch.news = False
            self._info.say(self._watch.message)

    def state(self, status: IoStatus) -> State:
        return State.WAITING if status is IoStatus.TIMEOUT else State.RUNNING

    def tell(self, link: AudioLink) -> None:
        """Nothing: the meter frame says it all."""
