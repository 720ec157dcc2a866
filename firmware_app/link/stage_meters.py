"""What the stages of the voice's chain do now, as part of a meter frame: ten bytes a stage."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from dsp.rack.voice_stages import STAGES

_STAGE = struct.Struct("<BBff")  # number in STAGES, flags, change_db, detail
_ON, _AT_WORK = 1, 2
MOST_BYTES = len(STAGES) * _STAGE.size


@dataclass(frozen=True, slots=True)
class StageMeter:
    """What one stage does now. on: its settings ask for it. The numbers as of dsp.stage.Stage."""

    name: str  # one of STAGES
    on: bool = False
    at_work: bool = False  # on, or not yet faded out
    change_db: float = 0.0
    detail: float = 0.0


def pack_into(buffer: bytearray, at: int, stages: Iterable[StageMeter]) -> None:
    """Write the stages, each at most once, from byte `at` on."""
    for place, stage in enumerate(stages):
        flags = _ON * stage.on | _AT_WORK * stage.at_work
        number = STAGES.index(stage.name)
        _STAGE.pack_into(buffer, at + place * _STAGE.size, number, flags, stage.change_db, stage.detail)


def unpack(message: bytes, at: int, count: int) -> tuple[StageMeter, ...]:
    """`count` stages from byte `at` on."""
    end = at + count * _STAGE.size
    return tuple(
        StageMeter(STAGES[number], bool(flags & _ON), bool(flags & _AT_WORK), change_db, detail)
        for number, flags, change_db, detail in _STAGE.iter_unpack(message[at:end])
    )
