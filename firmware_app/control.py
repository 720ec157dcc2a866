"""Control: the one owner of live settings. Every change, from phone, knob, switch or preset, passes it."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dsp.params import ParamSpec, find
from firmware_app.link import HealthFrame, InfoFrame, MeterFrame
from firmware_app.shared_state import to_start_from
from firmware_app.store import Store

log = logging.getLogger(__name__)

SILENT_S = 1.0  # 20 meter frames that did not come
SAVE_AFTER_S = 0.5  # a fader that is being moved is saved so often; switches are saved at once

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
        but for a mute (shared_state.to_start_from).
        """
        loaded = store.load()
        known = to_start_from(loaded.values, in_force or {})
        self.specs = specs
        self.notes = loaded.notes
        self._store = store
        self._changed = threading.Condition()
        self._values = {id: known.get(id, spec.default) for id, spec in specs.items()}
        self._origins = {id: "saved" if id in known else "default" for id in specs}
        self._seq = 1
        self._latest = Latest(None, InfoFrame(), 0.0)
        self._health = HealthFrame()
        self._send: Callable[[str, float], None] = lambda id, value: None
        self._listeners: list[tuple[str, Listener]] = []
        self._also_save: list[Callable[[], None]] = []
        self._unsaved = threading.Event()
        self._save_now = threading.Event()
        self._stopping = threading.Event()
        self._saver = threading.Thread(target=self._save_loop, name="saver", daemon=True)
        self._saver.start()

    def connect(self, send: Callable[[str, float], None]) -> None:
        """Where changes go from now on: the link's send_param."""
        self._send = send

    def listen(self, origin: str, listener: Listener) -> None:
        """Tell `listener` of every change that did not come from `origin` itself."""
        self._listeners.append((origin, listener))

    def also_save(self, save: Callable[[], None]) -> None:
        """Call `save` on the saver's thread whenever something is saved: for what lies beside the settings."""
        self._also_save.append(save)

    def save_soon(self) -> None:
        """Something has changed that `also_save` saves."""
        self._save_now.set()
        self._unsaved.set()

    def set_param(self, id: str, value: float, origin: str) -> float:
        """Change one parameter and return the value in force. Raises UnknownParamError, ParamRangeError."""
        spec = find(self.specs, id)
        number = spec.check(value)
        with self._changed:
            # Sent under the lock: two origins at once must reach the audio process in the order they took effect.
            self._values[id] = number
            self._origins[id] = origin
            self._send(id, number)
            self._seq += 1
            self._changed.notify_all()
        for own_origin, listener in self._listeners:
            if own_origin != origin:
                listener(id, number, origin)
        if spec.discrete:
            self._save_now.set()
        self._unsaved.set()
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

    @property
    def save_problem(self) -> str:
        """Why settings are not kept on disk, in words; empty when they are."""
        return self._store.problem

    def close(self) -> None:
        """Save what is unsaved and end. Raises RuntimeError when the saver will not end."""
        self._stopping.set()
        self._save_now.set()
        self._unsaved.set()
        self._saver.join(timeout=1.5)
        if self._saver.is_alive():
            raise RuntimeError("settings were not saved within 1.5 s")

    def _save_loop(self) -> None:
        while not self._stopping.is_set():
            self._unsaved.wait()
            self._save_now.wait(SAVE_AFTER_S)
            self._unsaved.clear()
            self._save_now.clear()
            had_problem = self._store.problem
            for save in self._also_save:
                save()
            if not self._store.save(self.values()) and not had_problem:
                log.warning("%s", self._store.problem)
        if self._unsaved.is_set():  # what was changed during the last save
            self._store.save(self.values())
