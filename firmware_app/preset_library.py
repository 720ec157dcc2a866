"""The presets of the box: the factory's, which stay as they are, and the player's own, in one order.

The player's lie in `presets.json` in the state folder; the saver writes `keeping`, nothing else touches the disk.
"""

import difflib
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dsp.params import ParamError, ParamSpec
from dsp.rack import CHAIN
from firmware_app.errors import AppError
from firmware_app.kept_file import KeptFile
from firmware_app.presets import Preset, Presets, UnknownPresetError
from firmware_app.saver import Keeping
from firmware_app.scenes import NOT_IN_A_SCENE

LONGEST_NAME = 40  # characters: fits a phone's line
MOST = 200  # presets, all in all
UNDO_STEPS = 30


class PresetRefused(AppError, ValueError):
    """A change of the presets that cannot be. The message names the thing, the value and what is allowed."""


@dataclass(frozen=True, slots=True)
class _State:
    """Everything the player can change; replaced as a whole, so that undo is to take the one before."""

    own: Mapping[str, Preset]  # by name
    order: tuple[str, ...]  # names of all, factory's too; what is missing in it follows at the end
    current: str  # recalled or saved last, "" for none
    renamed: Mapping[str, str]  # old name: new one, so that a switch mapped to the old one still finds it


@dataclass(frozen=True, slots=True)
class _Step:
    """One thing to take back: what it was, in words, and what was before it."""

    words: str
    before: _State
    values: Mapping[str, float] | None  # what was heard before a recall


class PresetLibrary:
    """All presets. Any thread."""

    def __init__(
        self, factory: Presets, store: KeptFile, specs: Mapping[str, ParamSpec], *, look_only: bool = False
    ) -> None:
        """store: see `presets_file`; look_only: leave a bad one where it is. `notes` says what was wrong with it."""
        self._factory = {preset.name: preset for preset in factory.list()}
        self._store = store
        self._specs = specs
        self._lock = threading.RLock()
        self._undo: deque[_Step] = deque(maxlen=UNDO_STEPS)
        self.keeping = Keeping("presets", self._write)
        self.revision = 1
        kept = store.load(look_only=look_only)
        notes = list(kept.notes)
        self._state = self._read(kept.body or {}, notes)
        self.notes = tuple(notes)

    # --- looking ---

    def all(self) -> list[Preset]:
        """All, in the player's order."""
        state = self._state
        there = {**self._factory, **state.own}
        ordered = [name for name in state.order if name in there]
        return [there[name] for name in (*ordered, *(name for name in there if name not in ordered))]

    @property
    def names(self) -> list[str]:
        return [preset.name for preset in self.all()]

    @property
    def names_known(self) -> list[str]:
        """The names that a switch may be mapped to: those there are, and old ones of renamed presets."""
        return [*self.names, *self._state.renamed]

    def is_factory(self, name: str) -> bool:
        return name in self._factory

    @property
    def current(self) -> str:
        """The preset recalled or saved last; "" before that, and when it is gone."""
        return self._state.current

    @property
    def undo_words(self) -> str:
        """What `undo` would take back: "delete Karaoke"; empty when there is nothing."""
        return self._undo[-1].words if self._undo else ""

    def find(self, name: str) -> Preset:
        """The preset called `name`, in any case, or renamed from it. Raises UnknownPresetError."""
        wanted = self._state.renamed.get(name, name).strip().casefold()
        found = next((preset for preset in self.all() if preset.name.casefold() == wanted), None)
        if found is None:
            near = difflib.get_close_matches(wanted, [there.casefold() for there in self.names], n=1, cutoff=0.0)
            hint = f"; did you mean {self.find(near[0]).name}?" if near else ""
            raise UnknownPresetError(f"no preset {name[:60]!r}{hint}")
        return found

    # --- changing; each may raise UnknownPresetError or PresetRefused, and then changes nothing ---

    def recalled(self, name: str, before: Mapping[str, float]) -> None:
        """Preset `name` is what is heard now; `before` was heard before it."""
        with self._lock:
            state = replace(self._state, current=name)
            self._change(f"load {name}", state, values=before)

    def keep(self, name: str, values: Mapping[str, float], about: str = "") -> str:
        """Save `values` as `name`, anew or over the player's own of that name. Returns the name as it is kept."""
        with self._lock:
            name = self._checked_name(name)
            mine = next((own for own in self._state.own if own.casefold() == name.casefold()), None)
            if mine is None:
                self._must_be_free(name)
                self._must_have_room(1)
            name = mine or name
            about = about[:200] or (self._state.own[name].about if mine else "")
            preset = Preset(name, about, in_order(values, self._specs))
            order = self._state.order if name in self.names else (*self.names, name)
            own = {**self._state.own, name: preset}
            self._change(f"save {name}", replace(self._state, own=own, order=order, current=name))
            return name

    def rename(self, name: str, to: str) -> str:
        """Call the player's own preset `name` otherwise. Returns the name as it is kept."""
        with self._lock:
            preset = self._own(name, "renamed")
            to = self._checked_name(to)
            if to.casefold() != preset.name.casefold():
                self._must_be_free(to)
            state = self._state
            own = {n: p for n, p in state.own.items() if n != preset.name}
            own[to] = Preset(to, preset.about, preset.params)
            order = tuple(to if n == preset.name else n for n in self.names)
            renamed = {old: to if new == preset.name else new for old, new in state.renamed.items()}
            renamed[preset.name] = to
            renamed.pop(to, None)
            current = to if state.current == preset.name else state.current
            self._change(f"rename {preset.name}", _State(own, order, current, renamed))
            return to

    def duplicate(self, name: str) -> str:
        """A copy of any preset, after it, as the player's own. Returns its name."""
        with self._lock:
            preset = self.find(name)
            self._must_have_room(1)
            copy = self._free_name(preset.name)
            at = self.names.index(preset.name) + 1
            order = (*self.names[:at], copy, *self.names[at:])
            own = {**self._state.own, copy: Preset(copy, preset.about, preset.params)}
            self._change(f"duplicate {preset.name}", replace(self._state, own=own, order=order))
            return copy

    def delete(self, name: str) -> None:
        with self._lock:
            preset = self._own(name, "deleted")
            state = self._state
            own = {n: p for n, p in state.own.items() if n != preset.name}
            current = "" if state.current == preset.name else state.current
            renamed = {old: new for old, new in state.renamed.items() if new != preset.name}
            order = tuple(n for n in self.names if n != preset.name)
            self._change(f"delete {preset.name}", _State(own, order, current, renamed))

    def reorder(self, names: Sequence[str]) -> None:
        """Let the list be in the order of `names`, which are all there are."""
        with self._lock:
            if sorted(names) != sorted(self.names):
                raise PresetRefused(f"order of {len(names)} presets: each of the {len(self.names)} there are, once")
            self._change("change the order", replace(self._state, order=tuple(names)))

    def take_in(self, presets: Sequence[Preset]) -> list[str]:
        """Add presets from a file; one whose name is taken gets another. Returns the names they have here."""
        with self._lock:
            self._must_have_room(len(presets))
            own, order, taken = dict(self._state.own), list(self.names), []
            for preset in presets:
                wanted = self._checked_name(preset.name)
                there = {name.casefold() for name in order}
                name = wanted if wanted.casefold() not in there else _next_name(wanted, there)
                own[name] = Preset(name, preset.about, preset.params)
                order.append(name)
                taken.append(name)
            words = f"import {taken[0]}" if len(taken) == 1 else f"import {len(taken)} presets"
            self._change(words, replace(self._state, own=own, order=tuple(order)))
            return taken

    def undo(self) -> Mapping[str, float] | None:
        """Take the last change back. Returns the values to set again, when that change was a recall."""
        with self._lock:
            if not self._undo:
                raise PresetRefused("nothing to undo")
            step = self._undo.pop()
            self._state = step.before
            self._note()
            return step.values

    # --- the disk ---

    def _write(self) -> str:
        state = self._state
        own = {name: {"about": preset.about, "params": dict(preset.params)} for name, preset in state.own.items()}
        self._store.save(
            {"own": own, "order": list(state.order), "current": state.current, "renamed": dict(state.renamed)}
        )
        return self._store.problem

    @property
    def problem(self) -> str:
        return self.keeping.problem

    def _read(self, body: Mapping[str, object], notes: list[str]) -> _State:
        """What this version can use of what was kept."""
        own: dict[str, Preset] = {}
        for name, tree in _items(body.get("own")):
            params = usable(_items(tree.get("params") if isinstance(tree, dict) else None), self._specs, notes, name)
            if isinstance(tree, dict) and name not in self._factory:
                own[name] = Preset(name, str(tree.get("about", ""))[:200], in_order(params, self._specs))
        names = body.get("order")
        order = tuple(name for name in names if isinstance(name, str)) if isinstance(names, list) else ()
        current = body.get("current")
        there = {*own, *self._factory}
        renamed = {old: new for old, new in _items(body.get("renamed")) if new in there}
        return _State(own, order, current if current in there and isinstance(current, str) else "", renamed)

    # --- rules ---

    def _change(self, words: str, state: _State, values: Mapping[str, float] | None = None) -> None:
        self._undo.append(_Step(words, self._state, values))
        self._state = state
        self._note()

    def _note(self) -> None:
        self.revision += 1
        self.keeping.changed()

    def _checked_name(self, name: str) -> str:
        tidy = " ".join(name.split())
        if not tidy or len(tidy) > LONGEST_NAME or not tidy.isprintable():
            raise PresetRefused(f"name = {name[:60]!r}: 1 to {LONGEST_NAME} printable characters are allowed")
        return tidy

    def _must_be_free(self, name: str) -> None:
        there = next((there for there in self.names if there.casefold() == name.casefold()), None)
        if there is not None:
            whose = "a factory preset, which stays as it is" if there in self._factory else "another preset"
            raise PresetRefused(f"name = {name!r}: taken by {whose}; choose another")

    def _must_have_room(self, more: int) -> None:
        if len(self.names) + more > MOST:
            raise PresetRefused(f"{len(self.names) + more} presets: {MOST} are allowed; delete some first")

    def _own(self, name: str, done: str) -> Preset:
        preset = self.find(name)
        if preset.name in self._factory:
            raise PresetRefused(f"{preset.name} is a factory preset and cannot be {done}: duplicate it first")
        return preset

    def _free_name(self, name: str) -> str:
        return _next_name(name, {there.casefold() for there in self.names})


def library_in(factory: Path, state: Path, specs: Mapping[str, ParamSpec], *, look_only: bool = False) -> PresetLibrary:
    """The library over the folders of the factory's presets and of what the box keeps. Raises PresetError."""
    return PresetLibrary(Presets(factory, specs), presets_file(state), specs, look_only=look_only)


def presets_file(folder: Path) -> KeptFile:
    """The file that keeps the player's presets, in the state folder."""
    return KeptFile(folder, "presets.json", 1, "presets", "presets")


def in_order(values: Mapping[str, float], specs: Mapping[str, ParamSpec]) -> dict[str, float]:
    """What a preset holds of `values`, the chain last: mutes come before it, or something could be heard too soon."""
    held = {id: values[id] for id in specs if id in values and id not in NOT_IN_A_SCENE and id != CHAIN.id}
    if CHAIN.id in values:
        held[CHAIN.id] = values[CHAIN.id]
    return held


def usable(
    saved: Sequence[tuple[str, object]], specs: Mapping[str, ParamSpec], notes: list[str], name: str
) -> dict[str, float]:
    """The parameters of preset `name` that this version knows and allows; `notes` gets the others."""
    values: dict[str, float] = {}
    for id, value in saved:
        if id in NOT_IN_A_SCENE:
            continue
        if id not in specs:
            notes.append(f"preset {name}: {id[:60]} is not a parameter of this version; ignored")
            continue
        try:
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ParamError(f"{id} = {str(value)[:40]!r}: a number is allowed")
            values[id] = specs[id].check(value)
        except (ParamError, OverflowError) as error:
            notes.append(f"preset {name}: {error}; ignored")
    return values


def _next_name(name: str, there: set[str]) -> str:
    """`name` with the first number after it that makes it a new one: "Choir 2"."""
    stem, _, number = name.rpartition(" ")
    stem = stem if stem and number.isdigit() else name
    for count in range(2, MOST + 3):
        ending = f" {count}"
        wanted = stem[: LONGEST_NAME - len(ending)] + ending
        if wanted.casefold() not in there:
            return wanted
    raise PresetRefused(f"name = {name!r}: no number up to {MOST} is free after it")


def _items(tree: object) -> list[tuple[str, object]]:
    return [(str(key), value) for key, value in tree.items()] if isinstance(tree, dict) else []
