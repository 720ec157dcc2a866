"""The page's changes of the panel, in `panel.json` in the state folder. The settings file itself is never changed."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from dsp.params import ParamSpec
from firmware_app.config import actions
from firmware_app.config.actions import ActionError
from firmware_app.config.panel_keys import PanelConfig
from firmware_app.config.read import ConfigError, read_control
from firmware_app.kept.kept_file import KeptFile, shortened
from firmware_app.kept.saver import SaveJob
from firmware_app.panel.plan import PAGE, PanelControl, PanelMapping, PanelPlan, misfit
from hw.controls.conflicts import same_source

_LISTS = ("controls", "mappings", "off", "unread")


@dataclass(frozen=True, slots=True)
class PanelChanges:
    """Controls and mappings that were added, and those of the file that were put away. What does not fit is kept, too.

    off: keys of the file's controls and mappings that are put away: "control footswitch", "mapping footswitch press".
    unread: saved entries that this version cannot use. They are saved again unchanged.
    """

    controls: tuple[PanelControl, ...] = ()
    mappings: tuple[PanelMapping, ...] = ()
    off: frozenset[str] = frozenset()
    unread: tuple[Any, ...] = ()

    def with_mapping(self, mapping: PanelMapping) -> "PanelChanges":
        """The mapping added, in place of one on the same gesture."""
        others = tuple(m for m in self.mappings if m.key != mapping.key)
        return replace(self, mappings=(*others, mapping))

    def without_mapping(self, key: str) -> "PanelChanges":
        return replace(self, mappings=tuple(m for m in self.mappings if m.key != key))

    def without_control(self, name: str) -> "PanelChanges":
        """Without the control and what is mapped on it."""
        return replace(
            self,
            controls=tuple(c for c in self.controls if c.name != name),
            mappings=tuple(m for m in self.mappings if name not in m.on.split("+")),
        )


class PanelStore:
    """Reads PanelChanges from disk. The saver writes the newest ones by `save_job`."""

    def __init__(self, folder: Path) -> None:
        self._file = KeptFile(folder, "panel.json", 1, "panel", "panel settings")
        self._changes = PanelChanges()
        self.save_job = SaveJob("panel settings", self._write)

    def load(
        self,
        specs: Mapping[str, ParamSpec],
        presets: Collection[str],
        use: Callable[[PanelChanges], object],
        *,
        look_only: bool = False,
    ) -> tuple[PanelChanges, tuple[str, ...]]:
        """(changes, notes for the log and the page). look_only: leave a bad file where it is.

        use: what the start does with them next. If it raises, the file counts as bad.
        """

        def read(body: Mapping[str, Any]) -> tuple[PanelChanges, tuple[str, ...]]:
            found = read_changes(body, specs, presets)
            use(found[0])
            return found

        (changes, own), notes = self._file.load_as(read, look_only=look_only)
        return changes, shortened([*notes, *own])

    def keep(self, changes: PanelChanges) -> None:
        """Have these saved. Any thread."""
        self._changes = changes
        self.save_job.changed()

    def _write(self) -> str:
        self._file.save(_body(self._changes))
        return self._file.problem

    def why_not(self, changes: PanelChanges) -> str:
        """Why these are too long to save, however much room the disk has; empty when they are not."""
        return self._file.why_not(_body(changes))


def _body(changes: PanelChanges) -> dict[str, object]:
    controls = [{"table": c.table, **asdict(c.config)} for c in changes.controls]
    mappings = [{"on": m.on, "gesture": m.gesture, **m.action.tree()} for m in changes.mappings]
    return {"controls": controls, "mappings": mappings, "off": sorted(changes.off), "unread": list(changes.unread)}


def read_changes(
    body: Mapping[str, Any], specs: Mapping[str, ParamSpec], presets: Collection[str]
) -> tuple[PanelChanges, tuple[str, ...]]:
    """(changes, a note for each saved entry that this version cannot use)."""
    reading = _Reading()
    for name in _LISTS:
        if not isinstance(body.get(name, []), list):
            reading.notes.append(f"front panel: {name} = {str(body[name])[:40]!r} is no list; ignored")
    for tree in _list(body, "controls"):
        reading.take(tree, lambda tree: reading.controls.append(_control(tree)))
    for tree in _list(body, "mappings"):
        reading.take(tree, lambda tree: reading.mappings.append(_mapping(tree, specs, presets)))
    off = frozenset(str(key) for key in _list(body, "off"))
    unread = (*_list(body, "unread"), *reading.unread)
    changes = PanelChanges(tuple(reading.controls), tuple(reading.mappings), off, unread)
    return changes, tuple(reading.notes)


@dataclass(slots=True)
class _Reading:
    controls: list[PanelControl] = field(default_factory=list)
    mappings: list[PanelMapping] = field(default_factory=list)
    unread: list[Any] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def take(self, tree: Any, read: Any) -> None:
        try:
            read(tree)
        except (ConfigError, ActionError) as error:
            self.unread.append(tree)
            self.notes.append(f"front panel: a saved entry cannot be used and is left alone: {error}")


def _list(body: Mapping[str, Any], name: str) -> list[Any]:
    value = body.get(name)
    return value if isinstance(value, list) else []


def _control(tree: Any) -> PanelControl:
    if not isinstance(tree, dict) or not isinstance(tree.get("table"), str):
        raise ConfigError(["a control has a table"])
    values = {name: value for name, value in tree.items() if name != "table"}
    return PanelControl(tree["table"], read_control(tree["table"], values), PAGE)


def _mapping(tree: Any, specs: Mapping[str, ParamSpec], presets: Collection[str]) -> PanelMapping:
    if not isinstance(tree, dict) or not isinstance(tree.get("on"), str) or not isinstance(tree.get("gesture"), str):
        raise ActionError("a mapping has on and gesture")
    action = {name: value for name, value in tree.items() if name not in ("on", "gesture")}
    return PanelMapping(tree["on"], tree["gesture"], actions.read(action, specs, presets), PAGE)


def merged(
    config: PanelConfig, controls: Collection[PanelControl], mappings: Collection[PanelMapping], changes: PanelChanges
) -> tuple[PanelPlan, list[str]]:
    """The file's controls and mappings with the page's changes applied, and a note on each that does not fit."""
    notes: list[str] = []
    there = [c for c in controls if f"control {c.name}" not in changes.off]
    for control in changes.controls:
        taken = next((c for c in there if c.name == control.name or _share(c, control)), None)
        if taken is None:
            there.append(control)
        else:
            notes.append(f"{control.label}, added on the page, waits: {taken.label} has its name or its place")
    paged = {m.key for m in changes.mappings}
    wanted = [m for m in mappings if m.key not in paged and f"mapping {m.key}" not in changes.off]
    plan = PanelPlan(config, tuple(there), ())
    fitting = []
    for mapping in (*wanted, *changes.mappings):
        if misfit(plan, mapping.on, mapping.gesture, mapping.action):
            notes.append(f"what is mapped on {plan.where(mapping.on)} waits: there is no such control now")
        else:
            fitting.append(mapping)
    return replace(plan, mappings=tuple(fitting)), notes


def try_plan(plan: PanelPlan, specs: Mapping[str, ParamSpec]) -> None:
    """Do everything that a start does with a plan before the first press. Raises what that raises."""
    plan.spec()
    for mapping in plan.mappings:
        plan.words(mapping, specs)


def _share(one: PanelControl, other: PanelControl) -> bool:
    return any(same_source(a, b) for a in one.sources for b in other.sources)
