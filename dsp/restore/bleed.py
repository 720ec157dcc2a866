"""Bleed: music that leaks from headphones or a wedge into the microphone is taken out, where the music is an input too.

The box hears the music itself (`music_channels`), learns how it gets into each microphone (dsp.restore.bleed_path), and
subtracts what it foresees. Nothing is late, and without leak nothing changes: what is subtracted is made of the music.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dsp.block import RATE_HZ, Block
from dsp.params import ParamSpec, switch
from dsp.parts.ramp import Ramp, ramp_frames
from dsp.restore.bleed_music import HEAD_FRAMES, STEP_FRAMES, Music
from dsp.restore.bleed_path import LeakPath

ON = switch(
    "bleed.on",
    "Bleed",
    "Takes out the music that leaks from headphones or a wedge into the microphone. The same music must come in on "
    "music_channels.",
)
AMOUNT = ParamSpec(
    "bleed.amount_db", "dB", 0.0, 40.0, 40.0, "Bleed amount", "How far the music is turned down at most."
)
BLEED_PARAMS = (ON, AMOUNT)

FADE_MS = 30.0
METER_MS = 100.0
QUIETEST = 1e-6  # mean square below which the meter rests


class Bleed:
    """The stage. Audio thread; no latency.

    change_db: the level that goes away with the leak, smoothed over 100 ms. detail: the leak's way in ms, as learnt, or
    0 while nothing is.
    """

    latency_frames = 0

    def __init__(self) -> None:
        self.name = "bleed"
        self.params = BLEED_PARAMS
        self._on, self._amount_db = False, AMOUNT.default
        self._columns = self._at = 0
        self._reference: Block | None = None
        self._before = self._after = 0.0
        self.prepare(RATE_HZ, HEAD_FRAMES, 1)

    def prepare_reference(self, columns: int) -> None:
        """columns: of the music; 0 where there is none, and then the stage is never wanted. Before prepare()."""
        self._columns = columns

    def prepare(self, rate_hz: int, period_frames: int, channels: int) -> None:
        """May allocate: it is called before the sound starts."""
        self._rate_hz = rate_hz
        self._ramp = Ramp(self._target, ramp_frames(FADE_MS, rate_hz), HEAD_FRAMES)
        self._music: Music | None = None
        self._paths: list[LeakPath] = []
        if self._columns:
            self._music = Music(self._columns, rate_hz)
            self._paths = [LeakPath(self._music) for _ in range(channels)]
        self._sound: NDArray[np.float32] = np.zeros(HEAD_FRAMES, np.float32)
        self._scaled: NDArray[np.float32] = np.zeros(HEAD_FRAMES, np.float32)
        self.reset()

    @property
    def wanted(self) -> bool:
        return self._on and self._amount_db > 0.0 and self._columns > 0

    @property
    def at_work(self) -> bool:
        return self.wanted or not (self._ramp.still and self._ramp.value == 0.0)

    @property
    def _target(self) -> float:
        return 1.0 - 10.0 ** (-self._amount_db / 20.0) if self.wanted else 0.0

    @property
    def change_db(self) -> float:
        if self._before < QUIETEST or self._after >= self._before:
            return 0.0
        return 10.0 * math.log10(max(self._after / self._before, 1e-6))

    @property
    def detail(self) -> float:
        return max((path.delay_frames for path in self._paths), default=0) * 1000.0 / self._rate_hz

    def set_param(self, param_id: str, value: float) -> None:
        if param_id == ON.id:
            self._on = value >= 0.5
        elif param_id == AMOUNT.id:
            self._amount_db = value
        self._ramp.set(self._target)

    def hear_reference(self, music: Block) -> None:
        """The music of the block that process() gets next; (frames, columns)."""
        self._reference = music

    def process(self, block: Block) -> None:
        reference, self._reference = self._reference, None
        if self._music is None:
            self._ramp.next(min(len(block), HEAD_FRAMES))
            return
        done = 0
        while done < len(block):
            at = self._at
            frames = min(len(block) - done, HEAD_FRAMES - at % HEAD_FRAMES)
            self._music.take(None if reference is None else reference[done : done + frames], frames, at)
            self._piece(block[done : done + frames], at)
            self._at = (at + frames) % STEP_FRAMES
            done += frames
            if self._at % HEAD_FRAMES == 0:
                if self._at == 0:
                    self._music.step()
                for path in self._paths:
                    path.turn(self._at // HEAD_FRAMES)

    def _piece(self, block: Block, at: int) -> None:
        frames = len(block)
        gain = self._ramp.next(frames)
        sound, scaled = self._sound[:frames], self._scaled[:frames]
        before = after = 0.0
        for channel, path in enumerate(self._paths):
            np.copyto(sound, block[:, channel])
            before += float(np.dot(sound, sound))
            np.multiply(path.foresee(sound, at), gain, out=scaled)
            np.subtract(sound, scaled, out=sound)
            after += float(np.dot(sound, sound))
            block[:, channel] = sound
        share = 1.0 / (self._rate_hz * METER_MS / 1000.0)
        left = (1.0 - share) ** frames
        self._before = left * self._before + share * before / len(self._paths)
        self._after = left * self._after + share * after / len(self._paths)

    def reset(self) -> None:
        """The sound starts anew, and the path with it: be where the parameters stand."""
        self._ramp.jump(self._target)
        if self._music is not None:
            self._music.reset()
        for path in self._paths:
            path.reset()
        self._at = 0
        self._reference = None
        self._before = self._after = 0.0
