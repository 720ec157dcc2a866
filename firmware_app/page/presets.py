"""RealPresets: presets and scenes, over the performer and its library."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from firmware_app.control.control import Control
from firmware_app.control.performer import Performer
from firmware_app.control.undo import LIST
from firmware_app.kept import preset_files
from firmware_app.kept.factory import UnknownPresetError
from firmware_app.kept.library import PresetRefused
from firmware_app.kept.saver import ANSWER_WITHIN_S
from firmware_app.kept.scenes import NAMES, NOT_IN_A_SCENE
from web_ui.ports.errors import ControlRefused, NotThere
from web_ui.ports.presets import PresetsNews, PresetsView, PresetView

PAGE = "page"


class RealPresets:
    """Implements PresetsPort. Any thread."""

    def __init__(self, control: Control, performer: Performer) -> None:
        self._control = control
        self._performer = performer

    def view(self) -> PresetsView:
        library, scenes = self._performer.presets, self._performer.scenes
        return PresetsView(
            library.revision,
            library.current,
            library.undo_words,
            tuple(PresetView(p.name, p.about, library.is_factory(p.name), p.params) for p in library.all()),
            scenes.filled(),
            library.problem or scenes.problem,
        )

    def news(self) -> PresetsNews:
        library, scenes = self._performer.presets, self._performer.scenes
        return PresetsNews(library.revision, library.current, library.undo_words, scenes.filled(), scenes.live)

    def load(self, name: str) -> None:
        self._performer.recall(self._found(name), PAGE)

    def step(self, by: int) -> None:
        if by not in (1, -1):
            raise ControlRefused(f"by = {by}: 1 or -1 is allowed")
        self._performer.step_preset(by, PAGE)

    def save(self, name: str, about: str) -> str:
        with _refusing():
            return self._changed(self._performer.presets.keep(name, self._heard(), about))

    def rename(self, name: str, to: str) -> str:
        with _refusing():
            return self._changed(self._performer.presets.rename(name, to))

    def duplicate(self, name: str) -> str:
        with _refusing():
            return self._changed(self._performer.presets.duplicate(name))

    def delete(self, name: str) -> None:
        with _refusing():
            self._performer.presets.delete(name)
            self._changed("")

    def reorder(self, names: Sequence[str]) -> None:
        with _refusing():
            self._performer.presets.reorder(names)
            self._changed("")

    def undo(self) -> str:
        with _refusing():
            words = self._performer.presets.undo_words
            values = self._performer.presets.undo()
        if values is not None:
            sounding = {id: value for id, value in values.items() if id not in NOT_IN_A_SCENE}
            with self._control.one_step(LIST, words, PAGE):
                self._control.set_params(sounding, "preset")
        return self._changed(words)

    def export(self, names: Sequence[str]) -> bytes:
        library = self._performer.presets
        with _refusing():
            named = {preset.name: preset for preset in map(library.find, names)}  # each once, however often it is named
            chosen = list(named.values()) or [one for one in library.all() if not library.is_factory(one.name)]
        if not chosen:
            raise NotThere("no presets of your own yet: save one first")
        return preset_files.export(chosen, self._control.specs)

    def take_in(self, tree: Mapping[str, Any]) -> Sequence[str]:
        with _refusing():
            presets, notes = preset_files.read(tree, self._control.specs)
            names = self._performer.presets.take_in(presets)
            self._changed("")
            return [*names, *notes]

    def keep_scene(self, name: str) -> None:
        self._scene(name)
        self._performer.keep_scene(name)
        self._performer.scenes.save_job.wait(ANSWER_WITHIN_S)
        self._control.news()

    def recall_scene(self, name: str) -> None:
        self._scene(name)
        if not self._performer.scenes.filled()[name]:
            raise NotThere(f"scene {name} is empty: save what you hear in it first")
        self._performer.recall_scene(name, PAGE)
        self._control.news()

    def _scene(self, name: str) -> None:
        if name not in NAMES:
            raise NotThere(f"no scene {name[:40]!r}: there are {', '.join(NAMES)}")

    def _heard(self) -> dict[str, float]:
        return self._control.values()

    def _found(self, name: str) -> str:
        with _refusing():
            return self._performer.presets.find(name).name

    def _changed(self, answer: str) -> str:
        """Wait a moment until the change is on disk, then tell every page. The saver reports what is not saved."""
        self._performer.presets.save_job.wait(ANSWER_WITHIN_S)
        self._control.news()
        return answer


@contextlib.contextmanager
def _refusing() -> Iterator[None]:
    """Turns the library's refusals into the ports' errors."""
    try:
        yield
    except UnknownPresetError as error:
        raise NotThere(str(error)) from None
    except PresetRefused as error:
        raise ControlRefused(str(error)) from None
