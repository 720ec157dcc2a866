"""hushbox.toml.example, rendered from the declarations by `python -m firmware_app.config_example`."""

import json
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from firmware_app.config_keys import REPEATED, TABLES

_INTRO = """\
# Hushbox's settings. Copy to hushbox.toml beside where you start it, to ~/.config/hushbox/hushbox.toml or to
# /etc/hushbox/hushbox.toml; the first one found holds ($HUSHBOX_CONFIG or --config name another). Every key may be left
# out. The values below are the defaults; `hushbox doctor` checks the file.
"""


def render() -> str:
    """The whole example file. It reads back as the default Config."""
    parts = [_INTRO]
    for section, cls in TABLES.items():
        parts.append("\n".join((f"\n# {_summary(cls)}", f"[{section}]", *_keys(cls, cls()))) + "\n")
        for dotted, entry in REPEATED.items():
            if dotted.startswith(f"{section}."):
                name = dotted.rpartition(".")[2]
                first = getattr(cls(), name)[0]
                note = f"# {_summary(entry)} Any number of them; `{name} = []` under [{section}] for none."
                parts.append("\n".join((f"\n{note}", f"[[{dotted}]]", *_keys(entry, first))) + "\n")
    return "".join(parts)


def _keys(cls: type, instance: object) -> Iterator[str]:
    for f in fields(cls):
        if "key" in f.metadata:
            yield from (f"# {line}" for line in f.metadata["key"].help.splitlines())
            yield f"{f.name} = {_toml(getattr(instance, f.name))}"


def _summary(cls: type) -> str:
    return (cls.__doc__ or "").splitlines()[0]


def _toml(value: Any) -> str:
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)


if __name__ == "__main__":
    print(render(), end="")
