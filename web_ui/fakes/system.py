"""FakeSystem: the machine of a box that is not there."""

import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from web_ui.ports.errors import ControlRefused
from web_ui.ports.system import SystemView


class FakeSystem:
    """A SystemPort in memory. It only remembers that it was told to restart or to power off."""

    version = "0.0.0"

    def __init__(self, kept: Callable[[], Mapping[str, Any]], ends: Callable[[str], None] = lambda how: None) -> None:
        """kept: the content of a backup. ends: told of "restart" and "power off"."""
        self.asked: list[str] = []  # "restart", "power_off", "restore", in order: for tests
        self.no_power_off = ""
        self._kept = kept
        self._ends = ends

    def view(self) -> SystemView:
        versions = {"Hushbox": self.version, "Board": "Raspberry Pi 5 Model B Rev 1.0", "Python": "3.13.5"}
        return SystemView(versions, "", 51.0, 3605.0, "", self.no_power_off)

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

    def restore_backup(self, backup: bytes) -> None:
        try:
            tree = json.loads(backup)
        except ValueError:
            raise ControlRefused("this is not a Hushbox backup: it is not JSON") from None
        if not isinstance(tree, dict) or tree.get("hushbox_backup") != 1:
            raise ControlRefused("this is not a Hushbox backup")
        self.asked.append("restore")
        self._ends("restart")

    def restart(self) -> None:
        self.asked.append("restart")
        self._ends("restart")

    def power_off(self) -> None:
        if self.no_power_off:
            raise ControlRefused(self.no_power_off)
        self.asked.append("power_off")
        self._ends("power off")
