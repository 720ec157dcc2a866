"""Control: the one owner of live settings. Every change, from phone, knob, switch or preset, passes it."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dsp.params import ParamSpec, find
from dsp.rack.dry_path import MUTE
from firmware_app.kept.mutes import SILENCING
from firmware_app.kept.saver import ANSWER_WITHIN_S, SaveJob, Saver
from firmware_app.kept.start_from import to_start_from
from firmware_app.kept.store import WHAT, Store
from firmware_app.link.wire import HealthFrame, InfoFrame, MeterFrame

SILENT_S = 1.0  # 20 meter frames that did not come
SAVE_AFTER_S = 0.5  # a fader that is being moved is saved so often; switches are saved at once
MUTES_FIRST_S = 1.0  # settings wait so long for the record of mutes, that it is never older than they are

Listener = Callable[[str, float, str], None]
"""Called with (id, value, origin) after each change; quick, and never calls back into Control."""


@dataclass(frozen=True, slots=True)
class Latest:
    """What the audio process last said; `meter` is None while it is down."""

    meter: MeterFrame | None
    info: InfoFrame
    at: float  # time.monotonic() of the meter frame


class Control:
    """Live settings, the newest meters, and everybody who wants to know. All methods from any thread."""

    def __init__(
        self, specs: Mapping[str, ParamSpec], store: Store, in_force: Mapping[str, float] | None = None
    ) -> None:
        """Starts from what `store` has saved; `notes` then says what was wrong with it, if anything.

        in_force: what the audio process has now, when it is ahead of the disk because control was killed; it wins,
        but for a mute (start_from.py).
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
        self._seq = 1
        self._latest = Latest(None, InfoFrame(), 0.0)
        self._health = HealthFrame()
        self._send: Callable[[str, float], None] = lambda id, value: None
        self._listeners: list[tuple[str, Listener]] = []
        self.on_trouble: Callable[[str], None] = lambda words: None  # told what is not on disk; "" once it is
        self._unsaved: tuple[str, ...] = ()  # what could not be saved, in words
        self._settings = SaveJob(WHAT, self._write_settings)
        self._mutes = SaveJob("mutes", lambda: self._store.save_mutes(self.values(), self._unsaved))
        # A mute waits for nothing else that is written.
        self._mutes_saver = Saver("mutes", self._trouble_changed)
        self._saver = Saver("saver", self._trouble_changed)
        self._mutes_saver.add(self._mutes)
        self._saver.add(self._settings)
        if loaded.unsure:  # until everything is on disk, the next start is no surer than this one
            self._unsaved = (WHAT,)
            self._settings.changed()
        self._mutes.changed()  # the record is to be there before the disk is full

    def connect(self, send: Callable[[str, float], None]) -> None:
        """Where changes go from now on: the link's send_param."""
        self._send = send

    def listen(self, origin: str, listener: Listener) -> None:
        """Tell `listener` of every change that did not come from `origin` itself."""
        self._listeners.append((origin, listener))

    def save_also(self, *save_jobs: SaveJob) -> None:
        """Let the saver write these too: what lies beside the settings."""
        for save_job in save_jobs:
            self._saver.add(save_job)

    def set_param(self, id: str, value: float, origin: str) -> float:
        """Change one parameter and return the value in force. Raises UnknownParamError, ParamRangeError."""
        spec = find(self.specs, id)
        number = spec.check(value)
        with self._changed:
            # Sent under the lock: two origins at once must reach the audio process in the order they took effect.
            silences = id in SILENCING and number != self._values[id]
            self._values[id] = number
            self._origins[id] = origin
            self._send(id, number)
            if silences:  # under the lock: settings that have it are never saved before the record of mutes
                self._mutes.changed()
            self._seq += 1
            self._changed.notify_all()
        self._settings.changed(within_s=0.0 if spec.discrete else SAVE_AFTER_S)
        for own_origin, listener in self._listeners:
            if own_origin != origin:
                listener(id, number, origin)
        return number

    def toggle(self, id: str, origin: str, between: tuple[float, float] = (0.0, 1.0)) -> float:
        """Flip a parameter from the value it is nearer to over to the other one. Raises as set_param does."""
        low, high = between
        with self._changed:
            return self.set_param(id, low if self.value(id) > (low + high) / 2 else high, origin)

    def set_params(self, values: Mapping[str, float], origin: str) -> None:
        """Change several at once, as a preset or a scene does. All or none: raises as set_param does before any."""
        checked = {id: find(self.specs, id).check(value) for id, value in values.items()}
        for id, number in checked.items():
            self.set_param(id, number, origin)

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
        """The newest meter frame; None while the audio process is down, or hangs and says nothing any more."""
        latest = self._latest
        return None if time.monotonic() - latest.at > SILENT_S else latest.meter

    @property
    def seq(self) -> int:
        return self._seq

    def wait(self, after_seq: int, timeout_s: float) -> int:
        """Block until something newer than `after_seq` is there, or the timeout; returns the newest seq."""
        with self._changed:
            self._changed.wait_for(lambda: self._seq > after_seq, timeout_s)
            return self._seq

    def take_meter(self, meter: MeterFrame) -> None:
        """A meter frame came up the link."""
        self._publish(Latest(meter, self._latest.info, time.monotonic()))

    @property
    def health(self) -> HealthFrame:
        """How the audio process looks after itself: safe mode, and what it leaves out."""
        return self._health

    def take_health(self, health: HealthFrame) -> None:
        """The audio process said how it looks after itself."""
        self._health = health
        self.news()

    def take_info(self, info: InfoFrame) -> None:
        """The audio process said what runs."""
        self._publish(Latest(self._latest.meter, info, self._latest.at))

    def news(self) -> None:
        """Wake everyone in `wait`: something else that the page shows has changed."""
        self._publish(self._latest)

    def audio_down(self) -> None:
        """The link to the audio process broke."""
        self._publish(Latest(None, self._latest.info, time.monotonic()))

    def _publish(self, latest: Latest) -> None:
        with self._changed:
            self._latest = latest
            self._seq += 1
            self._changed.notify_all()

    # --- the disk ---

    @property
    def started_muted(self) -> str:
        """Why the box started muted, in words, as long as it is; empty when nobody but a person muted it."""
        if not self._unsure or not self._values.get(MUTE.id):
            return ""
        return f"The box started muted, to be safe: {self._unsure}. Unmute it when you are ready."

    @property
    def save_problem(self) -> str:
        """Why something is not kept on disk, in words; empty when all is."""
        return ". ".join(trouble for trouble in (self._mutes_saver.trouble, self._saver.trouble) if trouble)

    def mutes_not_kept(self) -> str:
        """Wait a moment for the disk: would what is muted now outlive a power cut? Why it would not, else "".

        Not for the threads of panel and link: it may take ANSWER_WITHIN_S.
        """
        return self._mutes.wait(ANSWER_WITHIN_S)

    def flush(self, timeout_s: float) -> str:
        """Wait until all that has changed is on disk. Returns why it is not."""
        return self._saver.flush(timeout_s)

    def hurry(self) -> None:
        """The end is near: write now what is not kept yet. Returns at once."""
        self._mutes_saver.hurry()
        self._saver.hurry()

    def close(self, timeout_s: float = 10.0) -> tuple[str, ...]:
        """Save what is unsaved and end. Returns what is not on disk even so; log, doctor and next start say it too."""
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
        """On a saver's thread: other things cannot be saved than before."""
        self._unsaved_are(self._saver.failing)
        self.on_trouble(self.save_problem)
        self.news()

    def _unsaved_are(self, names: tuple[str, ...]) -> None:
        """Let the record of mutes say so: the next start has to know."""
        if names != self._unsaved:
            self._unsaved = names
            self._mutes.changed()
