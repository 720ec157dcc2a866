"""The doctor's checks. Each returns findings and raises nothing for what it finds."""

from dataclasses import dataclass
from enum import Enum


class Level(Enum):
    """How much a finding matters."""

    OK = "ok"
    ADVICE = "advice"  # the box works, and could work better
    PROBLEM = "problem"  # something the box needs does not work


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report. mend: what to do, empty when all is well."""

    level: Level
    check: str  # "page port"
    text: str
    mend: str = ""


def ok(check: str, text: str) -> Finding:
    return Finding(Level.OK, check, text)


def advice(check: str, text: str, mend: str) -> Finding:
    return Finding(Level.ADVICE, check, text, mend)


def problem(check: str, text: str, mend: str) -> Finding:
    return Finding(Level.PROBLEM, check, text, mend)
