"""SoundChecker: control's side of the sound check. Keeps it going while a page shows it; computes the round trip."""

import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dsp.analysis import round_trip
from dsp.analysis.round_trip import RoundTrip
from firmware_app.audio import sound_check
from firmware_app.errors import AppError
from firmware_app.link.wire import SOUND_CHECK_HOLD_S, Down, InfoFrame, InputsFrame, SoundCheckStep

log = logging.getLogger(__name__)

FRESH_S = 0.5  # without an inputs frame for this long no check is running


class SoundCheckError(AppError, RuntimeError):
    """The sound check is not possible at this moment."""


@dataclass(frozen=True, slots=True)
class Result:
    """Result of one measurement. fault: "" when it is reliable, else one of dsp's Fault values or "interrupted"."""

    fault: str
    frames: int = 0  # the interface's round trip
    chain_frames: int = 0  # what the box adds, as it stood
    input: int = 0  # counted from 1
    level_db: float = -120.0
    inverted: bool = False


class SoundChecker:
    """Steers the audio process's SoundCheck. Any thread; the take_* are called by the link."""

    def __init__(self, send: Callable[[Down, int], None], info: Callable[[], InfoFrame], runtime: Path) -> None:
        """send: ControlLink.send_command. info: what runs now."""
        self._send, self._info = send, info
        self._recording = runtime / sound_check.NAME
        self._frame, self._at = InputsFrame(), -math.inf
        self._asked_at = -math.inf
        self._waiting = False  # for a measurement
        self._measured_before = 0
        self.result: Result | None = None
        self.on_result: Callable[[Result], None] = lambda result: None

    @property
    def state(self) -> str:
        """ "off", "starting" (asked for, not there yet), "listening" or "measuring"."""
        now = time.monotonic()
        if now - self._at < FRESH_S:
            return "measuring" if self._waiting else "listening"
        return "starting" if now - self._asked_at < SOUND_CHECK_HOLD_S else "off"

    @property
    def peaks(self) -> tuple[float, ...]:
        """Peak of every input since the last frame, 0 to 1; empty while no check is running."""
        return self._frame.peaks if time.monotonic() - self._at < FRESH_S else ()

    def hold(self) -> None:
        """Begin, or go on for SOUND_CHECK_HOLD_S; call it again before that. Raises SoundCheckError (no device)."""
        if not self._info().device or self._info().device == "none":
            raise SoundCheckError("no audio interface is open, so there is nothing to listen to")
        self._asked_at = time.monotonic()
        self._send(Down.CHECK, SoundCheckStep.HOLD)

    def measure(self) -> None:
        """Play the test signal. Raises SoundCheckError without an interface, or during a measurement."""
        if self._info().demo:
            raise SoundCheckError("the demo plays: a round trip needs an audio interface and a cable")
        if self.state != "listening":
            raise SoundCheckError(
                "the outputs have to be silent first" if self.state != "measuring" else "it is measuring"
            )
        self.result = None
        self._measured_before = self._frame.measured
        self._waiting = True
        self._asked_at = time.monotonic()
        self._send(Down.CHECK, SoundCheckStep.MEASURE)

    def end(self) -> None:
        """End the check; normal sound comes back."""
        self._asked_at = -math.inf
        self._waiting = False
        self._send(Down.CHECK, SoundCheckStep.END)

    def take_inputs(self, frame: InputsFrame) -> None:
        """The audio process sent its inputs. A complete measurement is evaluated in a thread of its own."""
        self._frame, self._at = frame, time.monotonic()
        if self._waiting and frame.measured != self._measured_before and not frame.measuring:
            self._measured_before = frame.measured
            threading.Thread(target=self._work_out, args=(frame,), name="round trip", daemon=True).start()

    def audio_down(self) -> None:
        """The link broke, so the check is over."""
        self._at = self._asked_at = -math.inf
        if self._waiting:
            self._waiting, self.result = False, Result("interrupted")

    def _work_out(self, frame: InputsFrame) -> None:
        try:
            found = round_trip.find(sound_check.read_recording(self._recording, len(frame.peaks)))
        except (OSError, ValueError) as error:
            log.warning("the recording of the sound check cannot be used: %s", error)
            self.result, self._waiting = Result("interrupted"), False
            return
        result = _result(found, frame, self._info().chain_latency_frames)
        self.result, self._waiting = result, False
        self.on_result(result)


def _result(found: RoundTrip, frame: InputsFrame, chain_frames: int) -> Result:
    fault = found.fault.value if found.fault else ""
    if frame.xruns and not fault:
        fault = "interrupted"
    return Result(fault, found.frames, chain_frames, found.column + 1, found.level_db, found.inverted)
