"""hushbox.toml.example, rendered from the declarations by `python -m firmware_app.config.example`."""

import json
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from firmware_app.config.keys import REPEATED, TABLES
from firmware_app.config.panel_keys import EXAMPLES

_INTRO = """\
# Hushbox's settings. Copy to hushbox.toml beside where you start it, to ~/.config/hushbox/hushbox.toml or to
# /etc/hushbox/hushbox.toml; the first one found holds ($HUSHBOX_CONFIG or --config name another). Every key may be left
# out. The values below are the defaults, and what has a # before it is an example; `hushbox doctor` checks the file.
"""


def render() -> str:
    """The whole example file. It reads back as the default Config."""
    parts = [_INTRO]
    for section, cls in TABLES.items():
        parts.append("\n".join((f"\n# {_summary(cls)}", f"[{section}]", *_keys(cls, cls()))) + "\n")
        for dotted, entry in REPEATED.items():
            if dotted.startswith(f"{section}."):
                name = dotted.rpartition(".")[2]
                parts.append(_repeated(section, name, entry, getattr(cls(), name)))
    return "".join(parts)


def _repeated(section: str, name: str, entry: type, defaults: tuple[object, ...]) -> str:
    """A table that may come any number of times; one that is empty by default is shown as a comment."""
    header = f"[[{section}.{name}]]"
    if defaults:
        note = f"# {_summary(entry)} Any number of them; `{name} = []` under [{section}] for none."
        return "\n".join((f"\n{note}", header, *_keys(entry, defaults[0]))) + "\n"
    note = f"# {_summary(entry)} Any number of them, like this:"
    lines = (line if line.startswith("#") else f"#{line}" for line in _keys(entry, EXAMPLES[name]))
    return "\n".join((f"\n{note}", f"#{header}", *lines)) + "\n"


def _keys(cls: type, instance: object) -> Iterator[str]:
    for f in fields(cls):
        if "key" in f.metadata:
            yield from (f"# {line}" for line in f.metadata["key"].help.splitlines())
            value = getattr(instance, f.name)
            # A file that was copied from the example must not name what is to be measured.
            off = "#" if f.metadata["key"].measured else ""
            # TOML has no word for nothing.
            yield f"{off}{f.name} = {_toml(value)}" if value is not None else f"# {f.name} = 1.0"


def _summary(cls: type) -> str:
    return (cls.__doc__ or "").splitlines()[0]


def _toml(value: Any) -> str:
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)


if __name__ == "__main__":
    print(render(), end="")
