"""PresetsPort: presets and scenes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class PresetView:
    """One preset. params: what it sets, by id, in the parameters' units."""

    name: str
    about: str
    factory: bool  # can be loaded and duplicated, not changed
    params: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class PresetsView:
    """All presets in the player's order. revision: grows with each change."""

    revision: int
    current: str  # loaded or saved last, "" for none; by its `params` the page sees whether the sound still equals it
    undo: str  # the change that `undo` would undo, in words: "delete Choir"; "" for none
    presets: tuple[PresetView, ...]
    scenes: Mapping[str, bool]  # which of A and B are filled
    problem: str = ""  # why changes are not kept on disk, in words


@dataclass(frozen=True, slots=True)
class PresetsNews:
    """The small part of PresetsView that every open page gets as it changes."""

    revision: int
    current: str
    undo: str
    scenes: Mapping[str, bool]
    scene: str  # the one recalled or kept last, "" for none


class PresetsPort(Protocol):
    """Presets and scenes. Each method may raise NotThere or ControlRefused, and has changed nothing then."""

    def view(self) -> PresetsView: ...

    def news(self) -> PresetsNews: ...

    def load(self, name: str) -> None: ...

    def step(self, by: int) -> None:
        """Load the next preset (1) or the previous one (-1); after the last comes the first."""
        ...

    def save(self, name: str, about: str) -> str:
        """Save the current sound as `name`, over the player's own preset of that name. Returns the name as kept."""
        ...

    def rename(self, name: str, to: str) -> str:
        """Returns the name as kept."""
        ...

    def duplicate(self, name: str) -> str:
        """Returns the copy's name."""
        ...

    def delete(self, name: str) -> None: ...

    def reorder(self, names: Sequence[str]) -> None:
        """names: every preset, once."""
        ...

    def undo(self) -> str:
        """Undo the last change; loading a preset is one. Returns what it was, in words."""
        ...

    def export(self, names: Sequence[str]) -> bytes:
        """A file of these presets; of all the player's own when `names` is empty."""
        ...

    def take_in(self, tree: Mapping[str, Any]) -> Sequence[str]:
        """Add the presets of an exported file. Returns the names they have here, then notes on what was left out."""
        ...

    def keep_scene(self, name: str) -> None:
        """Keep the current sound as scene "A" or "B"."""
        ...

    def recall_scene(self, name: str) -> None:
        """Recall scene "A" or "B". Raises NotThere when it is empty."""
        ...
