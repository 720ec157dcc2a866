"""De-reverb: the late echo of the room turned down. The early echo, which makes a voice full and clear, stays."""

from __future__ import annotations

from dsp.block import RATE_HZ, Block
from dsp.params import ParamSpec
from dsp.parts.hop_adapter import HopAdapter
from dsp.parts.stft import StreamingStft
from dsp.parts.voice_sense import TakesRoom, VoiceSense
from dsp.restore.late_reverb import LateReverb

AMOUNT = ParamSpec("dereverb.amount", "", 0.0, 1.0, 0.0, "De-reverb", "How far the room's late echo is turned down.")
DEREVERB_PARAMS = (AMOUNT,)

WINDOW_FRAMES, HOP_FRAMES = 768, 128


class Dereverb:
    """Steers the LateReverb in the denoiser's transform where there is one, at no latency; else it has its own.

    With a denoiser the gains act on what its mask keeps, and its network is asked to dry as much
    (`denoise.keep_room` times 1 - amount). While the model rests or is late nothing is taken. Audio thread.

    change_db: what late echo is taken of all power, smoothed over 100 ms. detail: the share of late echo in what
    comes in, in %.
    """

    def __init__(self, voice: VoiceSense | None = None) -> None:
        self.name = "dereverb"
        self.params = DEREVERB_PARAMS
        self._voice = voice
        self._amount = AMOUNT.default
        self._own: LateReverb | None = None
        self.prepare(RATE_HZ, HOP_FRAMES, 1)

    def prepare(self, rate_hz: int, period_frames: int, channels: int) -> None:
        """After the denoiser's, which says whether it has a transform."""
        room = self._voice.room if self._voice is not None else None
        self._own = None
        if room is not None:
            self._room: TakesRoom = room
            self.latency_frames = 0
        else:
            self._room = self._own = LateReverb(channels, WINDOW_FRAMES, HOP_FRAMES, rate_hz)
            self._stft = StreamingStft(channels, WINDOW_FRAMES, 2 * HOP_FRAMES, HOP_FRAMES)
            self._adapter = HopAdapter(period_frames, HOP_FRAMES, channels, self._step)
            self.latency_frames = self._adapter.latency_frames + self._stft.latency_frames
        self._room.ask(self._amount)

    @property
    def wanted(self) -> bool:
        return self._amount > 0.0

    @property
    def at_work(self) -> bool:
        return self._room.at_work if self._own is None else self.wanted

    @property
    def change_db(self) -> float:
        return self._room.change_db if self.at_work else 0.0

    @property
    def detail(self) -> float:
        return self._room.echo_percent

    def set_param(self, param_id: str, value: float) -> None:
        """value: 0 to 1. Ramps there."""
        self._amount = value
        self._room.ask(value)

    def process(self, block: Block) -> None:
        if self._own is not None:
            self._adapter.process(block)

    def reset(self) -> None:
        """The sound starts anew. The denoiser resets its own."""
        if self._own is not None:
            self._own.reset()
            self._stft.reset()
            self._adapter.reset()

    def _step(self, hop_in: Block, hop_out: Block) -> None:
        spectrum = self._stft.analyse(hop_in)
        assert self._own is not None
        self._own.take(spectrum)
        hop_out[:] = self._stft.synthesise(spectrum)
