"""What is signed: The Update Framework (https://theupdateframework.io/spec), by its reference implementation.

It refuses what is signed with another key, what has expired, a list older than one it has seen, and lists that do not
belong together. `root` comes with the running version; newer ones come with the repository, each signed by the one
before. Ed25519, checked by securesystemslib's own code; it needs no other library.
"""

import datetime
import os
from collections.abc import Iterator
from pathlib import Path

from tuf.api import exceptions
from tuf.api.metadata import Metadata, Targets
from tuf.ngclient import Updater, UpdaterConfig
from tuf.ngclient.fetcher import FetcherInterface

from firmware_app.kept.kept_file import make_folder, write_whole
from firmware_app.update import clock, offer
from firmware_app.update.layout import Layout, UpdateError
from firmware_app.update.offer import Offer
from firmware_app.update.source import NoSuchFile, Source

LARGEST_ROOT, LARGEST_LIST = 100_000, 2_000_000  # bytes
MOST_ROOTS = 64
_BASE = "hushbox:///metadata/"


class _Fetcher(FetcherInterface):
    """Lets the library read from a Source. It writes nothing but what it has checked."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.failed: UpdateError | None = None

    def _fetch(self, url: str) -> Iterator[bytes]:
        pieces = self._source.pieces(url.removeprefix("hushbox:///"))
        try:
            first = next(pieces, b"")  # a file that is not there says so only when it is read
        except NoSuchFile as error:
            self.failed = error
            raise exceptions.DownloadHTTPError(str(error), 404) from None
        except UpdateError as error:
            self.failed = error
            raise exceptions.DownloadError(str(error)) from None
        return self._all(first, pieces)

    def _all(self, first: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
        yield first
        try:
            yield from pieces
        except UpdateError as error:
            self.failed = error
            raise exceptions.DownloadError(str(error)) from None


class Trust:
    """One look at a repository. One thread; it may take as long as the source does."""

    def __init__(self, layout: Layout, folder: Path, version: Path) -> None:
        """folder: where what has been seen is kept. version: the folder of the one that runs. Raises UpdateError."""
        self._folder = folder
        self._root = root_bytes(layout)
        self._now, self.clock_is_wrong = clock.now(version, folder)

    def look(self, source: Source) -> list[Offer]:
        """Everything that is on offer. Raises UpdateError, OSError."""
        make_folder(self._folder)
        fetcher = _Fetcher(source)
        config = UpdaterConfig(
            max_root_rotations=MOST_ROOTS, root_max_length=LARGEST_ROOT, targets_max_length=LARGEST_LIST,
            snapshot_max_length=LARGEST_LIST,
        )  # fmt: skip
        try:
            updater = Updater(str(self._folder), _BASE, fetcher=fetcher, config=config, bootstrap=self._root)
            # The library has no public way to say what time it is.
            updater._trusted_set.reference_time = self._now
            updater.refresh()
            signed = Metadata[Targets].from_file(str(self._folder / "targets.json")).signed
        except exceptions.ExpiredMetadataError as error:
            raise UpdateError("expired", self._expired(error), today=f"{self._now:%Y-%m-%d}") from None
        except exceptions.BadVersionNumberError as error:
            raise UpdateError("replayed", f"this is older than what this box has seen already: {error}") from None
        except exceptions.UnsignedMetadataError as error:
            raise UpdateError("signature", f"this is not signed by who makes this box's updates: {error}") from None
        except exceptions.DownloadLengthMismatchError as error:
            raise UpdateError("damaged", f"the repository is damaged: {error}") from None
        except exceptions.DownloadError as error:
            raise UpdateError("source", str(fetcher.failed or error)) from None
        except (exceptions.RepositoryError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise UpdateError("damaged", f"the repository is damaged: {error or type(error).__name__}") from None
        offers = [offer.read(path, each.length, each.hashes, each.custom) for path, each in signed.targets.items()]
        self._seen(max((each.made for each in offers), default=None))
        return offers

    def _expired(self, error: Exception) -> str:
        return (
            f"what the source has is no longer valid ({error}); the day is {self._now:%Y-%m-%d} here. "
            "Fetch a newer one from the maker" + (f". {self.clock_is_wrong}" if self.clock_is_wrong else "")
        )

    def _seen(self, made: datetime.datetime | None) -> None:
        """Remember when the newest list was made: it is never earlier than that."""
        known = clock.seen_at(self._folder)
        if made is not None and (known is None or made > known):
            write_whole(self._folder / "newest", f"{made:%Y-%m-%dT%H:%M:%SZ}\n".encode(), 0o644)


def root_bytes(layout: Layout) -> bytes:
    """The root that this box trusts. Raises UpdateError when it has none."""
    for path in layout.roots():
        if os.path.exists(path):
            return path.read_bytes()
    raise UpdateError("no_root", "this box was made without the maker's key, so it cannot check an update")
