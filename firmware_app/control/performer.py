"""Performer: carries actions out on Control, for hands, feet and MIDI alike."""

import logging
import threading
import time
from collections.abc import Callable

from dsp.params import find
from dsp.rack.voice_stages import SOLO
from firmware_app.config.actions import Action
from firmware_app.control.control import Control
from firmware_app.control.tempo import Tempo
from firmware_app.control.undo import PRESET, SCENE
from firmware_app.kept.factory import Preset, UnknownPresetError
from firmware_app.kept.library import PresetLibrary
from firmware_app.kept.scenes import MORPH, Scenes

log = logging.getLogger(__name__)

PANIC_PARAM = {
    "panic_mute": "box.mute",
    "held_panic_mute": "box.mute",
    "panic_dry": "box.bypass",
    "held_panic_dry": "box.bypass",
}


class Performer:
    """One per box. Control saves its presets and scenes. Any thread; each method returns as fast as Control.set_param.

    origin: the control that acts ("panel:left", "midi:cc-64"). Control does not report the change back to it.
    """

    def __init__(self, control: Control, presets: PresetLibrary, scenes: Scenes) -> None:
        self.tempo = Tempo()
        self.scenes = scenes
        self.presets = presets
        self.possible: Callable[[Preset], bool] = lambda preset: True  # whether this box can play it; the box sets this
        self.own_wifi: Callable[[], None] = lambda: None  # opens or closes it; the box sets this
        self.pair: Callable[[], None] = lambda: None  # lets the phone in that asks; the box sets this
        self.take: Callable[[str], None] = lambda what: None  # record, keep_that, mark_take, arm; the box sets this
        self._control = control
        control.save_also(presets.save_job, scenes.save_job)
        self._lock = threading.RLock()
        self._before: dict[Action, float] = {}  # the value before a momentary action
        self._holders: dict[Action, set[str]] = {}  # the origins that hold it down
        self._panics: dict[str, str] = {}  # parameter: origin of the panic that holds it

    @property
    def preset(self) -> str:
        """The name of the preset recalled or saved last."""
        return self.presets.current

    @property
    def preset_names(self) -> list[str]:
        return self.presets.names

    def press(self, action: Action, origin: str, at_s: float | None = None) -> None:
        """Do it once, or begin a held action. at_s: time of the press, monotonic."""
        with self._lock:
            match action.do:
                case "toggle":
                    self._control.toggle(action.param, origin, self.range(action))
                case "momentary":
                    if not self._holders.get(action):
                        self._before[action] = self._control.value(action.param)
                    self._holders.setdefault(action, set()).add(origin)
                    held = find(self._control.specs, action.param).high if action.value is None else action.value
                    self._control.set_param(action.param, held, origin, undoable=False)
                case "set":
                    self._control.set_param(action.param, action.value or 0.0, origin)
                case "step" | "next_preset" | "previous_preset":
                    self.step(action, 1, origin)
                case "preset":
                    self.recall(action.preset, origin)
                case "scene":
                    self.recall_scene(action.scene, origin)
                case "tap_tempo":
                    self.tempo.tap(time.monotonic() if at_s is None else at_s)
                case "held_panic_mute" | "held_panic_dry":
                    self._holders.setdefault(action, set()).add(origin)
                    self._control.set_param(PANIC_PARAM[action.do], 1.0, origin, undoable=False)
                case "record" | "keep_that" | "mark_take" | "arm":
                    self.take(action.do)
                case "own_wifi":
                    self.own_wifi()
                case "pair":
                    self.pair()
                case "panic_mute" | "panic_dry":
                    self._panic(PANIC_PARAM[action.do], origin)

    def release(self, action: Action, origin: str) -> None:
        """End a held action when the last origin has released it."""
        with self._lock:
            holders = self._holders.get(action, set())
            if origin not in holders:
                return
            holders.remove(origin)
            if holders:
                return
            if action.do == "momentary":
                before = self._before.pop(action)
                spec = find(self._control.specs, action.param)
                if spec.choices == ("off", "on"):
                    # Off, whatever it was before: a held switch must end with its release.
                    self._control.set_param(action.param, spec.low, origin, undoable=False)
                elif self._control.origin(action.param) == origin:  # otherwise a preset or a phone has set it since
                    self._control.set_param(action.param, before, origin, undoable=False)
            elif action.do in ("held_panic_mute", "held_panic_dry"):
                self._control.set_param(PANIC_PARAM[action.do], 0.0, origin, undoable=False)

    def turn(self, action: Action, position: float, origin: str) -> None:
        """Follow a knob at `position`, 0…1 of the action's range."""
        low, high = self.range(action)
        value = low + min(max(position, 0.0), 1.0) * (high - low)
        choices = find(self._control.specs, action.param).choices
        self._control.set_param(action.param, float(round(value)) if choices else value, origin)

    def step(self, action: Action, detents: int, origin: str) -> None:
        """Go `detents` steps, backwards if negative."""
        with self._lock:
            if action.do == "step":
                self._step(action, detents * (action.by or 0.0), origin)
            else:
                self.step_preset(detents if action.do == "next_preset" else -detents, origin)

    def number(self, number: int, who: str) -> None:
        """Recall preset `number`, counted from 0 in the list's order; nothing if there is none."""
        names = self.preset_names
        if 0 <= number < len(names):
            self.recall(names[number], who)
        else:
            log.info("program %d: there are presets 1 to %d", number + 1, len(names))

    def range(self, action: Action) -> tuple[float, float]:
        """(low, high) of a sweep or a toggle, in the parameter's unit."""
        spec = find(self._control.specs, action.param)
        return (
            spec.low if action.low is None else action.low,
            spec.high if action.high is None else action.high,
        )

    def position(self, action: Action, value: float) -> float:
        """Where in the action's range `value` lies, 0…1."""
        low, high = self.range(action)
        return min(max((value - low) / (high - low), 0.0), 1.0)

    def _step(self, action: Action, by: float, origin: str) -> None:
        spec = find(self._control.specs, action.param)
        wanted = self._control.value(spec.id) + by
        if spec.choices:  # cyclic, so that one switch reaches all choices
            wanted = spec.low + (wanted - spec.low) % (spec.high - spec.low + 1)
        self._control.set_param(spec.id, min(max(wanted, spec.low), spec.high), origin)

    def _panic(self, param: str, origin: str) -> None:
        """The first press always mutes (or goes dry). The next one lifts it, if this panic still holds it."""
        in_force = self._control.value(param) == 1.0 and self._control.origin(param) == self._panics.get(param)
        self._panics.pop(param, None)
        if not in_force:
            self._panics[param] = origin
        self._control.set_param(param, 0.0 if in_force else 1.0, origin)

    def step_preset(self, by: int, who: str) -> None:
        """Go `by` presets further in the list, cyclically; backwards if negative. Only what can be played here."""
        names = [preset.name for preset in self.presets.all() if preset.name == self.preset or self.possible(preset)]
        if names:
            here = names.index(self.preset) if self.preset in names else (-1 if by > 0 else 0)
            self.recall(names[(here + by) % len(names)], who)

    def recall(self, name: str, who: str) -> None:
        """Recall a preset; nothing if it is gone while a switch is still mapped to it. who: the origin, for undo."""
        try:
            preset = self.presets.find(name)
        except UnknownPresetError as error:
            log.info("%s", error)
            return
        with self._lock:
            before = self.presets.current
            self.presets.recalled(preset.name, self._control.values())
            self._hear_all()
            with self._control.one_step(
                PRESET, preset.name, who, lambda: self.presets.not_recalled(preset.name, before)
            ):
                self._control.set_params(preset.params, "preset")

    def _hear_all(self) -> None:
        """No stage alone: who recalls a sound wants to hear it, and undo is not to bring that back."""
        if SOLO.id in self._control.specs and self._control.value(SOLO.id):
            self._control.set_param(SOLO.id, SOLO.default, "preset", undoable=False)

    def keep_scene(self, name: str) -> None:
        """Save what is heard now as scene "A" or "B", and move the morph there."""
        with self._lock:
            self.scenes.keep(name, self._control.values())
            self._control.set_param(MORPH.id, MORPH.low if name == "A" else MORPH.high, "scene", undoable=False)

    def recall_scene(self, name: str, who: str) -> None:
        """Recall scene "A", "B" or the "other" one; an empty one changes nothing. who: the origin, for undo."""
        with self._lock:
            before = self.scenes.live
            values = self.scenes.recall(name)
            if not values:
                return
            live = self.scenes.live
            self._hear_all()
            with self._control.one_step(SCENE, live, who, lambda: self.scenes.live_again(before)):
                self._control.set_params(values, "preset")
                self._control.set_param(MORPH.id, MORPH.low if live == "A" else MORPH.high, "scene")
