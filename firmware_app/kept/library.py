"""All presets of the box in one order: the factory's, which cannot be changed, and the player's own.

The player's own are in `presets.json` in the state folder. Only the saver writes it, by `save_job`.
"""

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dsp.nearest import did_you_mean
from dsp.params import ParamSpec
from firmware_app.kept import preset_state
from firmware_app.kept.factory import Preset, Presets, UnknownPresetError
from firmware_app.kept.kept_file import KeptFile, shortened
from firmware_app.kept.preset_state import PresetRefused as PresetRefused
from firmware_app.kept.preset_state import (
    PresetState,
    body_of,
    check_kept,
    in_order,
    next_name,
    tidy,
    with_renamed,
)
from firmware_app.kept.saver import SaveJob
from web_ui.ports.limits import LONGEST_PRESET_ABOUT, LONGEST_PRESET_NAME, MOST_PRESETS

UNDO_STEPS = 30


@dataclass(frozen=True, slots=True)
class _Step:
    """One change that can be undone: its words, and the state before it."""

    words: str
    before: PresetState
    values: Mapping[str, float] | None  # before a recall: the parameters that were heard


class PresetLibrary:
    """All presets. Any thread."""

    def __init__(
        self, factory: Presets, store: KeptFile, specs: Mapping[str, ParamSpec], *, look_only: bool = False
    ) -> None:
        """store: see `presets_file`. look_only: leave a bad file where it is. `notes` tells what was wrong with it."""
        self._factory = {preset.name: preset for preset in factory.list()}
        self._formerly = {old: preset.name for preset in factory.list() for old in preset.formerly}
        self._store = store
        self._specs = specs
        self._lock = threading.RLock()
        self._undo: deque[_Step] = deque(maxlen=UNDO_STEPS)
        self.save_job = SaveJob("presets", self._write)
        self.revision = 1
        (self._state, own), notes = store.load_as(
            lambda body: preset_state.read(body, self._factory, specs), look_only=look_only
        )
        self.notes = shortened([*notes, *own])

    # --- looking ---

    def all(self) -> list[Preset]:
        """All, in the player's order."""
        state = self._state
        there = {**self._factory, **state.own}
        ordered = {name: there[name] for name in state.order if name in there}
        return list({**ordered, **{name: preset for name, preset in there.items() if name not in ordered}}.values())

    @property
    def names(self) -> list[str]:
        return [preset.name for preset in self.all()]

    @property
    def names_known(self) -> list[str]:
        """The names that a switch may be mapped to: all presets, and the old names of renamed ones."""
        return [*self.names, *self._state.renamed, *self._formerly]

    def is_factory(self, name: str) -> bool:
        return name in self._factory

    @property
    def current(self) -> str:
        """The preset that was recalled or saved last; "" before that, or when it was deleted."""
        return self._state.current

    @property
    def undo_words(self) -> str:
        """The change that `undo` takes back, such as "delete Karaoke"; empty when there is none."""
        return self._undo[-1].words if self._undo else ""

    def find(self, name: str) -> Preset:
        """The preset called `name` in any case, or formerly so called. Raises UnknownPresetError."""
        by_name = {preset.name.casefold(): preset for preset in self.all()}
        wanted = name.strip().casefold()
        found = by_name.get(wanted) or by_name.get(self._state.renamed.get(name, name).strip().casefold())
        found = found or by_name.get(self._formerly.get(name.strip(), "").casefold())
        if found is None:
            raise UnknownPresetError(f"no preset {name[:60]!r}{did_you_mean(wanted, self.names)}")
        return found

    # --- changing; each may raise UnknownPresetError or PresetRefused, and then has changed nothing ---

    def recalled(self, name: str, before: Mapping[str, float]) -> None:
        """Note that preset `name` was recalled; `before`: the values until then."""
        with self._lock:
            state = replace(self._state, current=name)
            self._change(f"load {name}", state, values=before)

    def not_recalled(self, name: str, before: str) -> None:
        """A recall of `name` was undone: `before` is the current preset again."""
        with self._lock:
            if self._undo and self._undo[-1].words == f"load {name}":
                self._undo.pop()
            current = before if before in self.names else ""
            self._state = replace(self._state, current=current)
            self._note()

    def keep(self, name: str, values: Mapping[str, float], about: str = "") -> str:
        """Save `values` as preset `name`, new or over the player's own of that name. Returns the name as saved."""
        with self._lock:
            name = self._checked_name(name)
            mine = next((own for own in self._state.own if own.casefold() == name.casefold()), None)
            if mine is None:
                self._must_be_free(name)
                self._must_have_room(1)
            name = mine or name
            about = self._checked_about(about) or (self._state.own[name].about if mine else "")
            preset = Preset(name, about, in_order(values, self._specs))
            order = self._state.order if name in self.names else (*self.names, name)
            own = {**self._state.own, name: preset}
            self._change(f"save {name}", replace(self._state, own=own, order=order, current=name))
            return name

    def rename(self, name: str, to: str) -> str:
        """Rename the player's own preset `name`. Returns the new name as saved."""
        with self._lock:
            preset = self._own(name, "renamed")
            to = self._checked_name(to)
            if to.casefold() != preset.name.casefold():
                self._must_be_free(to)
            state = self._state
            own = {n: p for n, p in state.own.items() if n != preset.name}
            own[to] = Preset(to, preset.about, preset.params)
            order = tuple(to if n == preset.name else n for n in self.names)
            renamed = with_renamed(state.renamed, preset.name, to)
            current = to if state.current == preset.name else state.current
            self._change(f"rename {preset.name}", PresetState(own, order, current, renamed))
            return to

    def duplicate(self, name: str) -> str:
        """Copy any preset to one of the player's own, right after it in the list. Returns its name."""
        with self._lock:
            preset = self.find(name)
            self._must_have_room(1)
            copy = self._free_name(preset.name)
            at = self.names.index(preset.name) + 1
            order = (*self.names[:at], copy, *self.names[at:])
            params = in_order(preset.params, self._specs)
            own = {**self._state.own, copy: Preset(copy, preset.about[:LONGEST_PRESET_ABOUT], params)}
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
            self._change(f"delete {preset.name}", PresetState(own, order, current, renamed))

    def reorder(self, names: Sequence[str]) -> None:
        """Put the list into the order of `names`, which has every preset once."""
        with self._lock:
            if sorted(names) != sorted(self.names):
                raise PresetRefused(f"order of {len(names)} presets: each of the {len(self.names)} there are, once")
            self._change("change the order", replace(self._state, order=tuple(names)))

    def take_in(self, presets: Sequence[Preset]) -> list[str]:
        """Add presets from a file; one whose name is taken gets a number. Returns their names here."""
        with self._lock:
            self._must_have_room(len(presets))
            own, order, taken = dict(self._state.own), list(self.names), []
            for preset in presets:
                wanted = self._checked_name(preset.name)
                there = {name.casefold() for name in order}
                name = wanted if wanted.casefold() not in there else next_name(wanted, there)
                own[name] = Preset(name, self._checked_about(preset.about), preset.params)
                order.append(name)
                taken.append(name)
            words = f"import {taken[0]}" if len(taken) == 1 else f"import {len(taken)} presets"
            self._change(words, replace(self._state, own=own, order=tuple(order)))
            return taken

    def undo(self) -> Mapping[str, float] | None:
        """Take the last change back. Returns the values to set again if that change was a recall."""
        with self._lock:
            if not self._undo:
                raise PresetRefused("nothing to undo")
            step = self._undo.pop()
            self._state = step.before
            self._note()
            return step.values

    # --- the disk ---

    def _write(self) -> str:
        self._store.save(body_of(self._state))
        return self._store.problem

    @property
    def problem(self) -> str:
        return self.save_job.problem

    # --- rules ---

    def _change(self, words: str, state: PresetState, values: Mapping[str, float] | None = None) -> None:
        if values is None:  # a recall adds nothing to save, and a foot waits for it
            check_kept(state, self._store, self._factory, self._specs)
        self._undo.append(_Step(words, self._state, values))
        self._state = state
        self._note()

    def _note(self) -> None:
        self.revision += 1
        self.save_job.changed()

    def _checked_name(self, name: str) -> str:
        name = tidy(name)
        if not name or len(name) > LONGEST_PRESET_NAME or not name.isprintable():
            raise PresetRefused(f"name = {name[:60]!r}: 1 to {LONGEST_PRESET_NAME} printable characters are allowed")
        return name

    def _checked_about(self, about: str) -> str:
        if not about.isprintable() or len(about) > LONGEST_PRESET_ABOUT:
            raise PresetRefused(
                f"about = {about[:60]!r}: at most {LONGEST_PRESET_ABOUT} printable characters are allowed"
            )
        return about

    def _must_be_free(self, name: str) -> None:
        there = next((there for there in self.names if there.casefold() == name.casefold()), None)
        if there is not None:
            whose = "a factory preset, which stays as it is" if there in self._factory else "another preset"
            raise PresetRefused(f"name = {name!r}: taken by {whose}; choose another")

    def _must_have_room(self, more: int) -> None:
        if len(self.names) + more > MOST_PRESETS:
            raise PresetRefused(f"{len(self.names) + more} presets: {MOST_PRESETS} are allowed; delete some first")

    def _own(self, name: str, done: str) -> Preset:
        preset = self.find(name)
        if preset.name in self._factory:
            raise PresetRefused(f"{preset.name} is a factory preset and cannot be {done}: duplicate it first")
        return preset

    def _free_name(self, name: str) -> str:
        return next_name(name, {there.casefold() for there in self.names})


def library_in(factory: Path, state: Path, specs: Mapping[str, ParamSpec], *, look_only: bool = False) -> PresetLibrary:
    """The library of these two folders: the factory presets and the state folder. Raises PresetError."""
    return PresetLibrary(Presets(factory, specs), presets_file(state), specs, look_only=look_only)


def presets_file(folder: Path) -> KeptFile:
    """The file of the player's presets in the state folder."""
    return KeptFile(folder, "presets.json", 1, "presets", "presets")
