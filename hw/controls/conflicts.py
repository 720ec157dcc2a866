"""Conflicts in a panel's description: told before it is saved, and refused when the panel opens."""

from dataclasses import dataclass

from hw.board.board import I2C_PINS, SPI_PINS, SPI_SELECT_PINS, Board
from hw.controls.kinds import ON_I2C, AnyControl, KnobSpec, PedalSpec
from hw.controls.problems import KINDS
from hw.controls.spec import PanelSpec


@dataclass(frozen=True, slots=True)
class Conflict:
    """control: the control that cannot be opened; why: "the pin is taken by switch 'left'"."""

    control: str
    source: str
    why: str


def conflicts(spec: PanelSpec, board: Board) -> list[Conflict]:
    """All conflicts. Of two controls on one place, the later one is named. Without a header, pins are not judged."""
    found: list[Conflict] = []
    owners: dict[str, str] = {}
    for control in spec.controls:
        if isinstance(control, KnobSpec | PedalSpec):
            bus = "I2C" if control.chip in ON_I2C else "SPI"
            for gpio in bus_pins(control):
                owners.setdefault(f"gpio:{gpio}", f"the {bus} bus of {_title(control)}")
    for control in spec.controls:
        for source in control.sources:
            why = _why_not(source, board, owners)
            if why:
                found.append(Conflict(control.name, source, why))
                break
        else:
            owners.update(dict.fromkeys(control.sources, _title(control)))
            twice = next((source for source in control.sources if control.sources.count(source) > 1), None)
            if twice:
                found.append(Conflict(control.name, twice, f"{_title(control)} uses one pin twice"))
    return found


def bus_pins(control: KnobSpec | PedalSpec) -> tuple[int, ...]:
    """The GPIOs that the control's converter takes beside its own place: those of its bus, and its chip select."""
    return I2C_PINS if control.chip in ON_I2C else (*SPI_PINS, SPI_SELECT_PINS[control.spi_device])


def same_source(one: str, other: str) -> bool:
    """Whether two sources are the same place; a MIDI port "*" is any port."""
    if one == other:
        return True
    if not (one.startswith("midi:") and other.startswith("midi:")):
        return False
    (_, port, *rest), (_, other_port, *other_rest) = one.split(":"), other.split(":")
    return rest == other_rest and "*" in (port, other_port)


def _why_not(source: str, board: Board, owners: dict[str, str]) -> str:
    owner = next((owner for taken, owner in owners.items() if same_source(source, taken)), None)
    if owner is not None:
        return f"the {'pin' if source.startswith('gpio:') else 'place'} is taken by {owner}"
    if source.startswith("gpio:") and board.family != "none":
        return board.why_not(int(source.removeprefix("gpio:")))
    return ""


def _title(control: AnyControl) -> str:
    return f"{KINDS[type(control).__name__]} {control.name!r}"
