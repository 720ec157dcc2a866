"""What a take is worth to somebody who looks for it: how loud it is, its key and tempo, who sounds. facts.json.

A wrong fact is worse than none, so key, tempo and names are there only where the box is sure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from firmware_app.takes.beside import read_text, write_text

FILE = "facts.json"
FORM = "hushbox facts 1"


@dataclass(frozen=True, slots=True)
class Facts:
    """lufs: by lane, None for silence. key: "" where it is not sure, bpm: None. sounds: names of dsp.layouts.stems."""

    lufs: Mapping[str, float | None]
    key: str = ""
    bpm: float | None = None
    sounds: tuple[str, ...] = ()


def load(folder: Path) -> Facts | None:
    """None where they are not known yet, or cannot be read: they are found out again then."""
    try:
        tree = json.loads(read_text(folder / FILE))
        return of_tree(tree) if tree["form"] == FORM else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def of_tree(tree: Any) -> Facts:
    """As its fields in JSON say. Raises ValueError, TypeError, KeyError, AttributeError."""
    lufs = {str(name)[:40]: None if value is None else float(value) for name, value in tree["lufs"].items()}
    bpm = tree["bpm"]
    sounds = tuple(str(name)[:40] for name in tree["sounds"])
    return Facts(lufs, str(tree["key"])[:40], None if bpm is None else float(bpm), sounds)


def save(folder: Path, facts: Facts) -> None:
    """Raises OSError."""
    write_text(folder / FILE, json.dumps({"form": FORM, **asdict(facts)}))
