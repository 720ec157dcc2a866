"""What each stage of the chain did over the last minute, and one sentence where a stage works hard.

A sentence says what is wrong and what would help. Nothing is ever changed because of it.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

MINUTE_S = 60
HOLD_S = 8.0  # a sentence stays so long after its reason has gone, so that it can be read
HARD_DB = 3.0  # a stage that changes the sound by so much does something that is heard
SHUT_DB = 6.0  # a gate that takes so much away is closing
CLIPPED_DBFS = -0.1
LOUD_WITHIN_DB = 14.0  # of the loudest second of the last minute: somebody sings or speaks
QUIETEST_VOICE_DBFS = -50.0


class StageNow(Protocol):
    """What a stage does now, as a meter frame tells it."""

    @property
    def name(self) -> str: ...
    @property
    def on(self) -> bool: ...
    @property
    def change_db(self) -> float: ...
    @property
    def detail(self) -> float: ...


@dataclass(slots=True)
class Second:
    """What one stage did in one second. hard, shut: frames; shut while there was voice."""

    sum_db: float = 0.0
    frames: int = 0
    hard: int = 0
    loud: int = 0
    shut: int = 0
    detail: float = 0.0


@dataclass(frozen=True, slots=True)
class Lately:
    """The last seconds of one stage, and of the input. Shares are 0 to 1."""

    mean_db: float
    hard: float  # the share of time in which it changed the sound by HARD_DB or more
    shut: float  # the share of voice in which it took SHUT_DB or more away
    loud_s: float  # of voice
    detail: float  # the last that was not 0
    clipped: int  # seconds in which the input clipped


@dataclass(frozen=True, slots=True)
class Rule:
    """A sentence and when it is true. off_too: also while the stage is off, because it is about the input."""

    stage: str
    window_s: int
    true: Callable[[Lately], bool]
    words: Callable[[Lately], str]
    off_too: bool = False


def _hum(lately: Lately) -> str:
    hz = lately.detail
    return f"Strong {hz:.0f} Hz hum: check the ground of the preamp."


def _howl(lately: Lately) -> str:
    if (hz := lately.detail) < 1000.0:
        return f"Howl at {hz:.0f} Hz: turn the monitor down or move the microphone."
    khz = hz / 1000.0
    return f"Howl at {khz:.1f} kHz: turn the monitor down or move the microphone."


RULES: Sequence[Rule] = (
    Rule("declip", 10, lambda it: it.clipped >= 3 or (it.detail >= 0.5 and it.hard > 0.0),
         lambda it: "Clipping at the input: turn the preamp down.", off_too=True),
    Rule("declick", 20, lambda it: it.hard > 0.4,
         lambda it: "Clicks all the time: a bad cable or wireless?"),
    Rule("low_cut", 20, lambda it: it.mean_db < -12.0,
         lambda it: "Strong rumble: put the stand on something soft, or hold the microphone still."),
    Rule("hum", 10, lambda it: it.mean_db < -6.0 and it.detail > 0.0, _hum),
    Rule("plosives", 20, lambda it: it.hard > 0.15,
         lambda it: "Many plosives: speak past the microphone, or use a pop filter."),
    Rule("bleed", 20, lambda it: it.mean_db < -15.0,
         lambda it: "Much music in the microphone: turn the headphones down, or turn the microphone away."),
    Rule("feedback", 5, lambda it: it.hard > 0.1 and it.detail > 0.0, _howl),
    Rule("denoise", 30, lambda it: it.mean_db < -25.0 and it.loud_s >= 5.0,
         lambda it: "Very much noise: come closer to the microphone."),
    Rule("dereverb", 30, lambda it: it.mean_db < -4.0,  # of everything: late echo is a small part of it
         lambda it: "A very live room: come closer to the microphone, or hang something soft behind you."),
    Rule("gate", 20, lambda it: it.loud_s >= 3.0 and it.shut > 0.2,
         lambda it: "The gate closes on the voice: lower its threshold."),
    Rule("breath", 30, lambda it: it.hard > 0.3,
         lambda it: "Much breath: turn the microphone a little to the side."),
    Rule("deess", 20, lambda it: it.hard > 0.35,
         lambda it: "Very sharp S: turn the microphone a little to the side, or take less treble."),
    Rule("leveller", 20, lambda it: it.mean_db > 9.0 and it.loud_s >= 3.0,
         lambda it: "A quiet voice: turn the preamp up."),
    Rule("leveller", 20, lambda it: it.mean_db < -9.0 and it.loud_s >= 3.0,
         lambda it: "A loud voice: turn the preamp down."),
    Rule("compressor", 20, lambda it: it.mean_db < -9.0,
         lambda it: "The compressor works all the time: raise its threshold."),
    Rule("limiter", 20, lambda it: it.mean_db < -2.0,
         lambda it: "The limiter works all the time: turn the output level down."),
)  # fmt: skip


@dataclass(slots=True)
class _Stage:
    seconds: deque[Second] = field(default_factory=lambda: deque([Second()], MINUTE_S))
    says: str = ""
    said_at_s: float = 0.0

    def minute_db(self) -> float:
        frames = sum(second.frames for second in self.seconds)
        return sum(second.sum_db for second in self.seconds) / frames if frames else 0.0


class StageWatch:
    """`take` on the link's thread, the rest on any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        """The audio process is down: another one begins anew."""
        with self._lock:
            self._stages: dict[str, _Stage] = {}
            self._levels: deque[float] = deque([-120.0], MINUTE_S)  # the loudest RMS of each second, dBFS
            self._clips: deque[bool] = deque([False], MINUTE_S)
            self._second_at_s: float | None = None

    def take(self, stages: Iterable[StageNow], peak_db: float, rms_db: float, now_s: float | None = None) -> None:
        """A meter frame: its stages, and the input's highest peak and loudest RMS. now_s: monotonic, for tests."""
        now_s = time.monotonic() if now_s is None else now_s
        with self._lock:
            self._levels[-1] = max(self._levels[-1], rms_db)
            self._clips[-1] = self._clips[-1] or peak_db >= CLIPPED_DBFS
            loud = rms_db > max(QUIETEST_VOICE_DBFS, max(self._levels) - LOUD_WITHIN_DB)
            there = {stage.name: stage for stage in stages}
            for stage in there.values():
                _add(self._stages.setdefault(stage.name, _Stage()).seconds[-1], stage, loud)
            self._stages = {name: seen for name, seen in self._stages.items() if name in there}
            if self._second_at_s is None:
                self._second_at_s = now_s
            if now_s - self._second_at_s >= 1.0:
                self._second_at_s = now_s
                self._judge(there, now_s)

    def told(self, name: str) -> tuple[float, str]:
        """(the mean change of the last minute in dB, a sentence or "") of a stage."""
        with self._lock:
            seen = self._stages.get(name)
            return (seen.minute_db(), seen.says) if seen else (0.0, "")

    def _judge(self, there: dict[str, StageNow], now_s: float) -> None:
        """Once a second: which sentences are true; begin the next second."""
        for name, seen in self._stages.items():
            true = next((rule for rule in RULES if rule.stage == name and self._is_true(rule, there[name].on)), None)
            if true is not None:
                seen.says, seen.said_at_s = true.words(self._lately(seen, true.window_s)), now_s
            elif now_s - seen.said_at_s > HOLD_S or not there[name].on:
                seen.says = ""
            seen.seconds.append(Second())
        self._levels.append(-120.0)
        self._clips.append(False)

    def _is_true(self, rule: Rule, on: bool) -> bool:
        return (on or rule.off_too) and rule.true(self._lately(self._stages[rule.stage], rule.window_s))

    def _lately(self, seen: _Stage, window_s: int) -> Lately:
        seconds = list(seen.seconds)[-window_s:]
        frames = max(sum(second.frames for second in seconds), 1)
        # A stage that was switched on a moment ago has not worked for the whole window yet.
        whole = max(frames, window_s * frames // max(len(seconds), 1) // 2)
        loud = sum(second.loud for second in seconds)
        return Lately(
            mean_db=sum(second.sum_db for second in seconds) / whole,
            hard=sum(second.hard for second in seconds) / whole,
            shut=sum(second.shut for second in seconds) / max(loud, 1),
            loud_s=len(seconds) * loud / frames,
            detail=next((second.detail for second in reversed(seconds) if second.detail), 0.0),
            clipped=sum(list(self._clips)[-window_s:]),
        )


def _add(second: Second, stage: StageNow, loud: bool) -> None:
    change = stage.change_db if stage.on else 0.0
    second.sum_db += change
    second.frames += 1
    second.hard += abs(change) >= HARD_DB
    second.loud += loud
    second.shut += loud and change <= -SHUT_DB
    second.detail = stage.detail or second.detail
