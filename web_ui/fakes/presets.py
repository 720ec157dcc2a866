"""FakePresets: presets and scenes in memory, with the real rules."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from web_ui.fakes.live import FakeLive
from web_ui.ports.errors import ControlRefused, NotThere
from web_ui.ports.limits import LONGEST_PRESET_ABOUT, LONGEST_PRESET_NAME, MOST_PRESETS
from web_ui.ports.presets import PresetsNews, PresetsView, PresetView

FORM = "hushbox presets 1"
NOT_IN_A_PRESET = frozenset({"box.bypass", "box.mute", "box.match_db", "scenes.morph", "chain.solo"})
FACTORY = (
    PresetView("Gentle", "A quiet room: less hiss, and the voice stays just as it is.", True,
               {"denoise.amount_db": 9.0, "denoise.sensitivity": 0.0, "denoise.keep_room": 1.0}),
    PresetView("Singer live", "On a stage: keeps soft notes and breath, holds howl back, and adds no latency.", True,
               {"denoise.amount_db": 18.0, "denoise.sensitivity": -0.3, "denoise.keep_room": 1.0}),
    PresetView("Podcast", "Speech, close and dry: the room, clicks and breaths go, and it is always equally loud.",
               True, {"denoise.amount_db": 24.0, "denoise.sensitivity": 0.1, "denoise.keep_room": 0.3}),
)  # fmt: skip


class FakePresets:
    """A PresetsPort. One thread at a time, but for `view` and `news`."""

    def __init__(self, live: FakeLive) -> None:
        self._live = live
        self._presets: tuple[PresetView, ...] = FACTORY
        self._current = ""
        self._undo: list[tuple[str, tuple[PresetView, ...], str, Mapping[str, float] | None]] = []
        self._revision = 1
        self._scene_values: dict[str, dict[str, float]] = {"A": {}, "B": {}}
        self._scene = ""

    def view(self) -> PresetsView:
        return PresetsView(
            self._revision,
            self._current,
            self._undo[-1][0] if self._undo else "",
            self._presets,
            self._filled(),
        )

    def news(self) -> PresetsNews:
        view = self.view()
        return PresetsNews(view.revision, view.current, view.undo, view.scenes, self._scene)

    def load(self, name: str) -> None:
        preset = self._find(name)
        self._change(f"load {preset.name}", self._presets, preset.name, self._heard())
        with self._live.one_step("preset", preset.name):
            self._set(preset.params)

    def step(self, by: int) -> None:
        if by not in (1, -1):
            raise ControlRefused(f"by = {by}: 1 or -1 is allowed")
        names = [preset.name for preset in self._presets]
        here = names.index(self._current) if self._current in names else (-1 if by > 0 else 0)
        self.load(names[(here + by) % len(names)])

    def save(self, name: str, about: str) -> str:
        name = self._checked(name)
        if len(about) > LONGEST_PRESET_ABOUT or not about.isprintable():
            raise ControlRefused(
                f"about = {about[:60]!r}: at most {LONGEST_PRESET_ABOUT} printable characters are allowed"
            )
        there = next((preset for preset in self._presets if preset.name.casefold() == name.casefold()), None)
        if there is not None and there.factory:
            raise ControlRefused(f"name = {name!r}: taken by a factory preset, which stays as it is; choose another")
        if there is not None:
            kept = PresetView(there.name, about or there.about, False, self._heard())
            presets = tuple(kept if preset is there else preset for preset in self._presets)
        else:
            self._must_have_room(1)
            kept = PresetView(name, about, False, self._heard())
            presets = (*self._presets, kept)
        self._change(f"save {kept.name}", presets, kept.name)
        return kept.name

    def rename(self, name: str, to: str) -> str:
        preset, to = self._own(name, "renamed"), self._checked(to)
        if any(p.name.casefold() == to.casefold() and p is not preset for p in self._presets):
            raise ControlRefused(f"name = {to!r}: taken by another preset; choose another")
        renamed = PresetView(to, preset.about, False, preset.params)
        current = to if self._current == preset.name else self._current
        presets = tuple(renamed if p is preset else p for p in self._presets)
        self._change(f"rename {preset.name}", presets, current)
        return to

    def duplicate(self, name: str) -> str:
        preset = self._find(name)
        self._must_have_room(1)
        copy = PresetView(self._free(preset.name), preset.about, False, preset.params)
        at = self._presets.index(preset) + 1
        presets = (*self._presets[:at], copy, *self._presets[at:])
        self._change(f"duplicate {preset.name}", presets, self._current)
        return copy.name

    def delete(self, name: str) -> None:
        preset = self._own(name, "deleted")
        current = "" if self._current == preset.name else self._current
        self._change(f"delete {preset.name}", tuple(p for p in self._presets if p is not preset), current)

    def reorder(self, names: Sequence[str]) -> None:
        if sorted(names) != sorted(preset.name for preset in self._presets):
            raise ControlRefused(f"order of {len(names)} presets: each of the {len(self._presets)} there are, once")
        self._change("change the order", tuple(self._find(name) for name in names), self._current)

    def undo(self) -> str:
        if not self._undo:
            raise ControlRefused("nothing to undo")
        words, self._presets, self._current, values = self._undo.pop()
        self._revision += 1
        self._set(values or {})
        self._live.tell()
        return words

    def export(self, names: Sequence[str]) -> bytes:
        chosen = [self._find(name) for name in names] or [preset for preset in self._presets if not preset.factory]
        if not chosen:
            raise NotThere("no presets of your own yet: save one first")
        presets = [{"name": p.name, "about": p.about, "params": dict(p.params)} for p in chosen]
        return json.dumps({"form": FORM, "presets": presets}).encode()

    def take_in(self, tree: Mapping[str, Any]) -> Sequence[str]:
        if tree.get("form") != FORM or not isinstance(tree.get("presets"), list) or not tree["presets"]:
            raise ControlRefused(f'this is not a preset file: {{"form": "{FORM}", "presets": […]}} is expected')
        self._must_have_room(len(tree["presets"]))
        presets, notes = list(self._presets), []
        for number, entry in enumerate(tree["presets"], start=1):
            if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
                raise ControlRefused(f"preset {number}: name, about and params are expected")
            params = entry["params"] if isinstance(entry.get("params"), dict) else {}
            values = {id: v for id, v in params.items() if id in self._live.values()}
            if not values:
                raise ControlRefused(f"preset {entry['name']}: nothing in it that this version knows")
            notes += [f"preset {entry['name']}: {id} is not a parameter of this version; ignored"
                      for id in params if id not in values]  # fmt: skip
            there = {preset.name.casefold() for preset in presets}
            name = self._checked(entry["name"])
            presets.append(
                PresetView(name if name.casefold() not in there else self._free(name, there), "", False, values)
            )
        taken = [preset.name for preset in presets[len(self._presets) :]]
        self._change(f"import {len(taken)} presets", tuple(presets), self._current)
        return [*taken, *notes]

    def keep_scene(self, name: str) -> None:
        if name not in self._scene_values:
            raise NotThere(f"no scene {name!r}: there are A, B")
        self._scene_values[name] = self._heard()
        self._scene = name
        self._live.tell()

    def recall_scene(self, name: str) -> None:
        if name not in self._scene_values:
            raise NotThere(f"no scene {name!r}: there are A, B")
        if not self._scene_values[name]:
            raise NotThere(f"scene {name} is empty: save what you hear in it first")
        self._scene = name
        with self._live.one_step("scene", name):
            self._set(self._scene_values[name])

    def _filled(self) -> dict[str, bool]:
        return {name: bool(values) for name, values in self._scene_values.items()}

    def _heard(self) -> dict[str, float]:
        return {id: value for id, value in self._live.values().items() if id not in NOT_IN_A_PRESET}

    def _set(self, values: Mapping[str, float]) -> None:
        for id, value in values.items():
            self._live.set_param(id, value, "preset")

    def _change(
        self, words: str, presets: tuple[PresetView, ...], current: str, values: Mapping[str, float] | None = None
    ) -> None:
        self._undo.append((words, self._presets, self._current, values))
        self._presets, self._current = presets, current
        self._revision += 1
        self._live.tell()

    def _find(self, name: str) -> PresetView:
        for preset in self._presets:
            if preset.name.casefold() == name.casefold():
                return preset
        raise NotThere(f"no preset {name!r}; did you mean {self._presets[0].name}?")

    def _own(self, name: str, done: str) -> PresetView:
        preset = self._find(name)
        if preset.factory:
            raise ControlRefused(f"{preset.name} is a factory preset and cannot be {done}: duplicate it first")
        return preset

    def _must_have_room(self, more: int) -> None:
        there = len(self._presets) + more
        if there > MOST_PRESETS:
            raise ControlRefused(f"{there} presets: {MOST_PRESETS} are allowed; delete some first")

    def _checked(self, name: str) -> str:
        tidy = " ".join(name.split())
        if not tidy or len(tidy) > LONGEST_PRESET_NAME or not tidy.isprintable():
            raise ControlRefused(f"name = {name[:60]!r}: 1 to {LONGEST_PRESET_NAME} printable characters are allowed")
        return tidy

    def _free(self, name: str, there: set[str] | None = None) -> str:
        taken = there if there is not None else {preset.name.casefold() for preset in self._presets}
        return next(wanted for n in range(2, 999) if (wanted := f"{name} {n}").casefold() not in taken)
