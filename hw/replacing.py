"""A file that takes another's place only when it is whole: the way every recording and every result is written.

A link stays a link, and what it points to is replaced; mode and owner stay; the name may be as long as names can be.
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

    `unfinished` is the file to write; `put_in_place` ends it. `path` itself is not touched before.
    """

    def __init__(self, path: Path) -> None:
        """Raises OSError; its strerror says why."""
        if "\0" in str(path):
            raise OSError(errno.EINVAL, "a name cannot hold a NUL")
        self.target = Path(os.path.realpath(path))
        if self.target.is_symlink():  # what realpath leaves of links that lead in a circle
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        self._before = _kept(self.target)
        while True:
            # Short, whatever the name is, and short enough for any file system.
            unfinished = self.target.with_name(f".hushbox-{os.getpid()}-{next(_numbers)}.part")
            try:
                descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
                break
            except FileExistsError:  # of a process that was killed
                continue
        self.unfinished = unfinished
        try:
            if self._before is not None:
                os.fchmod(descriptor, stat.S_IMODE(self._before.st_mode) | stat.S_IWUSR)  # from its first byte on
        finally:
            os.close(descriptor)

    def put_in_place(self) -> None:
        """Take the place of what was there, on the disk too. Raises OSError; the temporary file is then still there."""
        if self._before is not None:
            with contextlib.suppress(PermissionError):  # only root may give files away
                os.chown(self.unfinished, self._before.st_uid, self._before.st_gid)
            os.chmod(self.unfinished, stat.S_IMODE(self._before.st_mode))
        with open(self.unfinished, "rb") as file:
            os.fsync(file.fileno())
        os.replace(self.unfinished, self.target)
        folder = os.open(self.target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # or a power cut may undo the renaming
        finally:
            os.close(folder)

    def remove(self) -> None:
        """Leave nothing behind. May be called after put_in_place, and twice."""
        self.unfinished.unlink(missing_ok=True)


def _kept(target: Path) -> os.stat_result | None:
    """Of the file that is to be replaced; None where there is none. Raises OSError."""
    try:
        found = target.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "there is something that is no file (a folder, a pipe or a device)")
    return found
