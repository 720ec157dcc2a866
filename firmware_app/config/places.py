"""The folders of the box: what came with the program, what it saves, and where its processes meet.

The program's own files lie beside the package in all three ways it is installed: a checkout, a wheel in site-packages,
and a PyInstaller folder (`sys._MEIPASS`).
"""

import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from firmware_app.errors import AppError

_LONGEST_SOCKET_PATH = 107  # bytes in sockaddr_un.sun_path, less the closing zero
_LONGEST_FILE_NAME = 24  # what is kept free for a socket's own name
BOX_STATE, BOX_RUNTIME, BOX_SOUND = Path("/var/lib/hushbox"), Path("/run/hushbox"), Path("/run/hushbox-sound")
BOX_STICKS = Path("/run/hushbox-sticks")
"""The folders of the installed box (systemd/)."""


class PlacesError(AppError, OSError):
    """A folder that the box needs cannot be used."""


@dataclass(frozen=True, slots=True)
class Places:
    """All folders, as absolute paths. Only make_state() and make_runtime() create any."""

    models: Path  # models_quantized: one folder a bundle
    assets: Path  # the demo's sounds, factory presets
    state: Path  # live settings, recordings: survives a restart
    runtime: Path  # what control leaves there: the page's address, settings to try. Gone after a restart
    sound_apart: Path | None = None  # on an installed box, where the audio process is another user; see `sound`
    sticks: Path = BOX_STICKS  # where sticks are mounted that takes may go to

    @property
    def sound(self) -> Path:
        """The audio process's runtime folder: link socket, values in force, listen ring. It alone writes there."""
        return self.sound_apart or self.runtime

    @property
    def takes(self) -> Path:
        """One folder a take; the recorder process writes there."""
        return self.state / "takes"

    @property
    def recordings(self) -> Path:
        return self.state / "recordings"

    @property
    def demo_vocal(self) -> Path:
        return self.assets / "demo_vocal.flac"

    @property
    def demo_song(self) -> Path:
        return self.assets / "demo_song.opus"

    @property
    def factory_presets(self) -> Path:
        return self.assets / "presets"

    @property
    def docs(self) -> Path:
        return self.assets.parents[1] / "docs"

    def bundle(self, name: str) -> Path:
        """The folder of bundle `name`; a name with a slash in it is the path of a folder.

        os.path, which takes the home of a user that does not exist ("~nobody1/") for a folder of that name.
        """
        return Path(os.path.expanduser(name)).absolute() if "/" in name else self.models / name

    def has_bundle(self, name: str) -> bool:
        """Whether there is such a bundle. A name that no file system takes, or a folder kept shut, is none."""
        return os.path.isfile(self.bundle(name) / "bundle.toml")

    def make_state(self) -> None:
        """Create the state folder. Raises PlacesError; then settings are kept in memory only."""
        try:
            self.state.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise PlacesError(f"state folder {self.state}: cannot be created: {error.strerror}") from None

    def make_runtime(self) -> None:
        """Create control's runtime folder, for this user only.

        Raises PlacesError if another user owns it or could change it: the folder's owner decides which process answers
        on the box's sockets, and its parent is open to everyone.
        """
        _make_own(self.runtime, "HUSHBOX_RUNTIME_DIR")

    def make_sound(self) -> None:
        """The same for the audio process's runtime folder."""
        _make_own(self.sound, "HUSHBOX_SOUND_DIR")


def _make_own(folder: Path, variable: str) -> None:
    """Raises PlacesError."""
    longest = len(os.fsencode(folder)) + 1 + _LONGEST_FILE_NAME
    if longest > _LONGEST_SOCKET_PATH:
        raise PlacesError(
            f"runtime folder {folder}: the path is {longest - _LONGEST_SOCKET_PATH} bytes too long for a socket in it; "
            f"name a shorter one in {variable}"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        found = folder.lstat()
    except OSError as error:
        raise PlacesError(f"runtime folder {folder}: cannot be created: {error.strerror}") from None
    if not stat.S_ISDIR(found.st_mode):
        raise PlacesError(f"runtime folder {folder}: not a folder of its own (a link or a file)")
    if found.st_uid != os.getuid():
        raise PlacesError(f"runtime folder {folder}: belongs to user {found.st_uid}, not to {os.getuid()}")
    if found.st_mode & 0o022:
        raise PlacesError(f"runtime folder {folder}: others may write to it; chmod go-w {folder}")


def find(state_dir: str | Path | None = None) -> Places:
    """Places from the environment. state_dir (--state-dir) comes before HUSHBOX_STATE_DIR, systemd's and XDG's."""
    frozen = getattr(sys, "_MEIPASS", None)
    root = Path(frozen) if frozen else Path(__file__).resolve().parents[2]
    return Places(
        models=root / "models_quantized",
        assets=root / "firmware_app" / "assets",
        state=_state_folder(state_dir),
        runtime=(runtime := _runtime_folder()),
        sound_apart=_sound_folder(runtime),
        sticks=Path(os.environ.get("HUSHBOX_STICKS_DIR") or BOX_STICKS).absolute(),
    )


def _state_folder(named: str | Path | None) -> Path:
    named = named or os.environ.get("HUSHBOX_STATE_DIR") or _first("STATE_DIRECTORY")
    if named:
        return Path(named).expanduser().absolute()
    if _is_ours(BOX_STATE):
        return BOX_STATE
    home = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return Path(home).absolute() / "hushbox"


def _runtime_folder() -> Path:
    named = os.environ.get("HUSHBOX_RUNTIME_DIR") or _first("RUNTIME_DIRECTORY")
    if named:
        return Path(named).expanduser().absolute()
    if _is_ours(BOX_RUNTIME):
        return BOX_RUNTIME
    session = os.environ.get("XDG_RUNTIME_DIR")
    # Under sudo the variable may name a folder that is not there, or someone else's.
    if session and os.access(session, os.W_OK) and os.stat(session).st_uid == os.getuid():
        return Path(session).absolute() / "hushbox"
    # Memory-mapped files lie here: on a disk, a write-back could hold up the audio process in a plain store.
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else "/tmp"
    return Path(f"{base}/hushbox-{os.getuid()}")


def _sound_folder(runtime: Path) -> Path | None:
    """On an installed box the audio process is another user than control, so each has a folder that it owns."""
    named = os.environ.get("HUSHBOX_SOUND_DIR")
    if named:
        return Path(named).expanduser().absolute()
    return BOX_SOUND if runtime == BOX_RUNTIME else None


def _is_ours(folder: Path) -> bool:
    """Whether this user owns it: `sudo -u hushbox hushbox ...` means the installed box. Root has folders of its own."""
    try:
        return os.getuid() != 0 and folder.lstat().st_uid == os.getuid()
    except OSError:
        return False


def _first(variable: str) -> str:
    """The first of several folders, which systemd joins with colons."""
    return os.environ.get(variable, "").partition(":")[0]
