"""FakeUpdates: newer versions of a box that is not there."""

from dataclasses import replace

from web_ui.ports.errors import ControlRefused
from web_ui.ports.updates import OfferView, ResultView, SourceView, UpdatesView

OFFER = OfferView("0.2.0", "2026-01-31", ("A **better** denoiser.", "The page starts sooner."), 84.2)
STICK = SourceView("stick-1", "stick", "/run/media/HUSHBOX/hushbox-update")
NOTHING = UpdatesView("0.1.0", "", None, (STICK,), False, "", "", 0.0, False, None, None, "", None, 0.0)


class FakeUpdates:
    """An UpdatesPort in memory: what takes a while on a box is done at once here."""

    def __init__(self) -> None:
        self.now = NOTHING  # tests change it

    def view(self) -> UpdatesView:
        return self.now

    def look(self, source: str) -> None:
        self._free()
        ids = [each.id for each in self.now.sources]
        if source not in ids:
            raise ControlRefused(f"source = {source[:40]!r}: allowed {', '.join(ids)}")
        newer = self.now.version != OFFER.version
        self.now = replace(self.now, looked=True, offer=OFFER if newer else None)

    def install(self, version: str) -> None:
        self._free()
        if self.now.offer is None or self.now.offer.version != version:
            raise ControlRefused(f"version = {version[:40]!r}: look for updates first")
        self._change(version, self.now.version)

    def back(self) -> None:
        self._free()
        if not self.now.previous:
            raise ControlRefused("there is no version before this one on the box")
        self._change(self.now.previous, self.now.version)

    def _change(self, version: str, old: str) -> None:
        result = ResultView("installed", version, old, "2026-01-31 21:03", None, ())
        fresh = replace(self.now, looked=False, offer=None)  # a box that starts anew has not looked yet
        self.now = replace(fresh, version=version, previous=old, result=result, silent_s=2.1)

    def _free(self) -> None:
        if self.now.why_not is not None:
            raise ControlRefused(self.now.why_not.words)
        if self.now.doing:
            raise ControlRefused("the box looks for, fetches or installs an update already")
