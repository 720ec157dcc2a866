"""PresetsPort: presets and scenes, in the page's own words. A part of ControlPort; the same rules hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class PresetView:
    """One preset. params: what it sets, by id, in the parameters' units."""

    name: str
    about: str
    factory: bool  # stays as it is: to be loaded and duplicated only
    params: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class PresetsView:
    """All presets in the player's order. revision: grows with each change."""

    revision: int
    current: str  # loaded or saved last, "" for none; whether it is still as saved the page sees by `params`
    undo: str  # what `undo` takes back, in words: "delete Choir"; "" for nothing
    presets: tuple[PresetView, ...]
    scenes: Mapping[str, bool]  # which of A and B hold something
    problem: str = ""  # why changes are not kept on disk, in words


@dataclass(frozen=True, slots=True)
class PresetsNews:
    """The small part of PresetsView that every page is told of as it changes."""

    revision: int
    current: str
    undo: str
    scenes: Mapping[str, bool]
    scene: str  # the one recalled or kept last, "" for none


class PresetsPort(Protocol):
    """Presets and scenes as the page sees them. What raises NotThere or ControlRefused has changed nothing."""

    def presets(self) -> PresetsView: ...

    def presets_news(self) -> PresetsNews: ...

    def load_preset(self, name: str) -> None: ...

    def step_preset(self, by: int) -> None:
        """The next (1) or the one before (-1), round and round."""
        ...

    def save_preset(self, name: str, about: str) -> str:
        """Keep what is heard now under `name`; over the player's own of that name. Returns the name as kept."""
        ...

    def rename_preset(self, name: str, to: str) -> str: ...

    def duplicate_preset(self, name: str) -> str:
        """Returns the copy's name."""
        ...

    def delete_preset(self, name: str) -> None: ...

    def reorder_presets(self, names: Sequence[str]) -> None:
        """names: each there is, once."""
        ...

    def undo_presets(self) -> str:
        """Take the last change back, a loading included. Returns what it was, in words."""
        ...

    def export_presets(self, names: Sequence[str]) -> bytes:
        """A file of these presets, of all of the player's own when `names` is empty."""
        ...

    def import_presets(self, tree: Mapping[str, Any]) -> Sequence[str]:
        """Add the presets of an exported file. Returns the names they have here, then notes on what was left out."""
        ...

    def keep_scene(self, name: str) -> None:
        """Let scene "A" or "B" be what is heard now."""
        ...

    def recall_scene(self, name: str) -> None:
        """Let scene "A" or "B" be heard. NotThere when nothing has been kept there."""
        ...
