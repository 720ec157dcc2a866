"""What a restore replaces: the settings of the box beside those of a backup, counted, so that a person can decide."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from firmware_app.kept import audio, models, setup_notes


@dataclass(frozen=True, slots=True)
class Replaced:
    """One thing that differs. what: "presets", "scenes", "panel", "audio", "models", "sound" or "name".

    now, then: of the box and of the backup: how many, or the name; "" and "0" where there is none.
    """

    what: str
    now: str
    then: str


def replaced(now: Mapping[str, Any], then: Mapping[str, Any]) -> tuple[Replaced, ...]:
    """What differs between the box's kept files and a backup's, both as backup.py has them: trees by file name.

    A file that the backup does not have is left as it is, so nothing of it is named.
    """
    found = []
    for what, name, told in _TOLD:
        if name not in then:
            continue
        before, after = (_part(what, _body(files.get(name))) for files in (now, then))
        if before != after:
            found.append(Replaced(what, told(before), told(after)))
    return tuple(found)


def _body(tree: Any) -> Mapping[str, Any]:
    if not isinstance(tree, dict):
        return {}
    body: Any = next((value for key, value in tree.items() if key != "schema"), {})
    return body if isinstance(body, dict) else {}


def _count(*lists: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda body: str(sum(len(body[name]) for name in lists if isinstance(body.get(name), list | dict)))


_TOLD: tuple[tuple[str, str, Callable[[Mapping[str, Any]], str]], ...] = (
    ("presets", "presets.json", _count("own")),
    ("scenes", "scenes.json", lambda body: str(len(body))),
    ("panel", "panel.json", _count("controls", "mappings", "off")),
    ("audio", audio.NAME, lambda body: str(len(body))),
    ("models", models.NAME, lambda body: str(len(body))),
    ("sound", "state.json", lambda body: str(len(body))),
    ("name", setup_notes.NAME, lambda body: str(body.get("name", ""))),
)
_KEYS: Mapping[str, tuple[str, ...]] = {
    "name": ("name",),
    "presets": ("own",),
    "panel": ("controls", "mappings", "off"),
}
"""What of a file counts, where that is not all of it."""


def _part(what: str, body: Mapping[str, Any]) -> dict[str, Any]:
    keys = _KEYS.get(what)
    return dict(body) if keys is None else {key: body[key] for key in keys if body.get(key)}
