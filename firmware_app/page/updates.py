"""RealUpdates: newer versions, over Updates."""

import time

from firmware_app.update.layout import UpdateError
from firmware_app.update.updates import CONFIGURED, Updates
from web_ui.ports.errors import ControlRefused
from web_ui.ports.updates import OfferView, ProblemView, ResultView, SourceView, UpdatesView


class RealUpdates:
    """Implements UpdatesPort. Any thread."""

    def __init__(self, updates: Updates) -> None:
        self._updates = updates

    def view(self) -> UpdatesView:
        updates, work, record = self._updates, self._updates.work, self._updates.record()
        offer = work.offer
        if offer is not None and offer.version == updates.version:
            offer = None  # it is installed
        result = None
        if record.result:
            problem = ProblemView(record.code, record.words, record.values) if record.code else None
            when = time.strftime("%Y-%m-%d %H:%M", time.localtime(record.ended_s))
            result = ResultView(record.result, record.version, record.old, when, problem, updates.restored())
        installing = record.running or updates.waiting
        return UpdatesView(
            version=updates.version,
            previous=updates.previous,
            why_not=_problem(updates.why_not()),
            sources=tuple(
                SourceView(id, "source" if id == CONFIGURED else "stick", where)
                for id, where in updates.sources().items()
            ),
            looks_daily=updates.look_daily,
            doing=work.doing or ("install" if installing else ""),
            phase=record.phase if record.running else "",
            progress=round(work.got / work.of, 3) if work.of else 0.0,
            looked=work.looked,
            offer=OfferView(offer.version, f"{offer.made:%Y-%m-%d}", offer.changes, round(offer.length / 1e6, 1))
            if offer
            else None,
            problem=_problem(work.problem),
            clock_is_wrong=work.clock_is_wrong,
            result=result,
            silent_s=round(record.silent_s, 1),
        )

    def look(self, source: str) -> None:
        try:
            self._updates.look(source)
        except UpdateError as error:
            raise ControlRefused(str(error)) from None

    def install(self, version: str) -> None:
        try:
            self._updates.install(version)
        except UpdateError as error:
            raise ControlRefused(str(error)) from None

    def back(self) -> None:
        try:
            self._updates.back()
        except (UpdateError, OSError) as error:
            raise ControlRefused(str(error)) from None


def _problem(error: UpdateError | None) -> ProblemView | None:
    return ProblemView(error.code, str(error), error.values) if error is not None else None
