"""FakeSystem: the machine of a box that is not there."""

import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from web_ui.ports.errors import ControlRefused, NotThere
from web_ui.ports.system import AboutView, BackupView, NetworkView, PackageView, ReplacedView, SystemView

_WHAT = {"state.json": "sound", "presets.json": "presets", "scenes.json": "scenes", "panel.json": "panel"}

DOCS = {
    "": "# Hushbox\n\n- [The page](page.md)\n\n![The page](images/page.png)\n",
    "page": "# The page\n\n[back](index.md)\n\n| a | b |\n| --- | --- |\n| 1 | `two` |\n",
}


class FakeSystem:
    """A SystemPort in memory. It only remembers that it was told to restart or to power off."""

    version = "0.0.0"

    def __init__(self, kept: Callable[[], Mapping[str, Any]], ends: Callable[[str], None] = lambda how: None) -> None:
        """kept: the content of a backup. ends: told of "restart" and "power off"."""
        self.asked: list[str] = []  # "restart", "power_off", "restore", "undo_restore", in order: for tests
        self.no_power_off = ""
        self.restored = ""
        self.fingerprint = ""  # of the page's certificate
        self._kept = kept
        self._ends = ends

    def view(self) -> SystemView:
        versions = {"Hushbox": self.version, "Board": "Raspberry Pi 5 Model B Rev 1.0", "Python": "3.13.5"}
        return SystemView(versions, "", 51.0, 3605.0, "", self.no_power_off, self.restored)

    def network(self, port: int) -> NetworkView:
        urls = (f"http://192.0.2.20:{port}/", f"http://hushbox.local:{port}/")
        return NetworkView(urls, ("10" * 11, "01" * 11), self.fingerprint)

    def about(self) -> AboutView:
        return AboutView("Apache-2.0", (PackageView("numpy", "2.4.6", "BSD-3-Clause"),), True)

    def docs_page(self, name: str) -> str:
        if name not in DOCS:
            raise NotThere(f"docs: no page is called {name[:40]!r}")
        return DOCS[name]

    def docs_picture(self, name: str) -> bytes:
        if name != "page.png":
            raise NotThere(f"docs: no picture is called {name[:40]!r}")
        return (Path(__file__).parents[1] / "static/icons/icon-192.png").read_bytes()

    def log_lines(self, most: int) -> Sequence[str]:
        lines = [f"2026-01-01 12:00:{second:02d},000 audio: line {second}" for second in range(40)]
        return lines[-most:]

    def diagnostics(self, gone: Callable[[], bool] = bool) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as pack:
            pack.writestr("hushbox-diagnostics/log.txt", "\n".join(self.log_lines(100)))
        return out.getvalue()

    def backup(self) -> bytes:
        return json.dumps({"hushbox_backup": 1, "files": dict(self._kept())}).encode()

    def look_into_backup(self, backup: bytes) -> BackupView:
        tree = self._read(backup)
        now, then = dict(self._kept()), tree.get("files", {})
        differ = [name for name in then if then[name] != now.get(name)]
        replaces = [ReplacedView(_WHAT[name], str(len(now.get(name, {}))), str(len(then[name]))) for name in differ]
        return BackupView(str(tree.get("made_at", "")), str(tree.get("made_by", "")), tuple(replaces))

    def restore_backup(self, backup: bytes) -> None:
        self._read(backup)
        self.asked.append("restore")
        self.restored = "2026-01-31 21:03:00"
        self._ends("restart")

    def keep_restore(self) -> None:
        self.restored = ""

    def undo_restore(self) -> None:
        if not self.restored:
            raise ControlRefused("there is no restore that could be taken back")
        self.asked.append("undo_restore")
        self._ends("restart")

    def _read(self, backup: bytes) -> dict[str, Any]:
        try:
            tree = json.loads(backup.decode("utf-8-sig"))
        except ValueError:
            raise ControlRefused("this is not a Hushbox backup: it is not JSON") from None
        if not isinstance(tree, dict) or tree.get("hushbox_backup") != 1:
            raise ControlRefused("this is not a Hushbox backup")
        files = tree.get("files")
        if not isinstance(files, dict) or any(
            name not in _WHAT or not isinstance(file, dict) for name, file in files.items()
        ):
            raise ControlRefused("this is not a Hushbox backup")
        return tree

    def restart(self) -> None:
        self.asked.append("restart")
        self._ends("restart")

    def power_off(self) -> None:
        if self.no_power_off:
            raise ControlRefused(self.no_power_off)
        self.asked.append("power_off")
        self._ends("power off")
