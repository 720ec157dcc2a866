"""Where takes can go: the box itself, and sticks that are plugged in, found by what is mounted."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from firmware_app.takes.wire import PlaceState

INTERNAL = "internal"
ON_STICK = "hushbox-takes"
"""The folder of a stick that takes lie in."""

_ELSEWHERE = (Path("/media"), Path("/run/media"))  # where a desktop mounts them
_FOR_UPDATES = Path("/run/media/HUSHBOX")
_MOUNTINFO, _UDEV = Path("/proc/self/mountinfo"), Path("/run/udev/data")
_LONGEST_LABEL = 40
_FAT_LARGEST = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Place:
    """One place. root: the folder of its takes. mount: where a stick is mounted, None for the box itself.

    kind: its file system; "" for the box itself. device: of a stick, such as "sda1". unit: of systemd, which holds it;
    "" where somebody else has mounted it.
    """

    id: str
    label: str
    root: Path
    mount: Path | None = None
    kind: str = ""
    device: str = ""
    unit: str = ""

    @property
    def largest_file(self) -> int:
        """In bytes: what its file system allows. 0: nothing that a take reaches."""
        return _FAT_LARGEST if self.kind in ("vfat", "msdos") else 0

    def there(self) -> bool:
        """Whether the stick is still mounted. Without it, its folder would be one of the box's own."""
        if self.mount is None:
            return True
        try:
            return os.stat(self.mount).st_dev != os.stat(self.mount.parent).st_dev
        except OSError:
            return False

    def state(self) -> PlaceState:
        """Its room, and what is wrong with it. May wait for a slow stick."""
        base = self.mount or _first_there(self.root)
        try:
            found = os.statvfs(base)
        except OSError as error:
            return self._state(0, 0, f"{self.label or base}: {error.strerror or error}")
        free, total = found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize
        return self._state(free, total, self._problem(base, bool(found.f_flag & os.ST_RDONLY)))

    def _state(self, free: int, total: int, problem: str) -> PlaceState:
        return PlaceState(self.id, self.label, str(self.root), free, total, problem, self.unit)

    def _problem(self, base: Path, read_only: bool) -> str:
        where = self.root if self.root.is_dir() else base
        writable = os.access(where, os.W_OK | os.X_OK)
        if self.mount is None:
            return "" if writable and not read_only else f"{self.root} cannot be written to"
        name = f"the stick {self.label}"
        if not self.there():
            return f"{name} is not there"
        if read_only:
            return f"{name} can only be read: it is locked, damaged, or was not removed safely"
        if self.root.is_symlink():
            return f"{name}: {ON_STICK} on it is a link, and the box follows none"
        if not writable:
            return f"{name} does not let the box write: make a folder {ON_STICK} on it that anybody may write to"
        return ""


def internal(root: Path) -> Place:
    """The box itself."""
    return Place(INTERNAL, "", root)


def sticks(folder: Path, mountinfo: Path = _MOUNTINFO, udev: Path = _UDEV) -> list[Place]:
    """Those that are plugged in, by label. folder: where the box mounts them, each in a folder named after
    its device (systemd/hushbox-stick@.service). A desktop's are found, too.
    """
    try:
        lines = mountinfo.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return []
    found: dict[Path, Place] = {}
    for line in lines:
        fields, _, rest = line.partition(" - ")
        if len(fields.split()) < 5 or len(rest.split()) < 2:
            continue
        _, _, number, _, raw_mount = fields.split()[:5]
        kind, source = rest.split()[:2]
        mount = Path(_plain(raw_mount))
        if mount == _FOR_UPDATES or not (mount.parent == folder or _elsewhere(mount, source)):
            continue
        said = _said(udev / f"b{number}")
        id = re.sub("[^A-Za-z0-9-]", "", said.get("ID_FS_UUID", ""))[:60] or re.sub("[^A-Za-z0-9]", "", mount.name)
        label = label_of(said.get("ID_FS_LABEL_ENC", "")) or label_of(mount.name)
        device = Path(source).name
        unit = f"hushbox-stick@{device}.service" if mount.parent == folder and source.startswith("/dev/") else ""
        found[mount] = Place(id or "stick", label, mount / ON_STICK, mount, kind, device, unit)
    return _apart(sorted(found.values(), key=lambda each: (each.label, str(each.mount))))


def label_of(encoded: str) -> str:
    r"""A label for people, from udev's form (`\x20` for a blank). Anything may stand in one: only what can be read
    stays, on one line.
    """
    raw = re.sub(
        rb"\\x([0-9a-fA-F]{2})", lambda hit: bytes([int(hit[1], 16)]), encoded.encode(errors="surrogateescape")
    )
    text = "".join(letter if letter.isprintable() else " " for letter in raw.decode(errors="replace"))
    return " ".join(text.split())[:_LONGEST_LABEL].strip()


def _elsewhere(mount: Path, source: str) -> bool:
    """A mount of a device in /media or /run/media, or in a person's folder there."""
    return source.startswith("/dev/") and any(top in (mount.parent, mount.parent.parent) for top in _ELSEWHERE)


def _apart(places: Sequence[Place]) -> list[Place]:
    """Copies of one stick have one id: the second gets its device's name behind it."""
    seen: set[str] = {INTERNAL}
    made = []
    for each in places:
        id = each.id if each.id not in seen else f"{each.id[:40]}-{re.sub('[^A-Za-z0-9]', '', each.device)[:20]}"
        if id in seen:
            continue
        seen.add(id)
        made.append(replace(each, id=id))
    return made


def _said(path: Path) -> dict[str, str]:
    """What udev knows of a device: its properties."""
    try:
        lines = path.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return {}
    return dict(line[2:].split("=", 1) for line in lines if line.startswith("E:") and "=" in line)


def _plain(escaped: str) -> str:
    r"""A path as the kernel writes it: `\040` for a blank."""
    return re.sub(r"\\([0-7]{3})", lambda hit: chr(int(hit[1], 8)), escaped)


def _first_there(folder: Path) -> Path:
    """The folder, or the nearest above it that is there."""
    for each in (folder, *folder.parents):
        try:
            if stat.S_ISDIR(os.stat(each).st_mode):
                return each
        except OSError:
            continue
    return Path("/")
