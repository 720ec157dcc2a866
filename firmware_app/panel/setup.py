"""PanelSetup: changes the panel from the page: maps, learns, adds. Each change is checked, saved and used at once."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from firmware_app.config import actions
from firmware_app.config.actions import Action, ActionError
from firmware_app.config.panel_keys import PanelConfig, PedalConfig
from firmware_app.config.read import ConfigError, read_control
from firmware_app.control.control import Control
from firmware_app.control.performer import Performer
from firmware_app.kept.saver import ANSWER_WITHIN_S
from firmware_app.panel import mapping_notes
from firmware_app.panel.bindings import Bindings
from firmware_app.panel.kept import PanelChanges, PanelStore, merged, try_plan
from firmware_app.panel.learn import Heard, Learner, Learning
from firmware_app.panel.mapping_notes import Level, Note
from firmware_app.panel.plan import PAGE, PanelControl, PanelMapping, PanelPlan, controls_of, mappings_of
from firmware_app.panel.simulated import SimulatedPanel
from hw.controls.calibration import PedalCalibration
from hw.controls.conflicts import conflicts
from hw.controls.events import Activity, PanelEvent
from hw.errors import HwError
from web_ui.ports.errors import ControlRefused, NotThere


class PanelSetup:
    """The panel's plan, the page's changes on disk, learning, and the Bindings that run the panel.

    The page's methods may raise NotThere and ControlRefused. Any thread; one change at a time.
    """

    def __init__(
        self, config: PanelConfig, control: Control, performer: Performer, folder: Path, source: str = "hushbox.toml"
    ) -> None:
        """folder: the state folder. Raises ConfigError for mappings in the file that cannot work."""
        self._config = config
        self._control = control
        self._performer = performer
        self._lock = threading.Lock()
        self._file_controls = controls_of(config)
        self._file_mappings, mistakes, no_presets = mappings_of(config, control.specs, performer.presets.names_known)
        if mistakes:
            raise ConfigError(f"{source}: [[panel.mappings]] {mistake}" for mistake in mistakes)
        self._store = PanelStore(folder)
        control.save_also(self._store.save_job)
        self.changes, notes = self._store.load(control.specs, performer.presets.names_known, self._try)
        first, waiting = self._merged(self.changes)
        self.notes = (*notes, *no_presets, *waiting)
        self.revision = 1
        self.learner = Learner()
        self._watching = False
        self._calibrations: dict[str, PedalCalibration] = {}
        self.bindings = Bindings(first, control, performer, self._hear, self._hear_activity)
        self.simulated = SimulatedPanel(self.bindings)

    @property
    def plan(self) -> PanelPlan:
        return self.bindings.plan

    @property
    def problems(self) -> list[str]:
        """What does not work, in plain sentences, for the page's warning line."""
        return self.bindings.problems

    @property
    def file_controls(self) -> Sequence[PanelControl]:
        return self._file_controls

    @property
    def file_mappings(self) -> Sequence[PanelMapping]:
        return self._file_mappings

    # --- mapping ---

    def check(self, on: str, gesture: str, tree: Mapping[str, Any]) -> list[Note]:
        return self._notes(on, gesture, self._action(tree))

    def assign(self, on: str, gesture: str, tree: Mapping[str, Any], instead: bool) -> None:
        """Map and save. A learned control that is new is added. instead: replace another mapping there."""
        action = self._action(tree)
        notes = self._notes(on, gesture, action)
        barred = {Level.REFUSED} if instead else {Level.REFUSED, Level.REPLACES}
        if refused := [note.text for note in notes if note.level in barred]:
            raise ControlRefused(" ".join(refused))
        new = tuple(self._learned(on))
        mapping = PanelMapping(on, gesture, action, PAGE)
        with self._lock:
            self._stop_learning()
            changes = self._with_controls(self.changes.with_mapping(mapping), new)
            self._change(changes)

    def remove(self, key: str) -> None:
        """Remove a mapping. One of the file stays in the file and can be restored."""
        with self._lock:
            if all(m.key != key for m in self.plan.mappings):
                raise NotThere(f"nothing is mapped on {key[:80]!r}")
            changes = self.changes.without_mapping(key)
            if any(m.key == key for m in self._file_mappings):
                changes = self._off(changes, f"mapping {key}")
            self._change(changes)

    def restore(self, key: str) -> None:
        """Use the file's mapping or control again."""
        with self._lock:
            replaced = next((m.key for m in self.changes.mappings if f"mapping {m.key}" == key), "")
            if key not in self.changes.off and not replaced:
                raise NotThere(f"{key[:80]!r} is not removed")
            changes = self.changes.without_mapping(replaced) if replaced else self.changes
            controls = tuple(c for c in changes.controls if f"control {c.name}" != key)
            self._change(PanelChanges(controls, changes.mappings, changes.off - {key}, changes.unread))

    # --- controls ---

    def add_control(self, table: str, settings: Mapping[str, Any]) -> None:
        try:
            control = PanelControl(table, read_control(table, settings), PAGE)
        except ConfigError as error:
            raise ControlRefused(str(error)) from None
        with self._lock:
            if why := mapping_notes.taken(self.plan, control) or self._cannot_be(control):
                raise ControlRefused(f"{control.label} cannot be added: {why}")
            changes = self.changes
            self._change(PanelChanges((*changes.controls, control), changes.mappings, changes.off, changes.unread))

    def remove_control(self, name: str) -> None:
        with self._lock:
            control = self.plan.find(name)
            if control is None:
                raise NotThere(f"no control {name[:40]!r} on the panel")
            changes = self.changes.without_control(name)
            if control.origin != PAGE:
                changes = self._off(changes, f"control {name}")
            self._change(changes)

    def calibrate(self, name: str, step: str) -> float:
        """Step "start", then "move" repeatedly while the pedal is rocked, then "heel" with the heel down, which saves.

        Returns how much of the range the pedal has covered so far, 0…1.
        """
        pedal = self.plan.find(name)
        if pedal is None or not isinstance(pedal.config, PedalConfig):
            there = ", ".join(c.name for c in self.plan.controls if isinstance(c.config, PedalConfig)) or "none"
            raise NotThere(f"no expression pedal {name[:40]!r}: there are {there}")
        if step not in ("start", "move", "heel"):
            raise ControlRefused(f"step = {step[:40]!r}: allowed start, move, heel")
        if step == "start" or name not in self._calibrations:
            self._calibrations[name] = PedalCalibration()
        calibration = self._calibrations[name]
        try:
            raw = self.bindings.panel.raw_position(name)
            calibration.feed(raw)
            if step == "heel":
                heel, toe = calibration.ends(raw)
                self._keep_ends(pedal, replace(pedal.config, heel=heel, toe=toe))
                del self._calibrations[name]
        except HwError as error:
            raise ControlRefused(str(error)) from None
        return calibration.travel

    def _keep_ends(self, pedal: PanelControl, config: PedalConfig) -> None:
        with self._lock:
            self._change(self._with_controls(self.changes, [PanelControl(pedal.table, config, PAGE)]))

    def _with_controls(self, changes: PanelChanges, controls: Sequence[PanelControl]) -> PanelChanges:
        """The changes with these controls, each in place of one with its name. One of the file is put away."""
        names = {control.name for control in controls}
        others = tuple(c for c in changes.controls if c.name not in names)
        off = {f"control {c.name}" for c in self._file_controls if c.name in names}
        return PanelChanges((*others, *controls), changes.mappings, changes.off | off, changes.unread)

    # --- learning ---

    def learn(self, tree: Mapping[str, Any]) -> None:
        action = self._action(tree)
        with self._lock:
            self.learner.start(action)
            self._watching = True
            self.bindings.panel.start_learning()
        self._control.news()

    def cancel(self) -> None:
        with self._lock:
            self._stop_learning()
        self._control.news()

    def learning(self) -> tuple[Learning, list[Note]]:
        """The state of learning, and the notes on mapping what was heard."""
        self.tick()
        state = self.learner.view()
        if state.heard is None or state.action is None:
            return state, []
        return state, self._notes(state.heard.on, state.heard.gesture, state.action)

    def plan_with_heard(self, heard: Heard) -> PanelPlan:
        return mapping_notes.with_controls(self.plan, heard.controls)

    # --- inside ---

    def _hear(self, event: PanelEvent) -> bool:
        if not self.learner.active:
            return False
        self.learner.hear(event, self.plan)
        self._control.news()
        return True

    def _hear_activity(self, activity: Activity) -> None:
        if self.learner.active:
            self.learner.hear_activity(activity, self.plan)
            self._control.news()

    def tick(self) -> None:
        """Once in a while: end a learning that took too long, and let lights show when the audio process is silent."""
        self.bindings.light()
        if self._watching and not self.learner.active:
            with self._lock:
                if not self.learner.active:
                    self._watching = False
                    self.bindings.panel.stop_learning()

    def _stop_learning(self) -> None:
        """With the lock."""
        self.learner.cancel()
        self._watching = False
        self.bindings.panel.stop_learning()

    def _action(self, tree: Mapping[str, Any]) -> Action:
        try:
            return actions.read(tree, self._control.specs, self._performer.presets.names_known)
        except ActionError as error:
            raise ControlRefused(str(error)) from None

    def _notes(self, on: str, gesture: str, action: Action) -> list[Note]:
        new = self._learned(on)
        for control in new:
            if why := self._cannot_be(control):
                return [Note(Level.REFUSED, why)]
        return mapping_notes.notes_on(self.plan, new, on, gesture, action, self._control.specs)

    def _learned(self, on: str) -> Sequence[PanelControl]:
        """The learned controls that `on` names."""
        heard = self.learner.view().heard
        return [c for c in heard.controls if c.name in on.split("+")] if heard is not None else []

    def _cannot_be(self, control: PanelControl) -> str:
        """Why this board cannot have it: its pin is reserved, or the board has no such pin."""
        spec = mapping_notes.with_controls(self.plan, [control]).spec()
        found = (c for c in conflicts(spec, self.bindings.board) if c.control == control.name)
        return next((f"{mapping_notes.place_words(c.source)}: {c.why}" for c in found), "")

    @staticmethod
    def _off(changes: PanelChanges, key: str) -> PanelChanges:
        return PanelChanges(changes.controls, changes.mappings, changes.off | {key}, changes.unread)

    def _merged(self, changes: PanelChanges) -> tuple[PanelPlan, list[str]]:
        return merged(self._config, self._file_controls, self._file_mappings, changes)

    def _try(self, changes: PanelChanges) -> None:
        """Do everything that a start does with these changes. Raises what a start would."""
        try_plan(self._merged(changes)[0], self._control.specs)

    def _change(self, changes: PanelChanges) -> None:
        """Use the changes and save them. With the lock."""
        if why := self._store.why_not(changes):
            raise ControlRefused(f"the panel's settings would be too long: {why}; take something away first")
        made, notes = self._merged(changes)
        self.notes = tuple(notes)
        self.changes = changes
        self.bindings.change(made)
        if self._watching:
            self.bindings.panel.start_learning()
        self._store.keep(changes)
        self._store.save_job.wait(ANSWER_WITHIN_S)  # if it is not on disk then, the saver tells why
        self._bump()

    def _bump(self) -> None:
        self.revision += 1
        self._control.news()
