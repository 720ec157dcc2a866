"""Updates: what control does of them. It looks, fetches and asks; the installer does the rest (install.py).

It looks by itself, once a day, only where `[update] look` is on. It never installs by itself.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from firmware_app.update import fetch, state_copy
from firmware_app.update.layout import GOOD, PREVIOUS, Layout, UpdateError, why_none
from firmware_app.update.offer import Offer
from firmware_app.update.record import Record, RecordFile
from firmware_app.update.source import MOUNTS, Source, source_of, sticks
from firmware_app.update.trust import root_bytes

log = logging.getLogger(__name__)

DAY_S = 24 * 3600.0
FIRST_LOOK_S = 300.0  # after the start: not while somebody is about to play
CONFIGURED = "source"
TAKEN_UP_S = 10.0  # within which the installer starts; after that nobody listens


@dataclass(frozen=True, slots=True)
class Work:
    """What control does now and has found. doing: "", "look" or "get"."""

    doing: str = ""
    got: int = 0
    of: int = 0
    offer: Offer | None = None
    source: str = ""  # its id, where the offer was found
    looked: bool = False
    problem: UpdateError | None = None
    clock_is_wrong: str = ""


class Updates:
    """One per control process. Any thread; one look or fetch at a time, in a thread of its own."""

    def __init__(
        self, layout: Layout | None, state: Path, source: str, look_daily: bool, mounts: tuple[Path, ...] = MOUNTS
    ) -> None:
        """layout: None where updates are not possible. source: a folder or a URL, "" for none."""
        self.layout = layout
        self.look_daily = look_daily
        self.work = Work()
        self.changed: Callable[[], None] = lambda: None
        self._state = state
        self._configured = source
        self._mounts = mounts
        self._lock = threading.Lock()
        self._look_at_s = time.monotonic() + FIRST_LOOK_S
        self._asked = ("", 0.0)  # the newest request, and when

    def why_not(self) -> UpdateError | None:
        """Why this box cannot be updated by itself; None when it can."""
        if self.layout is None:
            return UpdateError("checkout", why_none())
        try:
            root_bytes(self.layout)
        except (UpdateError, OSError) as error:
            return error if isinstance(error, UpdateError) else UpdateError("no_root", str(error))
        return None

    def sources(self) -> dict[str, str]:
        """Where can be looked: by id, the folder or URL."""
        found = {CONFIGURED: self._configured} if self._configured else {}
        return found | {f"stick-{number}": str(path) for number, path in enumerate(sticks(self._mounts), 1)}

    def record(self) -> Record:
        """How far the installer is, and what came of the newest update."""
        return RecordFile(self.layout.keep).seen() if self.layout is not None else Record()

    def restored(self) -> tuple[str, ...]:
        """The files of settings that are as before the update, since the box went back."""
        return state_copy.restored(self._state) if self.record().result == "back" else ()

    @property
    def version(self) -> str:
        return self.layout.pointed(GOOD) if self.layout is not None else ""

    @property
    def previous(self) -> str:
        """The version that the box can go back to; "" when there is none."""
        before = self.layout.pointed(PREVIOUS) if self.layout is not None else ""
        return before if before != self.version else ""

    @property
    def waiting(self) -> bool:
        """Whether the installer was asked, and has not begun."""
        id, at_s = self._asked
        return bool(id) and self.record().id != id and time.monotonic() - at_s < TAKEN_UP_S

    def look(self, source_id: str) -> None:
        """Begin to look. Raises UpdateError when something else is going on, or there is no such source."""
        sources = self.sources()
        if source_id not in sources:
            allowed = ", ".join(sources) or "none: there is no stick, and no source in the settings"
            raise UpdateError("source", f"source = {source_id[:40]!r}: allowed {allowed}")
        self._begin("look", lambda layout: self._look(layout, source_id, source_of(sources[source_id])))

    def install(self, version: str) -> None:
        """Begin to fetch what was found, and ask for it. The sound stops for some seconds then. Raises UpdateError."""
        offer, source_id = self.work.offer, self.work.source
        if offer is None or offer.version != version:
            raise UpdateError("not_there", f"version = {version[:40]!r}: look for updates first")
        where = self.sources().get(source_id)
        if where is None:
            raise UpdateError("source", "the stick is not there any more")
        self._begin("get", lambda layout: self._get(layout, offer, source_of(where)))

    def back(self) -> None:
        """Ask for the version before. Raises UpdateError."""
        with self._lock:
            layout = self._free()
            self._asked = (fetch.ask_back(layout), time.monotonic())
        self.changed()

    def tick(self) -> None:
        """Look by itself, where that is switched on. Control's main loop."""
        if self.look_daily and time.monotonic() >= self._look_at_s:
            self._look_at_s = time.monotonic() + DAY_S
            for source_id in self.sources():
                try:
                    self.look(source_id)
                except UpdateError as error:
                    log.info("updates: %s", error)
                return

    def _free(self) -> Layout:
        """Raises UpdateError when updates are not possible, or something else is going on."""
        why_not = self.why_not()
        if why_not is not None or self.layout is None:
            raise why_not or UpdateError("checkout", why_none())
        if self.work.doing or self.record().running or self.waiting:
            raise UpdateError("busy", "the box looks for, fetches or installs an update already")
        return self.layout

    def _begin(self, doing: str, work: Callable[[Layout], None]) -> None:
        with self._lock:
            layout = self._free()
            self.work = replace(self.work, doing=doing, problem=None, got=0, of=0)
        threading.Thread(target=self._run, args=(layout, work), name="updates", daemon=True).start()
        self.changed()

    def _run(self, layout: Layout, work: Callable[[Layout], None]) -> None:
        problem: UpdateError | None = None
        try:
            work(layout)
        except UpdateError as error:
            problem = error
        except OSError as error:
            problem = UpdateError("disk", f"{error.filename or layout.staging}: {error.strerror}")
        except Exception as error:  # a thread that dies would leave the page waiting for ever
            log.exception("updates")
            problem = UpdateError("damaged", f"{type(error).__name__}: {error}")
        if problem is not None:
            log.warning("updates: %s", problem)
        self.work = replace(self.work, doing="", problem=problem)
        self.changed()

    def _look(self, layout: Layout, source_id: str, source: Source) -> None:
        self.work = replace(self.work, offer=None, looked=False)
        found = fetch.look(layout, source)
        self.work = replace(
            self.work, offer=found.offer, source=source_id, looked=True, clock_is_wrong=found.clock_is_wrong
        )
        if found.offer is None and found.why_not is not None:
            raise found.why_not

    def _get(self, layout: Layout, offer: Offer, source: Source) -> None:
        def tell(got: int, of: int) -> None:
            self.work = replace(self.work, got=got, of=of)

        fetch.get(layout, source, offer, tell)
        self._asked = (fetch.ask(layout, offer.version), time.monotonic())
