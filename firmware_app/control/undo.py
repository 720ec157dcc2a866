"""Undo: the last changes of the sound, by whoever they were made, and how it was before.

A sweep of a knob becomes one step; a switch pressed on and off again is none. Nor is what ends by itself: A/B, hearing
what is removed, a value that a foot holds. The steps last until the box restarts.
"""

import contextlib
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from dsp.rack.dry_path import MATCH
from firmware_app.errors import AppError
from firmware_app.kept.mutes import MUTES
from firmware_app.kept.scenes import LISTENING, MORPH

UNDO_STEPS = 30
MERGE_S = 1.5  # a pause longer than this ends a sweep
PARAM, PRESET, SCENE, ROOM, LIST = "param", "preset", "scene", "room", "list"
ORIGIN = "undo"
FLEETING = frozenset({"compare", ORIGIN})  # origins whose changes are no steps
NO_STEP = frozenset({MATCH.id, *(aid.id for aid in LISTENING)})


class NothingToUndo(AppError, LookupError):
    """There is no such step: it was undone already, or is too old."""


@dataclass(frozen=True, slots=True)
class Step:
    """One change. number: grows with each."""

    number: int
    kind: str  # PARAM, PRESET, SCENE, ROOM (what it asks for was set) or LIST (an undo of the list of presets)
    name: str  # the parameter's id; the preset's or the scene's name
    who: str  # the origin: "page", "panel:left", "midi:cc-64"
    at_s: float  # monotonic
    changes: Mapping[str, tuple[float, float]]  # id: (before, after)
    origins: frozenset[str]  # under which the values were set
    also: Callable[[], None] | None = None  # what else to take back


@dataclass(slots=True)
class _Gathering:
    """The step that a thread is making now."""

    kind: str
    name: str
    who: str
    also: Callable[[], None] | None
    changes: dict[str, tuple[float, float]] = field(default_factory=dict)
    origins: set[str] = field(default_factory=set)


class UndoLog:
    """The steps, newest last. Control calls it with its lock held; `gathered` on any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._steps: deque[Step] = deque(maxlen=UNDO_STEPS)
        self._numbers = itertools.count(1)
        self._here = threading.local()

    @property
    def steps(self) -> list[Step]:
        return list(self._steps)

    @contextlib.contextmanager
    def gathered(self, kind: str, name: str, who: str, also: Callable[[], None] | None = None) -> Iterator[None]:
        """Everything that this thread changes within becomes one step."""
        self._here.step = step = _Gathering(kind, name, who, also)
        try:
            yield
        finally:
            self._here.step = None
            if changes := {id: (before, after) for id, (before, after) in step.changes.items() if before != after}:
                self._push(step.kind, step.name, step.who, changes, frozenset(step.origins), step.also)

    def note(self, id: str, before: float, after: float, origin: str) -> None:
        """One parameter was changed."""
        if before == after or origin in FLEETING or id in NO_STEP:
            return
        step: _Gathering | None = getattr(self._here, "step", None)
        if step is not None:
            step.changes[id] = (step.changes[id][0] if id in step.changes else before, after)
            step.origins.add(origin)
        elif origin == "morph":
            self._follow(id, before, after)
        elif (last := self._sweep(id, origin)) is not None:
            self._replace(last, {**last.changes, id: (last.changes[id][0], after)}, origin)
        else:
            self._push(PARAM, id, origin, {id: (before, after)}, frozenset({origin}))

    def take(self, number: int) -> list[Step]:
        """Remove the step `number` and all newer ones; returns them, newest first. Raises NothingToUndo."""
        if number not in (step.number for step in self._steps):
            raise NothingToUndo(f"change {number} cannot be undone: it was undone already, or is too old")
        taken: list[Step] = []
        while not taken or taken[-1].number != number:
            taken.append(self._steps.pop())
        return taken

    def _sweep(self, id: str, origin: str) -> Step | None:
        """The newest step, when this change goes on with it."""
        last = self._steps[-1] if self._steps else None
        goes_on = last is not None and (last.kind, last.name, last.who) == (PARAM, id, origin)
        return last if last is not None and goes_on and self._clock() - last.at_s < MERGE_S else None

    def _follow(self, id: str, before: float, after: float) -> None:
        """The morph has moved this parameter: part of the step that moved the morph."""
        for step in reversed(self._steps):
            if MORPH.id in step.changes:
                first = step.changes[id][0] if id in step.changes else before
                self._replace(step, {**step.changes, id: (first, after)}, "morph")
                return

    def _replace(self, step: Step, changes: Mapping[str, tuple[float, float]], origin: str) -> None:
        at = self._steps.index(step)
        if all(before == after for before, after in changes.values()):
            del self._steps[at]
        else:
            origins = step.origins | {origin}
            self._steps[at] = replace(step, changes=changes, at_s=self._clock(), origins=origins)

    def _push(
        self,
        kind: str,
        name: str,
        who: str,
        changes: Mapping[str, tuple[float, float]],
        origins: frozenset[str],
        also: Callable[[], None] | None = None,
    ) -> None:
        self._steps.append(Step(next(self._numbers), kind, name, who, self._clock(), changes, origins, also))


def to_restore(step: Step, values: Mapping[str, float], origins: Mapping[str, str]) -> dict[str, float]:
    """What undoing `step` sets. values, origins: those in force.

    A mute that somebody else has set since, a foot that holds it, say, stays.
    """
    restored = {}
    for id, (before, _) in step.changes.items():
        unmutes = id in MUTES and values[id] and not before
        if values[id] != before and not (unmutes and origins[id] not in step.origins | {ORIGIN}):
            restored[id] = before
    return restored
