"""What the audio process tells control about itself: which device, chain and model run, and what is wrong, in words."""

from collections.abc import Mapping
from dataclasses import replace

from dsp.rack.rack import CHAIN, CHAINS, Rack
from firmware_app.audio.source import Opened
from firmware_app.audio.trial import AudioTrial
from firmware_app.link.wire import AudioLink, InfoFrame

MODEL_OFF = "{model} keeps failing or being late: the sound bypasses it, and it is tried again every second."
NO_MUSIC = "No music input: set [audio] music_channels in hushbox.toml. Only the microphone is heard."


class Info:
    """Sends an info frame when something has changed, and again when the socket had no room for it. Audio thread."""

    def __init__(
        self, link: AudioLink, rack: Rack, problems: Mapping[str, str], settings: AudioTrial, params_hash: int
    ) -> None:
        """problems: why a chain goes without its model, by the chain's name. params_hash: see link/wire.py."""
        self._link, self._rack, self._problems, self._settings = link, rack, problems, settings
        self.frame = InfoFrame(params_hash=params_hash)
        self._opened = Opened(None, False, "")
        self._heard, self._model_off, self._latency_frames = rack.heard, False, 0
        self._waits = False  # for room in the socket

    def describe(self, opened: Opened) -> None:
        """Tell control what runs now on this device."""
        rack = self._rack
        self._opened, self._heard, self._model_off = opened, rack.heard, rack.model_off
        self._latency_frames = rack.latency_frames
        self.frame = self._describe(opened)
        self._waits = not self._link.send(self.frame)

    def say(self, message: str) -> None:
        """The same device runs; there is something else to say about it, in plain words."""
        self.describe(replace(self._opened, message=message))

    def chain_changed(self) -> bool:
        """Tell control when another chain is heard, with another latency, or its model went off or on. True then."""
        rack, same = self._rack, self._rack.heard is self._heard
        if same and rack.model_off is self._model_off and rack.latency_frames == self._latency_frames:
            return False
        self.describe(self._opened)
        return True

    def tell(self, *, connected: bool) -> None:
        """Send the frame to a control process that has just connected, or that had no room for it."""
        if connected or self._waits:
            self._waits = not self._link.send(self.frame)

    def _describe(self, opened: Opened) -> InfoFrame:
        rack, settings, io = self._rack, self._settings, opened.io
        form = io.format if io is not None else None
        problem = self._problem()
        # Why nothing is heard comes before why it is heard untouched.
        messages = (problem, opened.message) if io else (opened.message, problem)
        return InfoFrame(
            params_hash=self.frame.params_hash,
            rate_hz=form.rate_hz if form else 0,
            period_frames=form.period_frames if form else 0,
            periods=form.periods if form else 0,
            chain_latency_frames=rack.latency_frames if form else 0,
            io_latency_frames=io.latency_frames if io else 0,
            device=io.name if io else "none",
            bundle=rack.model_name,
            # Both, where the interface does less than the settings ask.
            message=" ".join(filter(None, messages)) if opened.fit and not opened.demo else messages[0] or messages[1],
            demo=opened.demo,
            trial=settings.number,
            refused=settings.refused,
            device_inputs=form.capture_channels if form else 0,
            device_outputs=form.playback_channels if form else 0,
        )

    def _problem(self) -> str:
        chain = CHAINS[int(self._rack.param(CHAIN.id))]
        if self._problems.get(chain) and self._rack.own_models:
            return self._problems[chain]
        audio = self._opened.fit.audio if self._opened.fit else self._settings.audio
        if chain == "voice over music" and not audio.music_channels:
            return NO_MUSIC
        return MODEL_OFF.format(model=self._rack.model_name) if self._rack.model_off else ""
