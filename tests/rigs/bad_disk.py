"""A disk that stalls or fails below one folder, for a process that is started with its environment (LD_PRELOAD).

What it does at a moment is one word in a file: "" nothing, "stall" every sync takes two seconds, "fail" every write and
sync ends with EIO, as on a stick that was pulled.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

_SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/syscall.h>

static int mood(int fd) {
    const char *folder = getenv("BAD_DISK"), *file = getenv("BAD_DISK_MOOD");
    char link[64], path[4096], word[8] = "";
    if (!folder || !file) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (size < 0 || strncmp(path, folder, strlen(folder))) return 0;
    int from = open(file, O_RDONLY | O_CLOEXEC);
    if (from < 0) return 0;
    if (syscall(SYS_read, from, word, sizeof word - 1) < 0) word[0] = 0;
    close(from);
    return word[0];
}

static int fails(int fd, int syncs) {
    int now = mood(fd);
    if (now == 's' && syncs) usleep(2000000);
    if (now == 'f') { errno = EIO; return 1; }
    return 0;
}

int fdatasync(int fd) { return fails(fd, 1) ? -1 : syscall(SYS_fdatasync, fd); }
int fsync(int fd) { return fails(fd, 1) ? -1 : syscall(SYS_fsync, fd); }
ssize_t write(int fd, const void *data, size_t size) { return fails(fd, 0) ? -1 : syscall(SYS_write, fd, data, size); }
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    return fails(fd, 0) ? -1 : syscall(SYS_pwrite64, fd, data, size, at);
}
"""


class BadDisk:
    """Everything below `folder`, for processes with `env`."""

    def __init__(self, folder: Path, workshop: Path) -> None:
        """workshop: where the library is built. Raises CalledProcessError without a compiler."""
        library, source = workshop / "bad_disk.so", workshop / "bad_disk.c"
        source.write_text(_SOURCE)
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
        self._mood = workshop / "mood"
        self.is_now("")
        self.env = {"LD_PRELOAD": str(library), "BAD_DISK": str(folder), "BAD_DISK_MOOD": str(self._mood)}

    def is_now(self, mood: str) -> None:
        """ "", "stall" or "fail"."""
        fresh = self._mood.with_suffix(".new")
        fresh.write_text(mood)
        fresh.replace(self._mood)
