"""docs/settings.md and docs/api.md, made from the declarations: `python docs/generate.py`; --check only compares.

A test runs the check, so neither page can say what the box does not do.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from dsp.params import ParamSpec
from firmware_app.config.keys import REPEATED, TABLES
from firmware_app.config.panel_keys import EXAMPLES
from firmware_app.kept.param_table import PARAMS

HERE = Path(__file__).resolve().parent
MADE = "<!-- Made by docs/generate.py. Do not edit by hand. -->\n"


def settings() -> str:
    """Every parameter (page, panel, presets, MIDI) and every key of hushbox.toml."""
    lines = [
        MADE,
        "# Every setting",
        "",
        "There are two kinds of settings. You turn **parameters** while you play: on the page, with a knob or switch,",
        "over MIDI, in presets, and with `hushbox process --set`. You set **keys** once, in",
        "`/etc/hushbox/hushbox.toml`. An example with every key lies beside it; `hushbox doctor` checks the file.",
        "",
        "## Parameters",
        "",
        "| setting | id | range | default | what it does |",
        "| --- | --- | --- | --- | --- |",
        *(
            f"| {spec.label} | `{id}` | {_range(spec)} | {_default(spec)} | {_cell(spec.help)} |"
            for id, spec in PARAMS.items()
        ),
        "",
        "## Keys of hushbox.toml",
        "",
    ]
    for section, cls in TABLES.items():
        lines += [f"### `[{section}]`", "", _summary(cls), "", *_keys(cls, cls()), ""]
        for dotted, entry in REPEATED.items():
            if dotted.startswith(f"{section}."):
                name = dotted.rpartition(".")[2]
                shown = (getattr(cls(), name) or (EXAMPLES.get(name),))[0]
                lines += [
                    f"### `[[{dotted}]]`",
                    "",
                    f"{_summary(entry)} Any number of them.",
                    "",
                    *_keys(entry, shown),
                    "",
                ]
    return "\n".join(lines)


def api() -> str:
    """The HTTP interface, from web_ui/openapi.json."""
    spec = json.loads((HERE.parent / "web_ui" / "openapi.json").read_text())
    lines = [
        MADE,
        "# The box over HTTP",
        "",
        spec["info"]["description"],
        "",
        "The box itself serves the whole description at `/api/v1/openapi.json`, for tools that read OpenAPI.",
    ]
    for path, methods in spec["paths"].items():
        for method, call in methods.items():
            if not isinstance(call, dict) or "responses" not in call:
                continue
            who = {"": "anybody", "owner": "an owner"}.get(call["x-role"], f"{call['x-role']} or more")
            lines += ["", f"## {call['summary']}", "", f"`{method.upper()} {path}` ({who})", ""]
            if call.get("description"):
                lines += [call["description"], ""]
            asked = _asked(call, spec)
            if asked:
                lines += ["| give | where | what |", "| --- | --- | --- |", *asked, ""]
            lines += ["| answer | means |", "| --- | --- |"]
            for code, answer in call["responses"].items():
                lines.append(f"| {code} | {_cell(_resolve(answer, spec).get('description', ''))} |")
    return "\n".join([*lines, ""])


def _asked(call: dict[str, Any], spec: dict[str, Any]) -> list[str]:
    rows = []
    for parameter in call.get("parameters", []):
        found = _resolve(parameter, spec)
        rows.append(f"| `{found['name']}` | {found['in']} | {_cell(found.get('description', ''))} |")
    body = _resolve(call.get("requestBody", {}), spec)
    schema = _resolve(body.get("content", {}).get("application/json", {}).get("schema", {}), spec)
    needed = schema.get("required", [])
    for name, field in schema.get("properties", {}).items():
        kind = _resolve(field, spec)
        words = [str(kind.get("type", "")), "" if name in needed else "may be left out", kind.get("description", "")]
        rows.append(f"| `{name}` | JSON | {_cell('; '.join(word for word in words if word))} |")
    return rows


def _resolve(node: dict[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        found: Any = spec
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def _keys(cls: type, instance: Any) -> Iterator[str]:
    yield "| key | default | what it does |"
    yield "| --- | --- | --- |"
    for f in fields(cls):
        if "key" in f.metadata:
            value = getattr(instance, f.name)
            shown = json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
            yield f"| `{f.name}` | `{shown}` | {_cell(f.metadata['key'].help)} |"


def _range(spec: ParamSpec) -> str:
    unit = f" {spec.unit}" if spec.unit else ""
    return ", ".join(spec.choices) if spec.choices else f"{spec.low:g} to {spec.high:g}{unit}"


def _default(spec: ParamSpec) -> str:
    return spec.choices[int(spec.default - spec.low)] if spec.choices else f"{spec.default:g}"


def _summary(cls: type) -> str:
    return (cls.__doc__ or "").splitlines()[0]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main() -> int:
    """Write the pages, or with --check say which is out of date."""
    stale = []
    for name, text in (("settings.md", settings()), ("api.md", api())):
        path = HERE / name
        if "--check" not in sys.argv:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            stale.append(name)
    for name in stale:
        print(f"docs/{name} is out of date: python docs/generate.py", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
