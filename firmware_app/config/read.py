"""Reads hushbox.toml into frozen dataclasses. Every mistake is reported, all at once; a file with one is not used."""

import os
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, cast

from dsp.inference.handed_in import HandedInError, parse_toml, read_file
from dsp.nearest import did_you_mean
from dsp.params import ParamSpec
from firmware_app.config.audio_rules import channel_mistakes, stem_mistakes
from firmware_app.config.control_specs import RELAY, spec_of
from firmware_app.config.keys import REPEATED, TABLES, Key
from firmware_app.config.keys import Config as Config
from firmware_app.config.panel_keys import (
    CONTROL_TABLES,
    LEVELS,
    SHOWS,
    AnyControlConfig,
    KnobConfig,
    PanelConfig,
    PedalConfig,
)
from firmware_app.errors import UsageError
from hw.controls.conflicts import bus_pins
from hw.controls.kinds import PanelSpecError

FILE_NAME = "hushbox.toml"
_LARGEST_BYTES = 250_000  # the example, with every key in it, has 15,000
_MOST_MISTAKES = 200
_MOST_HINTS = 50  # each takes a while


class ConfigError(UsageError):
    """Mistakes in the file: one line each in `mistakes`, with file and line number where known."""

    def __init__(self, mistakes: Iterable[str]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(self.mistakes))


# --- finding and loading ---------------------------------------------------------------------------------------------


def find_file(named: str | Path | None = None) -> Path | None:
    """The first file of: `named` (--config), $HUSHBOX_CONFIG, ./, $XDG_CONFIG_HOME/hushbox/, /etc/hushbox/; or None.

    Raises ConfigError if a file that was named does not exist.
    """
    for origin, value in (("--config", named), ("$HUSHBOX_CONFIG", os.environ.get("HUSHBOX_CONFIG"))):
        if value:
            if not Path(value).exists():
                raise ConfigError([f"{value}: no such file (named by {origin})"])
            return Path(value)
    home = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    folders = (Path(), Path(home) / "hushbox", Path("/etc/hushbox"))
    # os.path, which takes a folder that this user may not read for one without a file.
    return next((folder / FILE_NAME for folder in folders if os.path.exists(folder / FILE_NAME)), None)


def load(named: str | Path | None = None, overrides: Mapping[str, object] | None = None) -> Config:
    """Find, read and check the file; `overrides` ("audio.device": "demo") win over it. Raises ConfigError."""
    path = find_file(named)
    if path is None:
        return parse("", None, overrides)
    try:
        data = read_file(path, _LARGEST_BYTES)
    except HandedInError as error:
        raise ConfigError([str(error)]) from None
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error.strerror}"]) from None
    try:
        return parse(data.decode("utf-8-sig"), path, overrides)
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path}: not a text in UTF-8 (byte {error.start})"]) from None


def parse(toml_text: str, source: Path | None = None, overrides: Mapping[str, object] | None = None) -> Config:
    """Check a text in TOML and return its Config. Raises ConfigError with every mistake in it."""
    name = str(source) if source else FILE_NAME
    try:
        tree = parse_toml(toml_text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\(at line (\d+), column \d+\)$", str(error))
        line = f":{place[1]}" if place else ""
        raise ConfigError([f"{name}{line}: not TOML: {error}"]) from None
    except ValueError as error:
        raise ConfigError([f"{name}: not TOML: {error}"]) from None
    reader = _Reader(name, _line_numbers(toml_text))
    config = reader.config(tree, source, overrides or {})
    if reader.mistakes:
        more = len(reader.mistakes) - _MOST_MISTAKES
        rest = [f"{name}: and {more} more mistakes"] if more > 0 else []
        raise ConfigError(reader.mistakes[:_MOST_MISTAKES] + rest)
    return config


def read_control(table: str, tree: Mapping[str, Any]) -> AnyControlConfig:
    """A control that does not come from the file, checked by the same rules. Raises ConfigError."""
    if table not in CONTROL_TABLES:
        raise ConfigError([f"no kind of control {table[:40]!r}{did_you_mean(table[:40], CONTROL_TABLES)}"])
    reader = _Reader("", {})
    values = reader.table(CONTROL_TABLES[table], f"panel.{table}", 0, tree, table)
    if not reader.mistakes:
        control = cast(AnyControlConfig, CONTROL_TABLES[table](**values))
        reader.check_spec(table, 0, control)
    if reader.mistakes:
        raise ConfigError(reader.mistakes)
    return control


def check_params(config: Config, specs: Mapping[str, ParamSpec]) -> None:
    """Check that the parameters the panel uses exist. Raises ConfigError."""
    mistakes = []
    switches = [id for id, spec in specs.items() if spec.choices == ("off", "on")]
    for table in CONTROL_TABLES:
        for entry in getattr(config.panel, table):
            for name, known in (("does", switches), ("sets", list(specs)), ("shows", [*SHOWS, *LEVELS, *specs])):
                wanted = getattr(entry, name, "")
                if wanted and wanted not in known:
                    kind = {"does": "on/off parameter", "sets": "parameter", "shows": "thing to show"}[name]
                    mistakes.append(
                        f"[[panel.{table}]] {name} = {wanted!r}: no such {kind}{did_you_mean(wanted, known)}"
                    )
    if mistakes:
        raise ConfigError(f"{config.source or FILE_NAME}: {mistake}" for mistake in mistakes)


# --- reading ---------------------------------------------------------------------------------------------------------


class _Reader:
    """Walks the parsed tree once and collects mistakes on the way."""

    def __init__(self, name: str, lines: Mapping[tuple[str, int, str], int]) -> None:
        self.mistakes: list[str] = []
        self._name = name
        self._lines = lines

    def config(self, tree: Mapping[str, Any], source: Path | None, overrides: Mapping[str, object]) -> Config:
        for unknown in (name for name in tree if name not in TABLES):
            self._unknown_at_top(unknown, tree[unknown])
        sections: dict[str, dict[str, Any]] = {}
        clean: set[str] = set()
        for section, cls in TABLES.items():
            before = len(self.mistakes)
            table = tree.get(section, {})
            if not isinstance(table, dict):
                self._mistake(section, f"{section} = {_show(table)}: write it as a section, [{section}]")
                table = {}
            sections[section] = self.table(cls, section, 0, table, f"[{section}]")
            if len(self.mistakes) == before:
                clean.add(section)
        for dotted, value in overrides.items():
            section, _, key_name = dotted.partition(".")
            sections[section] |= self._override(section, key_name, value)
        if "panel" not in clean:  # a table without its required keys cannot be built
            sections["panel"] = {}
        config = Config(
            **{s: cast(Any, TABLES[s])(**values) for s, values in sections.items()},
            source=source,
            overridden=frozenset(overrides),
            named=frozenset([f"{s}.{key}" for s, t in tree.items() if isinstance(t, dict) for key in t])
            | set(overrides),
        )
        # Rules between keys are checked only when each key by itself is right.
        if "audio" in clean:
            together = channel_mistakes(config.audio)
            if "stems" in clean:
                together += stem_mistakes(config.audio, config.stems)
            for dotted, text in together:
                self._mistake(dotted, text)
        if "panel" in clean:
            self._check_panel(config.panel)
        return config

    def table(self, cls: type, section: str, index: int, table: Mapping[str, Any], title: str) -> dict[str, Any]:
        """The allowed values of one table, with the repeated tables inside it already built."""
        values: dict[str, Any] = {}
        known = [f.name for f in fields(cls)]
        for name, value in table.items():
            dotted = f"{section}.{name}"
            if name not in known:
                self._mistake(dotted, f"{title} {name[:60]}: no such key{self._hint(name, known)}", index)
            elif dotted in REPEATED:
                values[name] = self._repeated(dotted, value)
            else:
                allowed = _key_of(cls, name).check(value)
                if allowed:
                    self._mistake(dotted, f"{title} {name} = {_show(value)}: {allowed}", index)
                else:
                    values[name] = tuple(value) if isinstance(value, list) else value
        for f in fields(cls):
            if f.default is MISSING and f.name not in table:
                self._mistake(section, f"{title} needs {f.name}: {_key_of(cls, f.name).help}", index)
        return values

    def _repeated(self, dotted: str, value: object) -> tuple[Any, ...]:
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self._mistake(dotted, f"[{dotted}] comes any number of times: write [[{dotted}]], with two brackets")
            return ()
        built = []
        for index, table in enumerate(value):
            before = len(self.mistakes)
            values = self.table(REPEATED[dotted], dotted, index, table, f"[[{dotted}]]")
            if len(self.mistakes) == before:
                built.append(REPEATED[dotted](**values))
        return tuple(built)

    def _override(self, section: str, name: str, value: object) -> dict[str, Any]:
        allowed = _key_of(TABLES[section], name).check(value)
        if allowed:
            self.mistakes.append(f"command line: {section}.{name} = {_show(value)}: {allowed}")
            return {}
        return {name: tuple(value) if isinstance(value, list) else value}

    def _check_panel(self, panel: PanelConfig) -> None:
        before = len(self.mistakes)
        controls = [(table, i, c) for table in CONTROL_TABLES for i, c in enumerate(getattr(panel, table))]
        names = {RELAY} if panel.relay_gpio >= 0 else set()
        for table, index, control in controls:
            if control.name in names:
                self._mistake(f"panel.{table}.name", f'[[panel.{table}]] name = "{control.name}": taken already', index)
            names.add(control.name)
            self.check_spec(table, index, control)
        if len(self.mistakes) == before or all(": taken already" in m for m in self.mistakes[before:]):
            self._check_places(controls, panel.relay_gpio)

    def check_spec(self, table: str, index: int, control: AnyControlConfig) -> None:
        """Check the rules between one control's keys."""
        try:
            spec_of(control)
        except PanelSpecError as error:
            self._mistake(f"panel.{table}.name", f"[[panel.{table}]] {error}", index)

    def _check_places(self, controls: list[tuple[str, int, AnyControlConfig]], relay_gpio: int) -> None:
        """Check that no two controls are at one place, and that the converters' pins are free."""
        knobs = [control for _, _, control in controls if isinstance(control, KnobConfig | PedalConfig)]
        bus = {gpio: bus_pins(spec_of(knob)) for knob in knobs for gpio in bus_pins(spec_of(knob))}
        taken = {f"gpio:{relay_gpio}": "relay_gpio"} if relay_gpio >= 0 else {}
        for table, index, control in controls:
            for key, shown, place in _places(control):
                where = f"panel.{table}.{key}", f"[[panel.{table}]] {key} = {shown}"
                if place in taken:
                    self._mistake(where[0], f'{where[1]}: taken by "{taken[place]}" already', index)
                elif place.startswith("gpio:") and int(place[5:]) in bus:
                    needed = ", ".join(map(str, sorted(bus[int(place[5:])])))
                    self._mistake(where[0], f"{where[1]}: the knobs' converter needs GPIO {needed}", index)
                taken.setdefault(place, control.name)

    def _unknown_at_top(self, name: str, value: object) -> None:
        homes = [section for section, cls in TABLES.items() if name in {f.name for f in fields(cls)}]
        if isinstance(value, dict | list):
            self._mistake(name, f"[{name[:60]}]: no such section{self._hint(name, TABLES)}")
        elif homes:
            self._mistake(name, f"{name}: this key belongs under [{homes[0]}]")
        else:
            self._mistake(name, f"{name[:60]}: no such key{self._hint(name, _all_keys())}")

    def _hint(self, name: str, known: Iterable[str]) -> str:
        return did_you_mean(name, known) if len(self.mistakes) < _MOST_HINTS else ""

    def _mistake(self, dotted: str, message: str, index: int = 0) -> None:
        table, _, name = dotted.rpartition(".")
        line = self._lines.get((table, index, name)) or self._lines.get((dotted, index, ""))
        place = f"{self._name}{f':{line}' if line else ''}: " if self._name else ""
        self.mistakes.append(place + message)


def _places(control: AnyControlConfig) -> list[tuple[str, object, str]]:
    """(key, its value, place) of every pin, converter channel, MIDI message or key that a control takes."""
    gpios: list[tuple[str, object, str]] = []
    for f in fields(control):
        if f.name.startswith("gpio"):
            value = getattr(control, f.name)
            gpios += [(f.name, gpio, f"gpio:{gpio}") for gpio in (value if isinstance(value, tuple) else (value,))]
    if gpios:
        return gpios
    key = next(name for name in ("key", "number", "channel") if hasattr(control, name))
    return [(key, getattr(control, key), source) for source in spec_of(control).sources]


def _key_of(cls: type, name: str) -> Key:
    return cast(Key, next(f for f in fields(cls) if f.name == name).metadata["key"])


def _all_keys() -> list[str]:
    return [f"{section}.{f.name}" for section, cls in TABLES.items() for f in fields(cls)]


def _show(value: object) -> str:
    """A value as it is written in the file, shortened."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        shown = "[" + ", ".join(map(_show, value)) + "]"
    else:
        shown = f'"{value}"' if isinstance(value, str) else str(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."


_HEADER = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_.\-]+)\s*\]\]?")
_KEY = re.compile(r"\s*([A-Za-z0-9_.\-]+)\s*=")


def _line_numbers(toml_text: str) -> dict[tuple[str, int, str], int]:
    """Line number by (table, its index, key or ""). tomllib has none; this guess is good enough for a message."""
    lines: dict[tuple[str, int, str], int] = {}
    seen: Counter[str] = Counter()  # of each [[table]]
    table, index = "", 0
    for number, line in enumerate(toml_text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = header[2]
            index = seen[table] if header[1] == "[[" else 0
            seen[table] += 1
            lines.setdefault((table, index, ""), number)
        elif found := _KEY.match(line):
            inner, _, name = found[1].rpartition(".")
            lines.setdefault((".".join(filter(None, (table, inner))), index, name), number)
    return lines
