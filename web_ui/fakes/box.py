"""FakeControlPort: a box without sound, for tests and for work on the page. Meters move as if someone spoke.

Passes the same contract tests as firmware_app's port. `python -m web_ui.fakes.box` serves the page over it.
"""

import io
import math
import random
import threading
import time
import wave
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from web_ui.fakes.panel import FakePanel, FakePanelPort
from web_ui.fakes.presets import FakePresetsPort
from web_ui.fakes.setup import FakeSetupPort, FakeSystemPort
from web_ui.fakes.sound import FakeSoundPort
from web_ui.ports.box import (
    Change,
    ControlRefused,
    LevelView,
    NotThere,
    ParamView,
    Recording,
    SimulatedPin,
    StatusView,
)

FRAME_S = 0.05
OFF_ON = ("off", "on")

PARAMS = (
    ParamView("input.gain_db", "Input gain", "dB", -24, 24, 0, "Level into the processors.", (), 0, "default"),
    ParamView("box.bypass", "Bypass", "", 0, 1, 0, "The input passes untouched, as late as the processed sound.",
              OFF_ON, 0, "default"),
    ParamView("box.mute", "Mute", "", 0, 1, 0, "Silence, whatever else is set.", OFF_ON, 0, "default"),
    ParamView("box.wet_percent", "Wet", "%", 0, 100, 100, "How much of the processed sound is mixed in.", (), 100,
              "default"),
    ParamView("box.match_db", "Level match", "dB", -24, 0, 0, "Turns the louder side of a comparison down.", (), 0,
              "default"),
    ParamView("scenes.morph", "Morph", "%", 0, 100, 0, "From scene A to scene B.", (), 0, "default"),
    ParamView("output.gain_db", "Output level", "dB", -60, 12, 0, "Level before the limiter.", (), 0, "default"),
    ParamView("denoise.amount_db", "Noise reduction", "dB", 0, 40, 24, "How far noise is turned down.", (), 24,
              "default"),
    ParamView("denoise.sensitivity", "Sensitivity", "", -1, 1, 0, "Lower spares the voice, higher takes more noise.",
              (), 0, "default"),
    ParamView("denoise.keep_room", "Keep room", "", 0, 1, 1, "0 dries the room's echo, 1 leaves it.", (), 1,
              "default"),
    ParamView("denoise.listen", "Listen to", "", 0, 1, 0, "The cleaned voice, or what is removed.",
              ("output", "removed"), 0, "default"),
)  # fmt: skip

STATUS = StatusView(
    audio_alive=True,
    state="running",
    message="",
    device="Scarlett 2i2 USB",
    demo=False,
    bundle="voice 1.2.0",
    rate_hz=48000,
    period_frames=64,
    periods=3,
    latency_ms=8.0,
    chain_latency_frames=192,
    load_p50=0.19,
    load_p99=0.31,
    xruns=0,
    late_hops=0,
    dry_hops=0,
    reduction_db=0.0,
    temperature_c=54.0,
)

CARD = {
    "name": "voice",
    "version": "1.2.0",
    "summary": "Keeps a close voice and takes away everything behind it.",
    "licence": "Apache-2.0",
    "trained_on": [
        {"name": "Example voices", "licence": "CC-BY-4.0", "what": "read speech of 100 people"},
        {"name": "Example noises", "licence": "CC0-1.0", "what": "streets, kitchens, fans"},
    ],
    "card": "# voice\n\nAn example card.\n\n## Limits\n\nNot for *drums*.\n",
}


MODELS = [
    {**CARD, "runs": "voice", "latency_ms": 5.33, "parameters": 1_300_000, "size_bytes": 1_400_000},
    {**CARD, "runs": "music", "name": "stems", "latency_ms": 21.3, "parameters": 5_000_000, "size_bytes": 5_200_000},
]


class FakeControlPort(FakePanelPort, FakePresetsPort, FakeSoundPort, FakeSetupPort, FakeSystemPort):
    """A ControlPort with a clock and no box. Any thread.

    simulated: whether it has a virtual front panel: a footswitch for bypass, a knob for the amount, an LED that is lit
    while sound is processed. clock: seconds, for tests that stop time.
    """

    def __init__(self, simulated: bool = True, clock: Callable[[], float] = time.monotonic) -> None:
        FakeSetupPort.__init__(self, "hushbox", self._note_news, MODELS)
        FakeSystemPort.__init__(self, lambda: {"state.json": {id: view.value for id, view in self._params.items()}})
        self.version = "0.0.0"
        self.status_now = STATUS  # tests replace it; meters are drawn over it
        self.moving = True
        self._clock = clock
        self._started = clock()
        self._params = {view.id: view for view in PARAMS}
        self._changes = 0
        self._changed = threading.Condition()
        self._pins = {
            "footswitch": SimulatedPin("footswitch", "switch", "Footswitch", 0.0, "press: Bypass on/off"),
            "amount": SimulatedPin("amount", "knob", "Amount", 0.6, "turn: Noise reduction", "denoise.amount_db"),
            "status": SimulatedPin("status", "led", "Status", 1.0, "shows processing", levels=(1.0,)),
        }
        self._simulated = simulated
        self._start_presets()
        self._comparing = False
        self._panel_setup = FakePanel(lambda: self._params.values(), self._panel_changed)

    def params(self) -> Sequence[ParamView]:
        with self._changed:
            return list(self._params.values())

    def set_param(self, param_id: str, value: float, origin: str) -> float:
        with self._changed:
            view = self._params.get(param_id)
            if view is None:
                raise NotThere(f"no parameter {param_id!r}; did you mean {next(iter(self._params))}?")
            if not math.isfinite(value) or not view.low <= value <= view.high:
                raise ControlRefused(f"{param_id} = {value:g} {view.unit}: allowed {view.low:g} to {view.high:g}")
            if view.choices and value != int(value):
                raise ControlRefused(f"{param_id} = {value:g}: allowed {', '.join(view.choices)}")
            self._params[param_id] = replace(view, value=float(value), origin=origin)
            self._note_change()
            return float(value)

    def not_kept(self, param_id: str = "") -> str:
        return ""

    def status(self) -> StatusView:
        values = {view.id: view.value for view in self.params()}
        if not self.status_now.audio_alive:
            return self.status_now
        return _with_meters(self.status_now, values, self._frame() * FRAME_S)

    def wait_for_change(self, after_seq: int, timeout_s: float) -> Change:
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while self._seq() <= after_seq and (left := deadline - time.monotonic()) > 0:
                self._changed.wait(min(left, FRAME_S / 2))
            seq = self._seq()
        return Change(seq, self.status(), {view.id: view.value for view in self.params()})

    def leave_safe_mode(self) -> None:
        if not self.status_now.safe_mode:
            raise ControlRefused("the box is not in safe mode")
        with self._changed:
            self.status_now = replace(self.status_now, safe_mode="")
            self._note_change()

    def simulated_panel(self) -> Sequence[SimulatedPin]:
        with self._changed:
            return list(self._pins.values()) if self._simulated else []

    def press(self, name: str, pressed: bool) -> None:
        pin = self._pin(name, "switch")
        with self._changed:
            self._pins[name] = replace(pin, position=float(pressed))
            self._note_change()
        if pressed and not pin.position and not self._panel_setup.hear(name, "press"):
            action = self._panel_setup.does(name, "press") or {}
            if action.get("do") == "toggle":
                self.set_param(action["param"], 1.0 - self._params[action["param"]].value, "panel")

    def turn(self, name: str, position: float) -> None:
        pin = self._pin(name, "knob")
        if not 0.0 <= position <= 1.0:
            raise ControlRefused(f"position of knob {name} = {position:g}: allowed 0 to 1")
        stored = self._params["denoise.amount_db"].value / 40.0
        crossed = (pin.position - stored) * (position - stored) <= 0.0 or abs(pin.position - stored) < 0.02  # pickup
        with self._changed:
            self._pins[name] = replace(pin, position=position)
            self._note_change()
        heard = self._panel_setup.hear(name, "turn")
        if crossed and not heard and self._panel_setup.does(name, "turn"):
            self.set_param("denoise.amount_db", 40.0 * position, "panel")

    def step(self, name: str, detents: int) -> None:
        self._pin(name, "encoder")

    def listen_wavs(self) -> Recording:
        return Recording(_wav(noise=0.2), _wav(noise=0.01))

    def set_status(self, **changes: Any) -> None:
        """Change what `status` says (tests)."""
        with self._changed:
            self.status_now = replace(self.status_now, **changes)
            self._note_change()

    def _pin(self, name: str, kind: str) -> SimulatedPin:
        pins = {pin.name: pin for pin in self.simulated_panel() if pin.kind == kind}
        if name not in pins:
            raise NotThere(f"no simulated {kind} {name!r}: there are {', '.join(pins) or 'none'}")
        return pins[name]

    def _now_s(self) -> float:
        return self._frame() * FRAME_S

    def _tell(self) -> None:
        with self._changed:
            self._note_change()

    def _frame(self) -> int:
        return int((self._clock() - self._started) / FRAME_S) if self.moving else 0

    def _seq(self) -> int:
        return self._changes + (self._frame() if self.status_now.audio_alive else 0)

    def _panel_changed(self) -> None:
        with self._changed:
            for name in ("footswitch", "amount"):
                self._pins[name] = replace(self._pins[name], does=self._panel_setup.said(name))
            self._changes += 1
            self._changed.notify_all()

    def _note_news(self) -> None:
        """Something beside the parameters has changed."""
        with self._changed:
            self._changes += 1
            self._changed.notify_all()

    def _note_change(self) -> None:
        lit = 1.0 - self._params["box.bypass"].value
        self._pins["status"] = replace(self._pins["status"], position=lit, levels=(lit,))
        self._changes += 1
        self._changed.notify_all()


def _with_meters(status: StatusView, values: Mapping[str, float], at_s: float) -> StatusView:
    """A voice of syllables and pauses over steady noise, and what a denoiser would leave of it."""
    syllable = max(math.sin(at_s * 7.1) * math.sin(at_s * 1.9 + 1.0), 0.0)
    noise_db = -41.0 + 1.5 * math.sin(at_s * 11.3)
    voice_db = -14.0 + 20.0 * math.log10(syllable + 1e-3)
    inp = 10.0 * math.log10(10 ** (voice_db / 10) + 10 ** (noise_db / 10)) + values["input.gain_db"]
    taken = 0.0 if values["box.bypass"] else values["denoise.amount_db"] * values["box.wet_percent"] / 100.0
    reduction = taken * (1.0 - syllable) ** 3
    out = -120.0 if values["box.mute"] else max(inp - reduction + values["output.gain_db"], -120.0)
    return replace(
        status,
        reduction_db=reduction,
        inputs=(LevelView(min(inp + 6.0, 0.0), inp),),
        outputs=(LevelView(min(out + 6.0, 0.0), out),),
        stems_db={"vocals": inp, "drums": -24.0 + 3.0 * math.sin(at_s * 9.0), "bass": -27.0, "other": -120.0},
        uptime_s=at_s,
    )


def _wav(noise: float, seconds: float = 4.0, rate_hz: int = 16000) -> bytes:
    """A tone that swells, in noise of the given peak."""
    draw = random.Random(1).uniform
    frames = array("h", bytes(2 * int(seconds * rate_hz)))
    for n in range(len(frames)):
        at_s = n / rate_hz
        tone = 0.3 * math.sin(2 * math.pi * 220.0 * at_s) * max(math.sin(2 * math.pi * at_s), 0.0)
        frames[n] = int(32767 * (tone + draw(-noise, noise)))
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(rate_hz)
        wav.writeframes(frames.tobytes())
    return buffer.getvalue()


if __name__ == "__main__":
    from web_ui.app import create_app
    from web_ui.serving.server import PageServer

    server = PageServer(create_app(FakeControlPort()), port=8080)
    print(f"http://localhost:{server.start()}/")
    try:
        threading.Event().wait()
    finally:
        server.stop()
