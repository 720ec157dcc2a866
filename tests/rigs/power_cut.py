"""A disk that loses power: what a program asked of the kernel, replayed with all that was not yet synced dropped.

record() runs Python code under strace and keeps its writes, fsyncs, renames, links and removals below one folder, in
order. after_cut() then gives every state in which that folder may be found when power fails behind one of them:

- a file's bytes are there only as far as an fsync of that very file came after they were written;
- a change of names (create, rename, link, remove, mkdir) is sure once the folder it was made in was fsynced after it;
  until then any part of the changes may have reached the disk, alone or with others, but each one whole.

That is as much as POSIX promises, and less than ext4 keeps: what holds here holds on a card with a lazy controller too.
"""

from __future__ import annotations

import ast
import itertools
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

TRACED = "open,openat,creat,write,writev,pwrite64,ftruncate,truncate,sendfile,copy_file_range,fsync,fdatasync,sync"
TRACED += ",rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,rmdir,symlink,symlinkat"
MARK = "hushbox-mark:"  # written to file descriptor 2 by the traced program: a moment that the test knows
MOST_PENDING = 10  # changes of names: more would be 2^n states


@dataclass(frozen=True, slots=True)
class Event:
    """One call that changed the folder. Paths are relative to it; "." is the folder itself.

    kind: create, write, overwrite, sync, rename, link, remove, mkdir, sync_folder, mark. at: of an overwrite, in bytes.
    """

    kind: str
    path: str = ""
    to: str = ""
    data: bytes = b""
    at: int = 0


def record(code: str, folder: Path, *arguments: str) -> list[Event]:
    """Run `code` (its sys.argv[1] is `folder`) under strace. Raises CalledProcessError when it fails."""
    trace = folder.with_name(folder.name + ".strace")
    # -y shows the path behind each descriptor, -xx escapes every byte, -s leaves no write short.
    command = ["strace", "-f", "-qq", "-y", "-xx", "-s", "10000000", "-e", f"trace={TRACED}", "-o", str(trace)]
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": os.getcwd()}
    subprocess.run([*command, sys.executable, "-c", code, str(folder), *arguments], check=True, env=env, timeout=60)
    return parse(trace.read_text(), folder)


_CALL = re.compile(r"^(?:\d+ +)?(\w+)\((.*)\) += (-?\d+)")
_STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_DESCRIPTOR = re.compile(r"^(?:AT_FDCWD|\d+)<((?:\\x[0-9a-f]{2}|[^>])*)>")


def parse(trace: str, folder: Path) -> list[Event]:
    """The events of a strace log. Raises ValueError for a call that changes the folder and is not understood."""
    events: list[Event] = []
    for line in trace.splitlines():
        found = _CALL.match(line)
        if found is None or int(found[3]) < 0:
            continue  # a call that failed changed nothing
        name, arguments = found[1], found[2]
        strings = [_bytes(text) for text in _STRING.findall(arguments)]
        descriptor = _descriptor(arguments)
        if name == "write" and strings and strings[0].startswith(MARK.encode()):
            events.append(Event("mark", strings[0].decode().removeprefix(MARK).strip()))
            continue
        paths = [_within(_joined(text), folder) for text in strings] if name not in _ON_DESCRIPTOR else []
        at = _within(descriptor, folder) if descriptor is not None else None
        if not any(path is not None for path in (*paths, at)):
            continue
        events += _events(name, arguments, paths, at, strings)
    return events


_ON_DESCRIPTOR = ("write", "writev", "pwrite64", "ftruncate", "sendfile", "copy_file_range", "fsync", "fdatasync")


def _events(
    name: str, arguments: str, paths: Sequence[str | None], at: str | None, strings: Sequence[bytes]
) -> list[Event]:
    if name in ("open", "openat", "creat"):
        if "O_CREAT" in arguments or name == "creat":
            assert paths[0] is not None
            return [Event("create", paths[0])] + ([Event("cut", paths[0])] if "O_TRUNC" in arguments else [])
        return []
    if name == "write":
        assert at is not None
        return [Event("write", at, data=strings[0])]
    if name == "pwrite64":
        assert at is not None
        return [Event("overwrite", at, data=strings[0], at=int(arguments.rpartition(",")[2]))]
    if name in ("fsync", "fdatasync"):
        assert at is not None
        return [Event("sync", at)]
    if name.startswith("rename"):
        assert len(paths) == 2
        assert paths[0] is not None
        assert paths[1] is not None
        return [Event("rename", paths[0], paths[1])]
    if name.startswith("link"):
        assert paths[0] is not None
        assert paths[1] is not None
        return [Event("link", paths[0], paths[1])]
    if name.startswith(("unlink", "rmdir")):
        assert paths[0] is not None
        return [Event("remove", paths[0])]
    if name.startswith("mkdir"):
        assert paths[0] is not None
        return [Event("mkdir", paths[0])]
    raise ValueError(f"the recorder does not know how to replay {name}({arguments[:80]})")


def _bytes(escaped: str) -> bytes:
    return bytes.fromhex(escaped.replace("\\x", ""))


def _descriptor(arguments: str) -> str | None:
    found = _DESCRIPTOR.match(arguments)
    if found is None:
        return None
    return os.fsdecode(_bytes(found[1])) if "\\x" in found[1] else found[1]


def _joined(path: bytes) -> str:
    return os.path.abspath(os.fsdecode(path))


def _within(path: str, folder: Path) -> str | None:
    """`path` relative to `folder`, which is "."; its parent, where the folder itself is entered, is "..". Else None."""
    if path == str(folder.parent):
        return ".."
    pure = PurePosixPath(path)
    return str(pure.relative_to(folder)) if pure.is_relative_to(folder) else None


@dataclass(slots=True)
class _File:
    """An inode: what was written, and how much of that is sure."""

    data: bytes = b""
    safe: bytes = b""


@dataclass(slots=True)
class _Change:
    """One change of names, whole or not at all. puts: name -> file (None: a folder); takes: names that go."""

    puts: dict[str, _File | None]
    takes: tuple[str, ...]
    folders: frozenset[str]  # where an fsync makes it sure


@dataclass(slots=True)
class Disk:
    """Replays events; names holds what every running program sees, sure what outlives a power cut for certain."""

    names: dict[str, _File | None] = field(default_factory=dict)
    sure: dict[str, _File | None] = field(default_factory=dict)
    pending: list[_Change] = field(default_factory=list)

    def take(self, event: Event) -> None:
        match event.kind:
            case "create":
                if event.path not in self.names:
                    self._change({event.path: _File()}, ())
            case "cut":
                file = self._file(event.path)
                file.data = b""
                file.safe = b""  # a truncation may reach the disk at any time: the worst is that it has
            case "write":
                self._file(event.path).data += event.data
            case "overwrite":
                file = self._file(event.path)
                file.data = file.data[: event.at] + event.data + file.data[event.at + len(event.data) :]
            case "sync":
                self._sync(event.path)
            case "rename":
                self._change({event.to: self.names[event.path]}, (event.path,))
            case "link":
                self._change({event.to: self.names[event.path]}, ())
            case "remove":
                self._change({}, (event.path,))
            case "mkdir":
                self._change({event.path: None}, ())

    def _file(self, name: str) -> _File:
        file = self.names[name]
        assert file is not None
        return file

    def _sync(self, name: str) -> None:
        file = self.names.get(name)
        if file is not None:
            file.safe = file.data
            return
        stay = []
        for change in self.pending:
            if change.folders == {name}:
                _apply(self.sure, change)
            else:
                stay.append(change)
        self.pending = stay

    def _change(self, puts: dict[str, _File | None], takes: tuple[str, ...]) -> None:
        folders = frozenset(_folder(name) for name in (*puts, *takes))
        change = _Change(puts, tuple(name for name in takes if name not in puts), folders)
        _apply(self.names, change)
        self.pending.append(change)

    def after_cut(self) -> Iterator[dict[str, bytes | None]]:
        """Every content (None: a folder) that may be found by name, each once."""
        assert len(self.pending) <= MOST_PENDING, f"{len(self.pending)} changes of names without an fsync"
        seen = set()
        for count in range(len(self.pending) + 1):
            for arrived in itertools.combinations(self.pending, count):
                names = dict(self.sure)
                for change in arrived:
                    _apply(names, change)
                found = {
                    name: None if file is None else file.safe for name, file in names.items() if _there(name, names)
                }
                key = tuple(sorted((name, data or b"", data is None) for name, data in found.items()))
                if key not in seen:
                    seen.add(key)
                    yield found


def _apply(names: dict[str, _File | None], change: _Change) -> None:
    for name in change.takes:
        names.pop(name, None)
    names.update(change.puts)


def _folder(name: str) -> str:
    return ".." if name == "." else str(PurePosixPath(name).parent)


def _there(name: str, names: dict[str, _File | None]) -> bool:
    """Can it be reached: is every folder above it there?"""
    return name == "." or (_folder(name) in names and _there(_folder(name), names))


def lay_out(found: dict[str, bytes | None], folder: Path) -> None:
    """Make `folder` what a power cut has left."""
    for name in sorted(found, key=lambda name: (name != ".", name)):
        data = found[name]
        if data is None:
            (folder / name).mkdir(parents=True, exist_ok=True)
        else:
            (folder / name).write_bytes(data)


def without_sync(events: Sequence[Event], number: int) -> list[Event]:
    """The same with the `number`-th fsync left out, as if it were not in the code."""
    syncs = [at for at, event in enumerate(events) if event.kind == "sync"]
    return [event for at, event in enumerate(events) if at != syncs[number]]


def kept_files(room: Path) -> list[tuple[str, str]]:
    """(where, arguments as Python source) of each KeptFile(...) made in the modules below `room`."""
    found = []
    for path in sorted(room.rglob("*.py")):
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "KeptFile":
                words = [*map(ast.unparse, node.args[1:]), *(f"{k.arg}={ast.unparse(k.value)}" for k in node.keywords)]
                module = ".".join(path.relative_to(room.parent).with_suffix("").parts)
                found.append((module, ", ".join(words)))
    return found
