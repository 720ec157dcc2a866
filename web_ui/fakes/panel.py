"""FakePanel: a front panel without pins: a few kinds of action, under the real rules."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from web_ui.fakes.live import FakeLive
from web_ui.ports.errors import ControlRefused, NotThere
from web_ui.ports.panel import (
    ActionKindView,
    ControlKindView,
    FieldView,
    HeaderPinView,
    LearnView,
    MappingView,
    NoteView,
    PanelControlView,
    PanelSetupView,
)

PRESSES = {"press": "press", "long_press": "long press", "double_press": "double press"}
PEDAL = "midi:simulated:cc:1:64"
_STOMPS = {"press": "press", "double_press": "double press"}
KINDS = (
    ActionKindView("toggle", "switch between two values", ("param",), ("low", "high"), ("press",)),
    ActionKindView("set", "set a value", ("param", "value"), (), ("press",)),
    ActionKindView("sweep", "follow a knob or pedal", ("param",), ("low", "high"), ("position",)),
    ActionKindView("tap_tempo", "tap the tempo", (), (), ("press",)),
    ActionKindView("panic_mute", "panic: silence, until pressed again", (), (), ("press",)),
    ActionKindView("scene", "scene A, B or the other one", ("scene",), (), ("press",)),
)
CONTROL_KINDS = (
    ControlKindView(
        "switches",
        "Footswitch or button",
        (
            FieldView("name", "Name on the page.", "text", (), None),
            FieldView("gpio", "Pin, by its BCM number.", "pin", (), None),
        ),
    ),
)
_HEADER: tuple[int | str, ...] = (
    "3.3 V", "5 V", 2, "5 V", 3, "GND", 4, 14, "GND", 15, 17, 18, 27, "GND", 22, 23, "3.3 V", 24, 10, "GND",
    9, 25, 11, 8, "GND", 7, 0, 1, 5, "GND", 6, 12, 13, "GND", 19, 16, 26, 20, "GND", 21,
)  # fmt: skip


class FakePanel:
    """A PanelPort. One thread at a time, but for `setup` and `learning`.

    FakeSimulator uses does, said, hear and touch. simulated: whether the pins are; without, the simulator is empty.
    """

    def __init__(self, live: FakeLive, simulated: bool = True) -> None:
        self.simulated = simulated
        self._live = live
        self._revision = 1
        self._controls = [
            PanelControlView("footswitch", "Footswitch", "switches", "GPIO17 (pin 11)", PRESSES, "", "file"),
            PanelControlView("amount", "Amount", "knobs", "MCP3008 channel 0", {"turn": "turn"}, "", "file"),
            PanelControlView("status", "Status", "leds", "GPIO27 (pin 13)", {}, "processing", "file"),
        ]
        self._gpios = {17: "Footswitch", 27: "Status"}
        self._mappings: dict[str, MappingView] = {}
        for on, gesture, action in (
            ("footswitch", "press", {"do": "toggle", "param": "box.bypass"}),
            ("amount", "turn", {"do": "sweep", "param": "denoise.amount_db"}),
        ):
            self._mappings[f"{on} {gesture}"] = self._mapping(on, gesture, action, "file")
        self._away: dict[str, MappingView] = {}
        self._learn = LearnView("off", 1)
        self._new: PanelControlView | None = None  # learned, not yet saved
        self._stomps = 0

    def does(self, on: str, gesture: str) -> Mapping[str, Any] | None:
        """The action of one gesture."""
        view = self._mappings.get(f"{on} {gesture}")
        return view.action if view else None

    def said(self, on: str) -> str:
        """Everything that a control does, in words."""
        return "; ".join(f"{m.how}: {m.does}" for m in self._mappings.values() if m.on == on) or "nothing yet"

    def learning(self) -> LearnView:
        return replace(self._learn, revision=self._revision)

    def hear(self, on: str, gesture: str) -> bool:
        """Tell it that a control was used. True while it learns: the control does nothing else then."""
        if self._learn.action is None:
            return False
        notes = self.check_mapping(on, gesture, self._learn.action)
        refused = [note.text for note in notes if note.level == "refused"]
        if refused:
            self._learn = replace(self._learn, note=refused[0])
        else:
            control = self._find(on)
            self._learn = replace(
                self._learn, state="heard", on=on, gesture=gesture, where=control.label, gestures=control.gestures,
                notes=tuple(notes), note="",
            )  # fmt: skip
        self._live.tell()
        return True

    def setup(self) -> PanelSetupView:
        return PanelSetupView(
            revision=self._revision,
            mappings=(*self._mappings.values(), *(replace(m, off=True) for m in self._away.values())),
            controls=tuple(self._controls),
            action_kinds=KINDS,
            control_kinds=CONTROL_KINDS,
            presets=("Gentle", "Singer live"),
            header=tuple(self._pin(number, what) for number, what in enumerate(_HEADER, start=1)),
            wiring=tuple(f"{c.label}: {c.place}." for c in self._controls),
            board="simulated Raspberry Pi 4; pins: simulated pins were asked for.",
            ports=(),
            problems=(),
            simulated=self.simulated,
        )

    def check_mapping(self, on: str, gesture: str, action: Mapping[str, Any]) -> list[NoteView]:
        self._words(action)
        control = next((c for c in self._all() if c.name == on), None)
        kind = next(kind for kind in KINDS if kind.do == action["do"])
        if control is None or gesture not in control.gestures:
            return [NoteView("refused", f"no control {on!r} with the gesture {gesture}: there are none")]
        if ("position" in kind.triggers) != (gesture == "turn"):
            turned = gesture == "turn"
            cannot = "do what a press does: take a switch" if turned else "be followed: take a knob or a pedal"
            return [NoteView("refused", f"{control.label}, {control.gestures[gesture]}: cannot {cannot}")]
        notes = []
        before = self._mappings.get(f"{on} {gesture}")
        if before is not None and before.action != dict(action):
            notes.append(NoteView("replaces", f"Now there: {before.where}, {before.how}: {before.does}."))
        if gesture == "double_press" and f"{on} press" in self._mappings:
            notes.append(NoteView("costs", f"A press of {control.label} waits 300 ms, to see whether another follows."))
        return notes

    def set_mapping(self, on: str, gesture: str, action: Mapping[str, Any], replace: bool) -> None:
        barred = ("refused",) if replace else ("refused", "replaces")
        refused = [note.text for note in self.check_mapping(on, gesture, action) if note.level in barred]
        if refused:
            raise ControlRefused(" ".join(refused))
        if self._new is not None and self._new.name == on:
            self._controls.append(self._new)
            if on.startswith("switch-"):
                self._gpios[int(on.removeprefix("switch-"))] = self._new.label
            self._new = None
        key = f"{on} {gesture}"
        if key in self._mappings and self._mappings[key].origin == "file":
            self._away[key] = self._mappings[key]
        self._mappings[key] = self._mapping(on, gesture, action, "page")
        self._learn = LearnView("off", 0)
        self._note()

    def remove_mapping(self, key: str) -> None:
        view = self._mappings.pop(key, None)
        if view is None:
            raise NotThere(f"nothing is mapped on {key!r}")
        if view.origin == "file":
            self._away[key] = view
        self._note()

    def restore(self, key: str) -> None:
        view = self._away.pop(key.removeprefix("mapping "), None)
        if view is None:
            raise NotThere(f"{key!r} is not removed")
        self._mappings[view.key] = view
        self._note()

    def add_control(self, kind: str, settings: Mapping[str, Any]) -> None:
        name, gpio = settings.get("name"), settings.get("gpio")
        if kind != "switches":
            raise ControlRefused(f"no kind of control {kind!r}; did you mean switches?")
        if not isinstance(name, str) or not isinstance(gpio, int) or gpio not in _HEADER:
            raise ControlRefused("switches needs gpio: Pin, by its BCM number.")
        if gpio in self._gpios:
            raise ControlRefused(f"{name} cannot be added: GPIO{gpio} is taken by {self._gpios[gpio]}")
        label = name.capitalize()
        self._gpios[gpio] = label
        self._controls.append(PanelControlView(name, label, kind, _place(gpio), PRESSES, "", "page"))
        self._note()

    def remove_control(self, name: str) -> None:
        control = self._find(name)
        self._controls.remove(control)
        self._gpios = {gpio: label for gpio, label in self._gpios.items() if label != control.label}
        self._mappings = {key: m for key, m in self._mappings.items() if m.on != name}
        self._note()

    def calibrate(self, name: str, step: str) -> float:
        raise NotThere(f"no expression pedal {name!r}: there are none")

    def learn(self, action: Mapping[str, Any]) -> None:
        self._stomps = 0
        self._learn = LearnView("waiting", 0, self._words(action), dict(action), seconds_left=30)
        self._live.tell()

    def cancel_learning(self) -> None:
        self._learn = LearnView("off", 0)
        self._live.tell()

    def touch(self, source: str, value: float) -> None:
        """One pedal and any free pin can be touched; saving what was learned makes a switch of it."""
        if source == PEDAL:
            self._stomp()
            return
        gpio = int(source.removeprefix("gpio:")) if source.removeprefix("gpio:").isdigit() else -1
        if gpio not in _HEADER or gpio in self._gpios:
            raise NotThere(f"nothing is wired to {source!r} on the simulated panel")
        if self._learn.action is None or not value:
            return
        name = f"switch-{gpio}"
        self._new = PanelControlView(name, f"Switch {gpio}", "switches", _place(gpio), PRESSES, "", "page")
        self._learn = replace(
            self._learn, state="heard", on=name, gesture="press", where=f"{self._new.label} ({self._new.place})",
            gestures=PRESSES, is_new=True, notes=(), note="",
        )  # fmt: skip
        self._live.tell()

    def _stomp(self) -> None:
        """The pedal only ever sends that it is pressed: known after three presses."""
        if self._learn.action is None:
            return
        self._stomps += 1
        if self._stomps < 3:
            self._learn = replace(
                self._learn, note="CC 64 is heard. Press it three times in a row, then wait a moment."
            )
        else:
            self._new = PanelControlView("cc-64", "CC 64", "midi_switches", "CC 64 on channel 1", _STOMPS, "", "page")
            self._learn = replace(
                self._learn, state="heard", on="cc-64", gesture="press", where=f"CC 64 ({self._new.place})",
                gestures=_STOMPS, is_new=True, notes=(), note="",
                found="It sends 127 at each press and never says that it was let go. So it cannot be held.",
            )  # fmt: skip
        self._live.tell()

    def _all(self) -> list[PanelControlView]:
        return [*self._controls, *([self._new] if self._new else [])]

    def _find(self, name: str) -> PanelControlView:
        for control in self._controls:
            if control.name == name:
                return control
        raise NotThere(f"no control {name!r} on the panel")

    def _mapping(self, on: str, gesture: str, action: Mapping[str, Any], origin: str) -> MappingView:
        control = self._find(on)
        how = control.gestures[gesture]
        return MappingView(
            f"{on} {gesture}", on, gesture, control.label, how, self._words(action), dict(action), origin
        )

    def _words(self, action: Mapping[str, Any]) -> str:
        kind = next((kind for kind in KINDS if kind.do == action.get("do")), None)
        if kind is None:
            raise ControlRefused(f"action {action.get('do')!r} does not exist; did you mean toggle?")
        if missing := [name for name in kind.needs if name not in action]:
            raise ControlRefused(f"{kind.do} needs {', '.join(missing)}")
        if "param" not in action:
            return kind.words.capitalize()
        view = next((view for view in self._live.params() if view.id == action["param"]), None)
        if view is None:
            raise ControlRefused(f"no parameter {action['param']!r}")
        return f"{view.label} on/off" if kind.do == "toggle" else view.label

    def _pin(self, number: int, what: int | str) -> HeaderPinView:
        if isinstance(what, str):
            return HeaderPinView(number, what, "ground" if what == "GND" else "power", "", -1)
        wired = self._gpios.get(what, "")
        return HeaderPinView(number, f"GPIO{what}", "wired" if wired else "free", wired, what)

    def _note(self) -> None:
        self._revision += 1
        self._live.tell()


def _place(gpio: int) -> str:
    return f"GPIO{gpio} (pin {_HEADER.index(gpio) + 1})"
