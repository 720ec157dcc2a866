"""UpdatesPort: newer versions of the box."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SourceView:
    """Where can be looked. kind: "source" (of the settings) or "stick"; where: the folder or URL, for people."""

    id: str
    kind: str
    where: str


@dataclass(frozen=True, slots=True)
class OfferView:
    """A version that can be installed here. made: a day, "2026-01-31". changes: the maker's own words."""

    version: str
    made: str
    changes: tuple[str, ...]
    megabytes: float


@dataclass(frozen=True, slots=True)
class ProblemView:
    """Why something did not go. code: for a sentence in the page's language, values: in it; words: in English."""

    code: str
    words: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ResultView:
    """What came of the newest update. result: "installed", "back" (by itself) or "refused".

    restored: settings that are as before the update, because the newer version had changed their form.
    """

    result: str
    version: str
    old: str
    when: str  # "2026-01-31 21:03"
    problem: ProblemView | None
    restored: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UpdatesView:
    """doing: "" (nothing), "look", "get" or "install". phase: of an install. progress: of a "get", 0 to 1.

    why_not: why this box cannot be updated from here. silent_s: how long the sound was away at the last change of
    versions; 0 when there was none yet.
    """

    version: str
    previous: str
    why_not: ProblemView | None
    sources: tuple[SourceView, ...]
    looks_daily: bool
    doing: str
    phase: str
    progress: float
    looked: bool
    offer: OfferView | None
    problem: ProblemView | None
    clock_is_wrong: str
    result: ResultView | None
    silent_s: float


class UpdatesPort(Protocol):
    """Look for a newer version, install it, go back. Everything returns at once; `view` tells how far it is."""

    def view(self) -> UpdatesView: ...

    def look(self, source: str) -> None:
        """Begin to look at a source, by its id. Raises ControlRefused."""
        ...

    def install(self, version: str) -> None:
        """Begin to fetch and install what was found. The sound stops for some seconds. Raises ControlRefused."""
        ...

    def back(self) -> None:
        """Begin to go back to the version before. The sound stops for some seconds. Raises ControlRefused."""
        ...
