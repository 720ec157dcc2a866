"""RealLive: parameters and status, over Control."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from dsp.layouts.stems import STEMS
from dsp.params import ParamError, ParamSpec, UnknownParamError
from firmware_app.config.actions import label_of
from firmware_app.control.control import Control
from firmware_app.control.output import silent_stems
from firmware_app.control.undo import NothingToUndo, Step
from firmware_app.kept.mutes import SILENCING
from firmware_app.kept.setup_notes import Measured
from firmware_app.link import shed
from firmware_app.link.stage_meters import StageMeter
from firmware_app.link.wire import DEMO_PLAYS, HealthFrame, InfoFrame, MeterFrame, State
from firmware_app.panel.setup import PanelSetup
from firmware_app.setup.box import BoxSetup
from hw.board import health as board_health
from web_ui.ports.errors import ControlRefused, NotThere
from web_ui.ports.live import Change, LevelView, ParamView, StageView, StatusView, StepView

TEMPERATURE_S = 5.0  # between two readings of the board's temperature
_STATES = {
    State.RUNNING: "running",
    State.WAITING: "waiting for device",
    State.CHECKING: "checking sound",
}
_SILENT = "The audio process does not answer. When it stays so, it is started again."
_DOWN = "The audio process is down and is being started again."
_KEPT = "Settings are kept."
_STARTING = "The sound starts."
STARTING_S = 20.0  # after the start of the control process, until then an audio process that is not there yet is normal


class RealLive:
    """Implements LivePort. Any thread."""

    def __init__(self, control: Control, box: BoxSetup, panel: PanelSetup, leave_safe: Callable[[], None]) -> None:
        """box: knows the measured latency. panel: its problems are in the message. leave_safe: ends safe mode."""
        self._control = control
        self._box = box
        self._panel = panel
        self._leave_safe = leave_safe
        self._temperature_at_s, self._temperature_c = 0.0, board_health.temperature_c()

    def params(self) -> Sequence[ParamView]:
        values = self._control.values()
        return [self._view(spec, values[id]) for id, spec in self._control.specs.items()]

    def _view(self, spec: ParamSpec, value: float) -> ParamView:
        full = label_of(spec, self._control.specs)
        return ParamView(
            spec.id, spec.label, spec.unit, spec.low, spec.high, spec.default, spec.help, spec.choices,
            value, self._control.origin(spec.id).partition(":")[0],
            "" if full == spec.label else full,
        )  # fmt: skip

    def set_param(self, param_id: str, value: float, origin: str) -> float:
        try:
            return self._control.set_param(param_id, value, origin)
        except UnknownParamError as error:
            raise NotThere(str(error)) from None
        except ParamError as error:
            raise ControlRefused(str(error)) from None

    def not_kept(self, param_id: str = "") -> str:
        return self._control.mutes_not_kept() if not param_id or param_id in SILENCING else ""

    def steps(self) -> Sequence[StepView]:
        return _views(reversed(self._control.steps))

    def undo(self, number: int) -> Sequence[StepView]:
        try:
            return _views(self._control.undo(number))
        except NothingToUndo as error:
            raise NotThere(str(error)) from None

    def status(self) -> StatusView:
        latest = self._control.latest
        # An audio process that hangs keeps its link: its last meter frame is too old to be shown.
        meter = self._control.live_meter
        down = _STARTING if self._starts else _SILENT if latest.meter else _DOWN
        said = self._message(meter, latest.info, down)
        view = _status(meter, latest.info, self._control.health, said, self._box.measured_now())
        values = self._control.values()
        # The demo's own note, or the first seconds after a start, with nothing else to say.
        calm = said == _STARTING if meter is None else said == latest.info.message and said.startswith(DEMO_PLAYS)
        return replace(
            view,
            temperature_c=self._temperature(),
            calm=calm,
            output=self._control.output,
            silent_stems=silent_stems(values),
            chains=self._box.chains,
            stages=tuple(self._stage(stage) for stage in meter.stages) if meter is not None else (),
        )

    def _stage(self, meter: StageMeter) -> StageView:
        minute_db, says = self._control.stages.told(meter.name)
        return StageView(meter.name, meter.on, meter.at_work, meter.change_db, minute_db, meter.detail, says)

    @property
    def _starts(self) -> bool:
        """The audio process has not been heard yet, and that is no wonder so soon."""
        return self._control.latest.at == 0.0 and time.monotonic() - self._box.started < STARTING_S

    def _temperature(self) -> float | None:
        """The board's temperature, read now and then: `status` is called 20 times a second."""
        now = time.monotonic()
        if now >= self._temperature_at_s:
            self._temperature_at_s = now + TEMPERATURE_S
            self._temperature_c = board_health.temperature_c()
        return self._temperature_c

    def _message(self, meter: MeterFrame | None, info: InfoFrame, down: str) -> str:
        # Anything that may be lost is always part of the message: the demo's note would hide it for ever.
        lasting = [said for said in (self._control.started_muted, self._control.save_problem) if said]
        if meter is None:
            notes = [down if lasting or down == _STARTING else f"{down} {_KEPT}"]
        else:
            notes = [info.message, _shed_words(self._control.health), *self._panel.problems, *self._control.notes[:1]]
        said = [*lasting, *[note for note in notes if note][:1]]
        return " ".join(note if note.endswith(".") or note is said[-1] else f"{note}." for note in said)

    def wait_for_change(self, after_seq: int, timeout_s: float) -> Change:
        seq = self._control.wait(after_seq, timeout_s)
        return Change(seq, self.status(), self._control.values())

    def leave_safe_mode(self) -> None:
        if not self._control.health.safe:
            raise ControlRefused("the box is not in safe mode")
        self._leave_safe()


def _views(steps: Iterable[Step]) -> list[StepView]:
    now = time.monotonic()
    return [StepView(step.number, step.kind, step.name, step.who, now - step.at_s, step.changes) for step in steps]


def _shed_words(health: HealthFrame) -> str:
    words = shed.WORDS[shed.Shed(health.shed)]
    return f"Too busy or too hot: {words}. It comes back by itself." if words else ""


def _status(
    meter: MeterFrame | None, info: InfoFrame, health: HealthFrame, message: str, measured: Measured | None
) -> StatusView:
    shown = meter or MeterFrame()
    # Playback starts with a buffer full of silence, so a block waits behind all its periods.
    periods_ms = 1e3 * info.periods * info.period_frames / info.rate_hz if info.rate_hz else 0.0
    chain_ms = 1e3 * (info.chain_latency_frames + info.io_latency_frames) / 48_000
    if measured is not None:  # with a cable: it includes converters, periods and resamplers
        periods_ms, chain_ms = measured.frames / 48.0, info.chain_latency_frames / 48.0
    return StatusView(
        audio_alive=meter is not None,
        state=_STATES[State(shown.state)] if meter else "down",
        message=message,
        device=info.device,
        demo=info.demo,
        bundle=info.bundle,
        rate_hz=info.rate_hz,
        period_frames=info.period_frames,
        periods=info.periods,
        latency_ms=periods_ms + chain_ms,
        latency_measured=measured is not None,
        chain_latency_frames=info.chain_latency_frames,
        load_p50=shown.load_p50,
        load_p99=shown.load_p99,
        load_mean=shown.load_mean,
        xruns=shown.xruns,
        late_hops=shown.late_hops,
        dry_hops=shown.dry_hops,
        reduction_db=shown.reduction_db,
        inputs=tuple(LevelView(shown.in_peak_db[i], shown.in_rms_db[i]) for i in range(shown.channels)),
        outputs=tuple(LevelView(shown.out_peak_db[i], shown.out_rms_db[i]) for i in range(shown.mix_channels)),
        stems_db=dict(zip(STEMS, shown.stems_rms_db, strict=True)),
        uptime_s=shown.uptime_s,
        safe_mode=health.why if health.safe else "",
        shed=shed.WORDS[shed.Shed(health.shed)],
        sheds=health.sheds,
    )
