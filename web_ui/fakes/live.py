"""FakeLive: parameters and status in memory. Meters move as if someone spoke."""

import contextlib
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from web_ui.fakes.stages import PARAMS as STAGE_PARAMS
from web_ui.fakes.stages import stages_of
from web_ui.ports.errors import ControlRefused, NotThere
from web_ui.ports.live import OUTPUTS, Change, LevelView, ParamView, StatusView, StepView

FRAME_S = 0.05
MERGE_S = 1.5  # a pause longer than this ends a sweep
NO_STEP = ("box.match_db", "chain.solo", "denoise.listen")
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
    load_mean=0.2,
    xruns=0,
    late_hops=0,
    dry_hops=0,
    reduction_db=0.0,
    temperature_c=54.0,
)


class FakeLive:
    """A LivePort with a clock and no sound. Any thread. The other fakes read and set its parameters.

    clock: seconds, for tests that stop time.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.status_now = STATUS  # the meters are drawn over it; see set_status
        self.comparing = False
        self.moving = True  # False: the meters stand still
        self.clock = clock
        self.started = clock()
        self._params = {view.id: view for view in (*PARAMS, *STAGE_PARAMS)}
        self.has_stages = True  # False: as while the chain is music
        self._steps: list[tuple[StepView, float]] = []
        self._numbers, self._gathering = 0, False
        self._changes = 0
        self._changed = threading.Condition()

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
            self._note(view, float(value), origin)
            self._params[param_id] = replace(view, value=float(value), origin=origin)
            self.tell()
            return float(value)

    def not_kept(self, param_id: str = "") -> str:
        return ""

    def status(self) -> StatusView:
        values = self.values()
        view = replace(self.status_now, output=self._output(values))
        if not view.audio_alive:
            return view
        view = _with_meters(view, values, self.now_s())
        return replace(view, stages=stages_of(values, self.now_s())) if self.has_stages else view

    def _output(self, values: Mapping[str, float]) -> str:
        """What leaves the box; what `set_status` said unless it is plain processing."""
        now = self.status_now
        true = {
            "muted": values["box.mute"],
            "nothing": not now.audio_alive or now.state != "running",
            "bypassed": values["box.bypass"],
            "overloaded": now.output == "overloaded",
            "model off": now.safe_mode or now.output == "model off",
            "removed": values["denoise.listen"] or values["chain.solo"],
            "comparing": self.comparing,
        }
        return next((output for output in OUTPUTS if true.get(output)), "processing")

    def wait_for_change(self, after_seq: int, timeout_s: float) -> Change:
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while self._seq() <= after_seq and (left := deadline - time.monotonic()) > 0:
                self._changed.wait(min(left, FRAME_S / 2))
            seq = self._seq()
        return Change(seq, self.status(), self.values())

    def steps(self) -> Sequence[StepView]:
        now = time.monotonic()
        return [replace(step, ago_s=now - at_s) for step, at_s in reversed(self._steps)]

    def undo(self, number: int) -> Sequence[StepView]:
        if number not in (step.number for step, _ in self._steps):
            raise NotThere(f"change {number} cannot be undone: it was undone already, or is too old")
        undone: list[StepView] = []
        while not undone or undone[-1].number != number:
            step, _ = self._steps.pop()
            changes = {id: (self.value(id), before) for id, (before, _) in step.changes.items()}
            for id, (before, _) in step.changes.items():
                self.set_param(id, before, "undo")
            undone.append(replace(step, changes=changes))
        return undone

    @contextlib.contextmanager
    def one_step(self, kind: str, name: str) -> Iterator[None]:
        """What changes within is one step."""
        before, self._gathering = self.values(), True
        yield
        self._gathering = False
        changes = {id: (before[id], value) for id, value in self.values().items() if value != before[id]}
        if changes:
            self._push(kind, name, "page", changes)

    def _note(self, view: ParamView, value: float, origin: str) -> None:
        if self._gathering or origin == "undo" or value == view.value or view.id in NO_STEP:
            return
        if self.comparing and view.id == "box.bypass":
            return
        newest, at_s = self._steps[-1] if self._steps else (None, 0.0)
        if newest and (newest.name, newest.who) == (view.id, origin) and time.monotonic() - at_s < MERGE_S:
            self._steps.pop()
            if (before := newest.changes[view.id][0]) != value:
                self._push("param", view.id, origin, {view.id: (before, value)})
            return
        self._push("param", view.id, origin, {view.id: (view.value, value)})

    def _push(self, kind: str, name: str, who: str, changes: Mapping[str, tuple[float, float]]) -> None:
        self._numbers += 1
        self._steps = [*self._steps, (StepView(self._numbers, kind, name, who, 0.0, changes), time.monotonic())][-30:]

    def leave_safe_mode(self) -> None:
        if not self.status_now.safe_mode:
            raise ControlRefused("the box is not in safe mode")
        self.set_status(safe_mode="")

    # --- for tests and for the other fakes ---

    def set_status(self, **changes: Any) -> None:
        """Change what `status` answers."""
        with self._changed:
            self.status_now = replace(self.status_now, **changes)
            self.tell()

    def value(self, param_id: str) -> float:
        """The value in force of one parameter."""
        return self._params[param_id].value

    def values(self) -> dict[str, float]:
        """All values in force by id."""
        return {view.id: view.value for view in self.params()}

    def tell(self) -> None:
        """Something of the box has changed: wake who waits for it."""
        with self._changed:
            self._changes += 1
            self._changed.notify_all()

    def now_s(self) -> float:
        """The time of the meter frame now."""
        return self._frame() * FRAME_S

    def _frame(self) -> int:
        return int((self.clock() - self.started) / FRAME_S) if self.moving else 0

    def _seq(self) -> int:
        return self._changes + (self._frame() if self.status_now.audio_alive else 0)


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
