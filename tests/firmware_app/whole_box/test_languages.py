"""What the audio process says reaches a German phone in German: it comes over the link as plain text."""

import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.rigs.running_box import RunningBox

pytestmark = pytest.mark.box


def german(box: RunningBox, path: str) -> Any:
    asked = urllib.request.Request(f"{box.url}/api/v1/{path}", headers={"Accept-Language": "de-DE"})
    with urllib.request.urlopen(asked, timeout=20) as answer:
        return json.loads(answer.read())


def test_a_box_without_its_model_says_so_in_german(tmp_path: Path):
    config = f'[audio]\ndevice = "demo"\n[model]\nbundle = "{tmp_path / "nowhere"}"\n'
    with RunningBox(tmp_path / "box", config) as box:
        english = box.wait_status(lambda s: s["state"] == "running" and s["message"], "a message")["message"]
        assert english.startswith("No noise reduction: ")
        said = german(box, "status")["message"]
        assert said.startswith("Keine Rauschminderung: ")
        assert "nicht lesbar: nicht vorhanden" in said
