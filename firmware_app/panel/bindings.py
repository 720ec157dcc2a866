"""Bindings: the running panel. Presses and turns become actions, Control's state lights the lamps.

The way of a press: hw tells an event (`SwitchEvent`, `TurnEvent`, ...), Bindings looks it up in the `Layout`,
`Performer` carries the `Action` out on Control, and Bindings lights what is true. While `Learner` listens, events are
heard and do not act.
"""

import logging
import threading
from collections.abc import Callable, Collection, Mapping

from dsp.params import ParamSpec
from firmware_app.config.actions import Action, Trigger
from firmware_app.config.panel_keys import (
    HidKeyConfig,
    LedConfig,
    MeterConfig,
    MidiKnobConfig,
    MidiSwitchConfig,
    RgbLedConfig,
    SwitchConfig,
)
from firmware_app.control.control import Control
from firmware_app.control.performer import PANIC_PARAM, Performer
from firmware_app.link.wire import MeterFrame, State
from firmware_app.panel.lights import light_for
from firmware_app.panel.plan import PROGRAM, PanelMapping, PanelPlan
from hw.board.board import Board
from hw.controls.events import (
    Activity,
    PanelEvent,
    ProgramEvent,
    StepEvent,
    SwitchEvent,
    SwitchKind,
    TempoEvent,
    TurnEvent,
)
from hw.controls.pickup import TAKEOVERS, Jump, Takeover
from hw.controls.spec import UnknownControlError
from hw.panel.panel import Panel, PanelStuckError

log = logging.getLogger(__name__)

PAIR_HOLD_S = 5.0  # a switch without a held action, held so long and let go, lets the phone in that asks
ORIGIN = "panel"  # of pins; each control is an origin of its own, "panel:amount"

_GESTURES = {
    SwitchKind.PRESS: "press",
    SwitchKind.LONG_PRESS: "long_press",
    SwitchKind.DOUBLE_PRESS: "double_press",
    SwitchKind.CHORD: "together",
}
Watch = Callable[[PanelEvent], bool]
"""Gets each event first. Returns True when the event is learned, so that it does not act."""


class Bindings:
    """Connects one Panel to Control as a PanelPlan says. The plan may change while the panel runs.

    Panel callbacks run on the panel's own threads. watch, on_activity: the learner's (see PanelSetup).
    """

    def __init__(
        self,
        plan: PanelPlan,
        control: Control,
        performer: Performer,
        watch: Watch = lambda event: False,
        on_activity: Callable[[Activity], None] = lambda activity: None,
    ) -> None:
        self.plan = plan
        self.performer = performer
        self._control = control
        self._watch = watch
        self._on_activity = on_activity
        self._changing = threading.Lock()
        self._lighting = threading.Lock()
        self._started = False
        self._held: dict[str, PanelMapping] = {}
        self._since: dict[str, float] = {}  # when each switch that is down, and holds no action, was pressed
        self._stands: dict[str, float] = {}  # where each knob was last seen
        self._sweeps: dict[str, tuple[PanelMapping, Takeover]] = {}
        self._tempo_sent: tuple[float | None, float] = (None, 0.0)
        self._use(plan)
        self.panel = self._made()

    @property
    def problems(self) -> list[str]:
        """What does not work on the panel and how to mend it, in words."""
        return self.panel.problems

    @property
    def specs(self) -> Mapping[str, ParamSpec]:
        return self._control.specs

    @property
    def board(self) -> Board:
        """What the pins are on."""
        return self.panel.board

    def start(self) -> None:
        self._started = True
        self.panel.start()
        self._control.listen("", self._on_change)
        self._show_all()

    def close(self) -> None:
        self._started = False
        self._let_go(list(self._held))
        self.panel.close()

    def change(self, plan: PanelPlan) -> None:
        """Use another plan. The pins are opened again only if the plan needs other pins. Not on a panel thread.

        A held switch stays held, unless it does something else now or its release could be missed.
        """
        with self._changing:
            same = plan.spec() == self.plan.spec()
            held = dict(self._held)
            still = {name for name, m in held.items() if m.action == _action(plan.on(m.on, m.gesture))}
            if not same:
                still &= _pins(plan) & _pins(self.plan)
            self._let_go(held.keys() - still)
            self._use(plan)
            if not self._started:
                self.panel = self._made()
                return
            if not same:
                try:
                    self.panel.close()
                except PanelStuckError as error:  # its threads are left behind; the panel has to go on
                    log.error("front panel: %s", error)
                self.panel = self._made(still & self._held.keys())
                self.panel.start()
        self._show_all()

    def _made(self, held: Collection[str] = ()) -> Panel:
        return Panel(self.plan.spec(), on_event=self._on_event, on_activity=self._on_activity, held=held)

    def _use(self, plan: PanelPlan) -> None:
        self.plan = plan
        self._by_gesture = {(m.on, m.gesture): m for m in plan.mappings}
        self._origins = {c.name: f"{_origin_kind(c.config)}:{c.name}" for c in plan.controls}
        self._midi = [c.name for c in plan.controls if isinstance(c.config, MidiSwitchConfig | MidiKnobConfig)]
        self._lights = {
            c.name: c.config for c in plan.controls if isinstance(c.config, LedConfig | RgbLedConfig | MeterConfig)
        }
        turns = [m for m in plan.mappings if m.gesture == "turn" and m.action.do == "sweep"]
        self._sweeps = {m.on: (m, self._takeover(m)) for m in turns}

    def _takeover(self, mapping: PanelMapping) -> Takeover:
        """The knob's takeover while its action stays the same; else a new one, which has not caught the value yet."""
        on = mapping.on
        control = self.plan.find(on)
        way = TAKEOVERS[getattr(control.config, "takeover", "jump")] if control else Jump
        before, takeover = self._sweeps.get(on, (None, None))
        if takeover is None or _action(before) != mapping.action or not isinstance(takeover, way):
            takeover = way()
            if on in self._stands:
                takeover.stands_at(self._stands[on], self._stored(mapping))
        return takeover

    def _stored(self, mapping: PanelMapping) -> float:
        """Where the value that a knob turns stands, 0…1."""
        return self.performer.position(mapping.action, self._control.value(mapping.action.param))

    def _let_go(self, names: Collection[str]) -> None:
        """End the held actions of these switches: their release may never come."""
        for name in names:
            if (held := self._held.pop(name, None)) is not None:
                self.performer.release(held.action, self._origin(name))

    # --- hands and feet -> Control ---

    def _on_event(self, event: PanelEvent) -> None:
        if isinstance(event, TempoEvent):
            self.performer.tempo.follow(event.bpm, event.at_s)
            self.light()
            return
        learned = self._watch(event) and not (isinstance(event, SwitchEvent) and event.name in self._held)
        match event:
            case TurnEvent(name, position) if learned:
                self._stands_at(name, position)
            case _ if learned:
                pass
            case SwitchEvent(name, SwitchKind.RELEASE, at_s):
                self._released(name, at_s)
            case SwitchEvent(name, kind, at_s):
                self._pressed(name, _GESTURES[kind], at_s)
            case TurnEvent(name, position, _, first):
                self._turned(name, position, first)
            case StepEvent(name, steps, detents):
                self._stepped(name, steps, detents)
            case ProgramEvent(_, channel, program, at_s):
                self._program(channel, program, at_s)
        if isinstance(event, SwitchEvent) and event.name in self._midi:
            self._show_own(event.name)  # the press has changed its own lamp, whatever it did here
        self._send_tempo()
        self.light()

    def _pressed(self, name: str, gesture: str, at_s: float) -> None:
        mapping = self._by_gesture.get((name, gesture))
        if mapping is not None and Trigger.HELD in mapping.action.kind.triggers:
            self._held[name] = mapping
            self._since.pop(name, None)
        elif name not in self._held:
            self._since[name] = self._since.get(name, at_s) if gesture == "long_press" else at_s
        if mapping is None:
            return
        self.performer.press(mapping.action, self._origin(name), at_s)

    def _released(self, name: str, at_s: float) -> None:
        held = self._held.pop(name, None)
        if held is not None:
            self.performer.release(held.action, self._origin(name))
        if at_s - self._since.pop(name, at_s) >= PAIR_HOLD_S:
            self.performer.pair()
        mapping = self._by_gesture.get((name, "release"))
        if mapping is not None:
            self.performer.press(mapping.action, self._origin(name), at_s)

    def _turned(self, name: str, position: float, first: bool) -> None:
        if first or name not in self._sweeps:
            self._stands_at(name, position)
            return
        mapping, takeover = self._sweeps[name]
        self._stands[name] = position
        wanted = takeover.turn(position, self._stored(mapping))
        if wanted is not None:
            self.performer.turn(mapping.action, wanted, self._origin(name))

    def _stands_at(self, name: str, position: float) -> None:
        """A knob was moved while learning, or read for the first time: no value follows it."""
        self._stands[name] = position
        if name in self._sweeps:
            mapping, takeover = self._sweeps[name]
            takeover.stands_at(position, self._stored(mapping))

    def _stepped(self, name: str, steps: int, detents: int) -> None:
        mapping = self._by_gesture.get((name, "turn"))
        if mapping is not None:
            # Presets step by felt clicks; a parameter moves further when the turn is fast.
            self.performer.step(mapping.action, steps if mapping.action.param else detents, self._origin(name))

    def _program(self, channel: int, program: int, at_s: float) -> None:
        one = self._by_gesture.get((f"{PROGRAM}:{channel}:{program}", "program"))
        if one is not None:
            self.performer.press(one.action, f"midi:{PROGRAM}", at_s)
        elif (PROGRAM, "program") in self._by_gesture:
            self.performer.number(program, f"midi:{PROGRAM}")

    def _origin(self, name: str) -> str:
        return self._origins.get(name, f"{ORIGIN}:{name}")

    # --- Control -> knobs that must pick up again, controllers with lamps of their own, LEDs ---

    def _on_change(self, id: str, value: float, origin: str) -> None:
        for name, (mapping, takeover) in self._sweeps.items():
            if mapping.action.param == id and origin != self._origin(name):
                takeover.stored_changed(self.performer.position(mapping.action, value))
        for name in self._midi:
            if self._param_shown(name) == id:
                self._show_own(name, now=origin != self._origin(name))
        self.light()

    def _param_shown(self, name: str) -> str:
        """The parameter that a controller's own lamp or ring shows, "" for none."""
        mapping = self._by_gesture.get((name, "turn")) or self._by_gesture.get((name, "press"))
        if mapping is None:
            return ""
        return mapping.action.param or PANIC_PARAM.get(mapping.action.do, "")

    def _show_own(self, name: str, now: bool = True) -> None:
        """Show the true value on a controller's own lamp or ring. now: False when the change came from it."""
        mapping = self._by_gesture.get((name, "turn")) or self._by_gesture.get((name, "press"))
        id = self._param_shown(name)
        if mapping is not None and id:
            value = self._control.value(id)
            self.panel.feedback(
                name, self.performer.position(mapping.action, value) if mapping.action.param else value, now
            )

    def _send_tempo(self) -> None:
        tempo = self.performer.tempo
        if (tempo.bpm, tempo.beat_at_s) != self._tempo_sent:
            self._tempo_sent = (tempo.bpm, tempo.beat_at_s)
            self.panel.tempo(tempo.bpm, tempo.beat_at_s)

    def _show_all(self) -> None:
        """Send every lamp's state and the tempo, as after a start."""
        self._tempo_sent = (None, 0.0)
        self._send_tempo()
        for name in self._midi:
            self._show_own(name)
        self.light()

    def take_meter(self, meter: MeterFrame) -> None:
        """Control got a meter frame; a running box has made progress, so the relay stays on. Link thread."""
        if self.plan.config.relay_gpio >= 0 and meter.state == State.RUNNING:
            self.panel.beat(int(meter.uptime_s * 1000))
        self.light()

    def light(self) -> None:
        """Show the true state on all lights. Any thread; one at a time, or an older state could replace a newer one."""
        with self._lighting:
            if not self._started:
                return
            meter = self._control.live_meter
            for name, config in self._lights.items():
                try:
                    self.panel.show(name, light_for(config, self._control, self.performer, meter))
                except UnknownControlError:
                    continue  # the plan is being changed at this moment


def _origin_kind(config: object) -> str:
    if isinstance(config, MidiSwitchConfig | MidiKnobConfig):
        return "midi"
    return "hid" if isinstance(config, HidKeyConfig) else ORIGIN


def _action(mapping: PanelMapping | None) -> Action | None:
    return mapping.action if mapping is not None else None


def _pins(plan: PanelPlan) -> set[str]:
    """The switches on pins. Their level can be read at any time, so a release is never missed."""
    return {c.name for c in plan.controls if isinstance(c.config, SwitchConfig)}
