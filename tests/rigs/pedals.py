"""What pedals send when they are stomped on three times, byte by byte, and what the box has to make of each."""

from dataclasses import dataclass, field

CC, NOTE_ON, NOTE_OFF, PROGRAM, CLOCK = 0xB0, 0x90, 0x80, 0xC0, 0xF8


@dataclass(frozen=True)
class Pedal:
    """stomps: the bytes of each; settings: of its control, as learning has to find them; held: it can be held."""

    name: str
    stomps: tuple[bytes, bytes, bytes]
    settings: dict[str, bool | int] = field(default_factory=dict)
    held: bool = False

    @property
    def message(self) -> str:
        return "note" if self.stomps[0][0] & 0xF0 in (NOTE_ON, NOTE_OFF) else "cc"


def _each(*data: int) -> tuple[bytes, bytes, bytes]:
    return (bytes(data),) * 3


PRESS_ONLY: dict[str, bool | int] = {"press_only": True}
LATCHING: dict[str, bool | int] = {"latching": True}

PEDALS = (
    Pedal("127 and 0", _each(CC, 64, 127, CC, 64, 0), held=True),
    Pedal("127 and 0, running status", (bytes((CC, 64, 127, 64, 0)), bytes((64, 127, 64, 0)), bytes((64, 127, 64, 0))),
          held=True),
    Pedal("100 and 64", _each(CC, 64, 100, CC, 64, 64), {"pressed_from": 82}, held=True),
    Pedal("40 and 0", _each(CC, 64, 40, CC, 64, 0), {"pressed_from": 20}, held=True),
    Pedal("1 and 0", _each(CC, 64, 1, CC, 64, 0), {"pressed_from": 1}, held=True),
    Pedal("turned round", _each(CC, 64, 0, CC, 64, 127), {"inverted": True}, held=True),
    Pedal("a note", _each(NOTE_ON, 64, 100, NOTE_OFF, 64, 0), held=True),
    Pedal("a note, off by velocity 0", _each(NOTE_ON, 64, 100, 64, 0), held=True),
    Pedal("127 only", _each(CC, 64, 127), PRESS_ONLY),
    Pedal("127 only, running status", (bytes((CC, 64, 127)), bytes((64, 127)), bytes((64, 127))), PRESS_ONLY),
    Pedal("127 only, between clocks", _each(CLOCK, CC, CLOCK, 64, 127, CLOCK), PRESS_ONLY),
    Pedal("40 only", _each(CC, 64, 40), PRESS_ONLY | {"pressed_from": 40}),
    Pedal("0 only", _each(CC, 64, 0), PRESS_ONLY | {"pressed_from": 0}),
    Pedal("note-on only", _each(NOTE_ON, 64, 100), PRESS_ONLY),
    Pedal("note-on only, each as hard as it was hit",
          (bytes((NOTE_ON, 64, 90)), bytes((NOTE_ON, 64, 12)), bytes((NOTE_ON, 64, 127))), PRESS_ONLY),
    Pedal("127 and 0 in turn", (bytes((CC, 64, 127)), bytes((CC, 64, 0)), bytes((CC, 64, 127))), LATCHING),
    Pedal("0 and 127 in turn", (bytes((CC, 64, 0)), bytes((CC, 64, 127)), bytes((CC, 64, 0))), LATCHING),
    Pedal("1 and 0 in turn", (bytes((CC, 64, 1)), bytes((64, 0)), bytes((64, 1))), LATCHING),
    Pedal("a note on and off in turn",
          (bytes((NOTE_ON, 64, 100)), bytes((NOTE_OFF, 64, 0)), bytes((NOTE_ON, 64, 100))), LATCHING),
)  # fmt: skip
