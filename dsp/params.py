"""Parameters. Each is declared once, as a ParamSpec; page, panel, presets, link and docs all use that declaration."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from dsp.errors import DspError
from dsp.nearest import did_you_mean


class ParamError(DspError):
    """A parameter was named or set wrongly."""


class UnknownParamError(ParamError, KeyError):
    """No such parameter; the message names the nearest one."""

    def __str__(self) -> str:  # KeyError would show the repr
        return str(self.args[0])


class ParamRangeError(ParamError, ValueError):
    """A value outside the declared range, not a number, or not one of the choices."""


@dataclass(frozen=True, slots=True)
class ParamSpec:
    """One setting of the box.

    id: dotted, lower case, ending in the unit where it has one. unit: for people ("dB", "%", "" for none).
    low, high, default: in that unit. choices: names of the integer values low…high (a switch has "off", "on").
    discrete: the link sends each value at once and drops none. Of a continuous parameter it sends the latest value.
    """

    id: str
    unit: str
    low: float
    high: float
    default: float
    label: str
    help: str = ""
    choices: tuple[str, ...] = ()

    @property
    def discrete(self) -> bool:
        return bool(self.choices)

    def check(self, value: float) -> float:
        """Return `value` as float, or raise ParamRangeError naming the parameter, the value and what is allowed."""
        unit = f" {self.unit}" if self.unit else ""
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            raise ParamRangeError(
                f"{self.id} = {repr(value)[:60]}: a number from {self.low:g} to {self.high:g}{unit} is allowed"
            ) from None
        if not math.isfinite(number) or not self.low <= number <= self.high:
            raise ParamRangeError(f"{self.id} = {number:g}{unit}: allowed {self.low:g} to {self.high:g}")
        if self.choices and number != int(number):
            names = ", ".join(f"{int(self.low) + i} ({name})" for i, name in enumerate(self.choices))
            raise ParamRangeError(f"{self.id} = {number:g}: allowed {names}")
        return number

    def parse(self, text: str) -> float:
        """Read a value typed by a person: a number, or the name of a choice ("on"). Raises ParamRangeError."""
        wanted = text.strip().lower()
        if wanted in self.choices:
            return float(int(self.low) + self.choices.index(wanted))
        try:
            return self.check(float(wanted))
        except ValueError as error:
            if isinstance(error, ParamRangeError):
                raise
            allowed = ", ".join(self.choices) or f"{self.low:g} to {self.high:g}"
            raise ParamRangeError(f"{self.id} = {text!r}: allowed {allowed}") from None


def switch(id: str, label: str, help: str = "", default: bool = False) -> ParamSpec:
    """A parameter that is off (0) or on (1)."""
    return ParamSpec(id, "", 0.0, 1.0, float(default), label, help, choices=("off", "on"))


def table(specs: Iterable[ParamSpec]) -> Mapping[str, ParamSpec]:
    """Specs by id, in order. Raises ParamError when two share an id."""
    by_id: dict[str, ParamSpec] = {}
    for spec in specs:
        if spec.id in by_id:
            raise ParamError(f"parameter {spec.id} is declared twice")
        by_id[spec.id] = spec
    return MappingProxyType(by_id)


def find(specs: Mapping[str, ParamSpec], id: str) -> ParamSpec:
    """The spec called `id`, or UnknownParamError with the nearest known one."""
    try:
        return specs[id]
    except KeyError:
        raise UnknownParamError(f"no parameter {id!r}{did_you_mean(id, specs)}") from None
