"""Learning: the player chooses an action on the page, then presses the switch or turns the knob that shall do it."""

import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from firmware_app.config.actions import Action, Trigger
from firmware_app.config.panel_keys import LONGEST_NAME, HidKeyConfig, MidiSwitchConfig
from firmware_app.config.read import read_control
from firmware_app.panel.plan import PAGE, PROGRAM, PanelControl, PanelPlan, gesture_words, misfit
from firmware_app.panel.stomps import Found, Stomps
from hw.controls.events import Activity, PanelEvent, ProgramEvent, StepEvent, SwitchEvent, SwitchKind, TurnEvent

WAIT_S = 30.0  # for the first press
DECIDE_S = 120.0  # for the person at the page, once something was heard
MOVED = 0.1  # of its range: a knob that turns less was only touched

SENDS = ("latching", "press_only", "pressed_from", "inverted")  # settings that three presses find out

_GESTURES = {
    SwitchKind.PRESS: "press",
    SwitchKind.LONG_PRESS: "long_press",
    SwitchKind.DOUBLE_PRESS: "double_press",
    SwitchKind.CHORD: "together",
}


@dataclass(frozen=True, slots=True)
class Heard:
    """What was pressed or turned.

    controls: those that are new, or whose settings have changed. found: what the presses told, for people.
    """

    on: str
    gesture: str
    controls: tuple[PanelControl, ...] = ()
    found: str = ""


@dataclass(frozen=True, slots=True)
class Learning:
    """The state of learning: "off", "waiting" or "heard". note: why nothing was heard, for people."""

    state: str
    action: Action | None = None
    heard: Heard | None = None
    note: str = ""
    seconds_left: int = 0


class Learner:
    """One learning at a time. Any thread. clock: monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._action: Action | None = None
        self._heard: Heard | None = None
        self._note = ""
        self._until = 0.0
        self._stood: dict[str, float] = {}  # where each knob was when first heard
        self._down: set[str] = set()
        self._turned: set[str] = set()  # MIDI controllers heard so far
        self._stomps: dict[str, Stomps] = {}  # by source: MIDI messages and USB keys
        self._programs: list[int] = []
        self._plan: PanelPlan | None = None  # the plan of the newest event

    @property
    def active(self) -> bool:
        """Whether presses and turns are learned now and do not act."""
        return self._action is not None and self._clock() < self._until

    def start(self, action: Action) -> None:
        """Begin. A learning that is under way ends."""
        with self._lock:
            self._action, self._heard, self._note = action, None, ""
            self._until = self._clock() + WAIT_S
            self._stood.clear()
            self._down.clear()
            self._turned.clear()
            self._stomps.clear()
            self._programs.clear()

    def cancel(self) -> None:
        with self._lock:
            self._action, self._heard, self._note = None, None, ""

    def view(self) -> Learning:
        """The state now. A learning that took too long ends here, with a note."""
        with self._lock:
            if self._action is None:
                return Learning("off", note=self._note)
            left = self._until - self._clock()
            if left <= 0.0:
                what = "nothing was saved" if self._heard else "nothing was pressed or turned"
                self._action, self._heard = None, None
                self._note = f"Learning ended: {what} in time."
                return Learning("off", note=self._note)
            self._weigh()
            state = "heard" if self._heard else "waiting"
            return Learning(state, self._action, self._heard, self._note, int(left) + 1)

    def hear(self, event: PanelEvent, plan: PanelPlan) -> None:
        """A control that is on the panel was used."""
        with self._lock:
            if self._action is None:
                return
            self._plan = plan
            match event:
                case SwitchEvent(name, SwitchKind.RELEASE):
                    self._down.discard(name)
                case SwitchEvent(name, kind):
                    self._down.add(name)
                    both = "+".join(sorted(self._down)) if kind is SwitchKind.PRESS and len(self._down) == 2 else ""
                    if both and not misfit(plan, both, "together", self._action):
                        self._settle(plan, both, "together")
                    else:
                        self._settle(plan, name, _GESTURES[kind])
                case TurnEvent(name, position):
                    if self._moved(name, position):
                        self._settle(plan, name, "turn")
                case StepEvent(name):
                    self._settle(plan, name, "turn")
                case ProgramEvent(channel=channel, program=program):
                    self._programs.append(program)
                    by_number = Trigger.NUMBER in self._action.kind.triggers
                    # A pedal that also sends a note or a controller is learned by that.
                    if by_number or not any(stomps.told for stomps in self._stomps.values()):
                        self._settle(plan, PROGRAM if by_number else f"{PROGRAM}:{channel}:{program}", "program")

    def hear_activity(self, activity: Activity, plan: PanelPlan) -> None:
        """Something was used that is no control yet, or a pedal whose kind three presses find out."""
        with self._lock:
            if self._action is None or activity.kind == "program":
                return
            self._plan = plan
            switch = bool(self._action.kind.triggers & {Trigger.PRESS, Trigger.HELD})
            if switch and _is_plugged_in(activity.source):
                self._stomp(activity, plan)
                return
            if activity.control:
                return
            if activity.kind == "switch" and not (activity.value and switch):
                if activity.value:
                    self._note = f"{activity.words} is a switch: turn a knob or a pedal."
                return
            if activity.kind == "turn" and switch:
                self._note = f"{activity.words} is a knob: press a switch."
                return
            if activity.kind == "turn":
                self._turned.add(activity.source)
            if activity.kind == "turn" and not switch and not self._moved(activity.source, activity.value):
                return
            source = activity.source if switch else fine(activity.source, self._turned)
            control = control_at(source, switch, plan)
            gesture = "press" if switch else "turn"
            if Trigger.POSITION not in self._action.kind.triggers and not switch:
                self._note = f"{activity.words} cannot do this."
                return
            self._heard, self._note = Heard(control.name, gesture, (control,)), ""
            self._until = self._clock() + DECIDE_S

    def _settle(self, plan: PanelPlan, on: str, gesture: str) -> None:
        assert self._action is not None
        why = misfit(plan, on, gesture, self._action)
        if why and gesture in ("press", "long_press", "double_press"):
            fits = [g for g in ("press", "long_press") if not misfit(plan, on, g, self._action)]
            gesture, why = (fits[0], "") if fits else (gesture, why)
        if why:
            self._note = why
            return
        known = next((s for s in self._stomps.values() if s.told and self._name_at(s, plan) == on), None)
        self._hear(self._of(known, known.told, plan, gesture) if known and known.told else Heard(on, gesture))

    def _hear(self, heard: Heard) -> None:
        if len(set(self._programs)) > 1 and heard.gesture == "program":
            said = ", ".join(str(program + 1) for program in self._programs[-3:])
            heard = replace(heard, found=f"It sends another program at each press ({said}): each is learned by itself.")
        elif self._programs and heard.found:
            also = f"It sends program {self._programs[-1] + 1} too, which acts by itself."
            heard = replace(heard, found=f"{heard.found} {also}")
        self._heard, self._note = heard, ""
        self._until = self._clock() + DECIDE_S

    def _stomp(self, activity: Activity, plan: PanelPlan) -> None:
        """A MIDI message or a key came, from a known switch or a new one."""
        stomps = self._stomps.setdefault(activity.source, Stomps(activity.source, activity.words))
        control = plan.at(activity.source)
        if control is not None and not isinstance(control.config, HidKeyConfig | MidiSwitchConfig):
            self._note = f"{control.label} is a knob: press a switch."
            return
        stomps.take(round(activity.value * 127), activity.at_s)
        self._weigh()
        if self._heard is None:
            self._note = stomps.asks
            self._until = max(self._until, self._clock() + WAIT_S)

    def _weigh(self) -> None:
        """Decide again what kind of switch was pressed: later presses may change it."""
        if self._plan is None:
            return
        for stomps in self._stomps.values():
            found = stomps.found(self._clock())
            if found == stomps.told:
                continue
            stomps.told = found
            if found is not None:
                self._hear(self._of(stomps, found, self._plan))
            elif self._heard is not None and self._heard.on == self._name_at(stomps, self._plan):
                self._heard, self._note = None, stomps.asks

    def _name_at(self, stomps: Stomps, plan: PanelPlan) -> str:
        control = plan.at(stomps.source)
        return control.name if control else control_at(stomps.source, True, plan).name

    def _of(self, stomps: Stomps, found: Found, plan: PanelPlan, gesture: str = "press") -> Heard:
        """The control that was pressed, with the settings that its presses told."""
        there = plan.at(stomps.source)
        control = control_at(stomps.source, True, plan, found.settings)
        if there is None:
            return Heard(control.name, gesture, (control,), found.words)
        settings = {kind: getattr(control.config, kind) for kind in SENDS if hasattr(there.config, kind)}
        config = replace(there.config, **settings)
        changed = () if config == there.config else (PanelControl(there.table, config, PAGE),)
        if there.gestures and gesture not in there.gestures:
            gesture = "press"
        return Heard(there.name, gesture, changed, found.words)

    def _moved(self, name: str, position: float) -> bool:
        return abs(position - self._stood.setdefault(name, position)) >= MOVED


def fine(source: str, turned: Collection[str]) -> str:
    """The source as a 14-bit one, "midi:PORT:cc14:1:7", when both halves were heard; else unchanged."""
    start, kind, rest = source.rpartition(":cc:")
    if not kind:
        return source
    channel, number = rest.split(":")
    coarse = int(number) % 32  # controllers 32 to 63 are the low bits of 0 to 31
    halves = {f"{start}:cc:{channel}:{coarse}", f"{start}:cc:{channel}:{coarse + 32}"}
    return f"{start}:cc14:{channel}:{coarse}" if int(number) < 64 and halves <= set(turned) else source


def control_at(
    source: str, switch: bool, plan: PanelPlan, settings: Mapping[str, bool | int] | None = None
) -> PanelControl:
    """A new control at `source`. switch: True for a switch, False for a knob. settings: what its presses told."""
    table, tree = _described(source, switch)
    tree |= settings or {}
    name, number = tree["name"], 2
    while plan.find(tree["name"]) is not None:
        tree["name"] = f"{name}-{number}"
        number += 1
    return PanelControl(table, read_control(table, tree), PAGE)


def _is_plugged_in(source: str) -> bool:
    """Whether it is a MIDI or USB switch, whose kind three presses find out. On a pin the panel sees the level."""
    return source.startswith("hid:") or (source.startswith("midi:") and (":cc:" in source or ":note:" in source))


def _described(source: str, switch: bool) -> tuple[str, dict[str, Any]]:
    kind, _, rest = source.partition(":")
    if kind == "gpio":
        return "switches", {"name": f"switch-{rest}", "gpio": int(rest)}
    if kind == "hid":
        device, _, key = rest.rpartition(":")
        plain = key.partition("_")[2].lower().replace("_", "-")
        return "hid_keys", {"name": f"key-{plain}"[:LONGEST_NAME], "device": device, "key": key}
    if kind != "midi":
        device, _, channel = rest.partition(":")
        return "knobs", {
            "name": f"knob-{channel}", "channel": int(channel), "chip": kind, "spi_device": int(device),
        }  # fmt: skip
    if ":pitch:" in rest:
        port, _, channel = rest.rpartition(":pitch:")
        return "midi_knobs", {"name": "pitch", "port": port, "channel": int(channel), "message": "pitch"}
    port, message, channel, number = rest.rsplit(":", 3)
    tree: dict[str, Any] = {"name": f"{message}-{number}", "port": port, "channel": int(channel), "number": int(number)}
    return ("midi_switches" if switch else "midi_knobs"), {**tree, "message": message}


def gestures_for(action: Action, plan: PanelPlan, heard: Heard) -> Mapping[str, str]:
    """The gestures of what was heard that can trigger `action`, with their words."""
    control = plan.find(heard.on)
    candidates = control.gestures if control else (heard.gesture,)
    return {g: gesture_words(g) for g in candidates if plan.triggers(heard.on, g) & action.kind.triggers}
