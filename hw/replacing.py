"""Writes a file under another name and puts it in place when it is whole. Every recording and result is written so.

A link stays a link: what it points to is replaced. Mode and owner stay. The name may have any length.
"""

import contextlib
import errno
import itertools
import os
import stat
from pathlib import Path

_numbers = itertools.count()


class Replacement:
    """A temporary file beside `path`, empty at first. Any thread.

    Write to `unfinished`, then call `put_in_place`. `path` is not touched before that.
    """

    def __init__(self, path: Path) -> None:
        """Raises OSError; its strerror says why."""
        if "\0" in str(path):
            raise OSError(errno.EINVAL, "a name cannot hold a NUL")
        self.target = Path(os.path.realpath(path))
        if self.target.is_symlink():  # links in a circle
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        self._before = _kept(self.target)
        while True:
            # Short enough for any file system, however long the name is.
            unfinished = self.target.with_name(f".hushbox-{os.getpid()}-{next(_numbers)}.part")
            try:
                descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
                break
            except FileExistsError:  # left by a process that was killed
                continue
        self.unfinished = unfinished
        try:
            if self._before is not None:  # before the first byte is written
                os.fchmod(descriptor, stat.S_IMODE(self._before.st_mode) | stat.S_IWUSR)
        finally:
            os.close(descriptor)

    def put_in_place(self) -> None:
        """Replace `path`, and sync it to disk. Raises OSError; the temporary file then still exists."""
        if self._before is not None:
            with contextlib.suppress(PermissionError):  # only root may give files away
                os.chown(self.unfinished, self._before.st_uid, self._before.st_gid)
            os.chmod(self.unfinished, stat.S_IMODE(self._before.st_mode))
        with open(self.unfinished, "rb") as file:
            os.fsync(file.fileno())
        os.replace(self.unfinished, self.target)
        folder = os.open(self.target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # or a power cut could undo the rename
        finally:
            os.close(folder)

    def remove(self) -> None:
        """Delete the temporary file. May be called after put_in_place, and twice."""
        self.unfinished.unlink(missing_ok=True)


def _kept(target: Path) -> os.stat_result | None:
    """The state of the file to be replaced; None if there is none. Raises OSError."""
    try:
        found = target.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "it is not a file but a folder, a pipe or a device")
    return found
