"""Control: the only owner of live settings. Every change from phone, knob, switch or preset goes through it."""

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from dsp.params import ParamSpec, find
from dsp.rack.dry_path import BYPASS, MUTE
from firmware_app.control.output import Output, output_of
from firmware_app.control.stages import StageWatch
from firmware_app.control.undo import ORIGIN as UNDO
from firmware_app.control.undo import Step, UndoLog, to_restore
from firmware_app.kept.mutes import SILENCING
from firmware_app.kept.saver import ANSWER_WITHIN_S, SaveJob, Saver
from firmware_app.kept.start_from import to_start_from
from firmware_app.kept.store import WHAT, Store
from firmware_app.link.wire import HealthFrame, InfoFrame, MeterFrame

SILENT_S = 1.0  # without a meter frame, as long as 20 of them take
SAVE_AFTER_S = 0.5  # a moving fader is saved this often, a switch at once
COMPARED = frozenset({BYPASS.id, "denoise.listen"})  # while an A/B comparison runs, these only choose what is heard
MUTES_FIRST_S = 1.0  # how long settings wait for the record of mutes, which must never be older than they are

Listener = Callable[[str, float, str], None]
"""Called with (id, value, origin) after each change. Must be quick, and must not call Control."""


@dataclass(frozen=True, slots=True)
class Latest:
    """The audio process's newest frames; `meter` is None while it is down."""

    meter: MeterFrame | None
    info: InfoFrame
    at: float  # time.monotonic() of the meter frame


class Control:
    """Live settings, the newest meters and their listeners. All methods from any thread."""

    def __init__(
        self, specs: Mapping[str, ParamSpec], store: Store, in_force: Mapping[str, float] | None = None
    ) -> None:
        """Starts from the settings in `store`; `notes` tells what was wrong with them.

        in_force: the audio process's values, which are newer than the disk if control was killed. They win, except
        over a mute (start_from.py).
        """
        loaded = store.load()
        known = to_start_from(loaded, in_force or {})
        self.specs = specs
        self.notes = loaded.notes
        self._unsure = loaded.unsure if known.get(MUTE.id) else ""
        self._store = store
        self._changed = threading.Condition()
        self._values = {id: known.get(id, spec.default) for id, spec in specs.items()}
        self._origins = {id: "saved" if id in known else "default" for id in specs}
        self._undo = UndoLog()
        self._seq = 1
        self._latest = Latest(None, InfoFrame(), 0.0)
        self._health = HealthFrame()
        self.stages = StageWatch()  # what the stages did lately
        self.comparing = False  # an A/B comparison runs
        self._send: Callable[[str, float], None] = lambda id, value: None
        self._listeners: list[tuple[str, Listener]] = []
        self.on_trouble: Callable[[str], None] = lambda words: None  # gets why something is not on disk, "" once it is
        self._unsaved: tuple[str, ...] = ()  # what could not be saved, in words
        self._settings = SaveJob(WHAT, self._write_settings)
        self._mutes = SaveJob("mutes", lambda: self._store.save_mutes(self.values(), self._unsaved))
        # A saver of its own, so that a mute never waits for another write.
        self._mutes_saver = Saver("mutes", self._trouble_changed)
        self._saver = Saver("saver", self._trouble_changed)
        self._mutes_saver.add(self._mutes)
        self._saver.add(self._settings)
        if loaded.unsure:  # the next start cannot be certain either, until everything is on disk
            self._unsaved = (WHAT,)
            self._settings.changed()
        self._mutes.changed()  # the record must exist before the disk is full

    def connect(self, send: Callable[[str, float], None]) -> None:
        """Send changes by `send` from now on: the link's send_param."""
        self._send = send

    def listen(self, origin: str, listener: Listener) -> None:
        """Tell `listener` of every change that did not come from `origin` itself."""
        self._listeners.append((origin, listener))

    def save_also(self, *save_jobs: SaveJob) -> None:
        """Have the saver write these jobs too."""
        for save_job in save_jobs:
            self._saver.add(save_job)

    def set_param(self, id: str, value: float, origin: str, *, undoable: bool = True) -> float:
        """Change one parameter and return the value in force. Raises UnknownParamError, ParamRangeError.

        undoable: False for what ends by itself, such as a value that a foot holds.
        """
        spec = find(self.specs, id)
        number = spec.check(value)
        with self._changed:
            # With the lock held, so that two simultaneous changes reach the audio process in the order they were made.
            silences = id in SILENCING and number != self._values[id]
            if undoable and not (self.comparing and id in COMPARED):
                self._undo.note(id, self._values[id], number, origin)
            self._values[id] = number
            self._origins[id] = origin
            self._send(id, number)
            if silences:  # with the lock held: the record of mutes must be saved before the settings
                self._mutes.changed()
            self._seq += 1
            self._changed.notify_all()
        self._settings.changed(within_s=0.0 if spec.discrete else SAVE_AFTER_S)
        for own_origin, listener in self._listeners:
            if own_origin != origin:
                listener(id, number, origin)
        return number

    def toggle(self, id: str, origin: str, between: tuple[float, float] = (0.0, 1.0)) -> float:
        """Set a parameter to the one of the two values that it is further from. Raises as set_param does."""
        low, high = between
        with self._changed:
            return self.set_param(id, low if self.value(id) > (low + high) / 2 else high, origin)

    def set_params(self, values: Mapping[str, float], origin: str) -> None:
        """Change several at once, as a preset or a scene does. All or none: raises as set_param does before any."""
        checked = {id: find(self.specs, id).check(value) for id, value in values.items()}
        for id, number in checked.items():
            self.set_param(id, number, origin)

    # --- undo ---

    def one_step(
        self, kind: str, name: str, who: str, also: Callable[[], None] | None = None
    ) -> AbstractContextManager[None]:
        """What this thread changes within is undone at once. kind, name, who, also: see undo.Step."""
        return self._undo.gathered(kind, name, who, also)

    @property
    def steps(self) -> list[Step]:
        """The changes that can be undone, the newest last."""
        with self._changed:
            return self._undo.steps

    def undo(self, number: int) -> list[Step]:
        """Take back the step `number` and all newer ones. Returns them, newest first, each with what it set back.

        Raises NothingToUndo. Not on a thread of panel or link.
        """
        undone = []
        with self._changed:
            steps = self._undo.take(number)
        for step in steps:
            with self._changed:
                restored = to_restore(step, self._values, self._origins)
            undone.append(replace(step, changes={id: (self.value(id), before) for id, before in restored.items()}))
            self.set_params(restored, UNDO)
            if step.also is not None:
                step.also()
        self.news()
        return undone

    def value(self, id: str) -> float:
        return self._values[find(self.specs, id).id]

    def values(self) -> dict[str, float]:
        with self._changed:
            return dict(self._values)

    def origin(self, id: str) -> str:
        return self._origins[id]

    @property
    def latest(self) -> Latest:
        return self._latest

    @property
    def live_meter(self) -> MeterFrame | None:
        """The newest meter frame; None while the audio process is down or hangs."""
        latest = self._latest
        return None if time.monotonic() - latest.at > SILENT_S else latest.meter

    @property
    def output(self) -> Output:
        """What leaves the box now."""
        return output_of(self._values, self.live_meter, self._health, comparing=self.comparing)

    @property
    def seq(self) -> int:
        return self._seq

    def wait(self, after_seq: int, timeout_s: float) -> int:
        """Wait for a change after `after_seq`, or until the timeout. Returns the newest seq."""
        with self._changed:
            self._changed.wait_for(lambda: self._seq > after_seq, timeout_s)
            return self._seq

    def take_meter(self, meter: MeterFrame) -> None:
        """The link received a meter frame."""
        self.stages.take(meter.stages, max(meter.in_peak_db), max(meter.in_rms_db))
        self._publish(Latest(meter, self._latest.info, time.monotonic()))

    @property
    def health(self) -> HealthFrame:
        """The audio process's health: safe mode, and the work that it leaves out."""
        return self._health

    def take_health(self, health: HealthFrame) -> None:
        """The link received a health frame."""
        self._health = health
        self.news()

    def take_info(self, info: InfoFrame) -> None:
        """The link received an info frame."""
        self._publish(Latest(self._latest.meter, info, self._latest.at))

    def news(self) -> None:
        """Wake all callers of `wait`: something else on the page has changed."""
        self._publish(self._latest)

    def audio_down(self) -> None:
        """The link to the audio process broke."""
        self.stages.forget()
        self._publish(Latest(None, self._latest.info, time.monotonic()))

    def _publish(self, latest: Latest) -> None:
        with self._changed:
            self._latest = latest
            self._seq += 1
            self._changed.notify_all()

    # --- the disk ---

    @property
    def started_muted(self) -> str:
        """Why the box started muted, in words, until it is unmuted; empty when it did not mute itself."""
        if not self._unsure or not self._values.get(MUTE.id):
            return ""
        return f"The box started muted, to be safe: {self._unsure}. Unmute it when you are ready."

    @property
    def save_problem(self) -> str:
        """Why something is not on disk, in words; empty when all is saved."""
        return ". ".join(trouble for trouble in (self._mutes_saver.trouble, self._saver.trouble) if trouble)

    def mutes_not_kept(self) -> str:
        """Wait until the mutes are on disk. Returns why they would not survive a power cut, else "".

        Not on the threads of panel and link: it may take ANSWER_WITHIN_S.
        """
        return self._mutes.wait(ANSWER_WITHIN_S)

    def flush(self, timeout_s: float) -> str:
        """Wait until all changes are on disk. Returns why they are not, else ""."""
        return self._saver.flush(timeout_s)

    def hurry(self) -> None:
        """Before the end: start to write what is not saved yet. Returns at once."""
        self._mutes_saver.hurry()
        self._saver.hurry()

    def close(self, timeout_s: float = 10.0) -> tuple[str, ...]:
        """Save what is unsaved, and end. Returns what is still not on disk; log, doctor and next start tell it, too."""
        began = time.monotonic()
        lost = self._saver.close(timeout_s * 0.75)
        self._unsaved_are(lost)
        lost += self._mutes_saver.close(max(0.1, began + timeout_s - time.monotonic()))
        if lost:
            self.on_trouble(self.save_problem or f"at the end of the box these were not on disk: {', '.join(lost)}")
        return lost

    def _write_settings(self) -> str:
        values = self.values()
        self._mutes.wait(MUTES_FIRST_S)
        if self._store.save(values):
            self._unsaved_are(tuple(name for name in self._unsaved if name != WHAT))
        return self._store.problem

    def _trouble_changed(self) -> None:
        """The set of failing save jobs has changed. On a saver's thread."""
        self._unsaved_are(self._saver.failing)
        self.on_trouble(self.save_problem)
        self.news()

    def _unsaved_are(self, names: tuple[str, ...]) -> None:
        """Write these names into the record of mutes, for the next start."""
        if names != self._unsaved:
            self._unsaved = names
            self._mutes.changed()
