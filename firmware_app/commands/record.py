"""Record a take on the running box, until Ctrl-C or for so many seconds.

--keep keeps what was just played instead: the last minutes wait in memory.

Exit code 1: no box runs here, or the take could not be written.

examples:
    hushbox record
    hushbox record --what dry,wet,stems --seconds 60
    hushbox record --keep
"""

import argparse
import threading
import time

from dsp.layouts.stems import STEMS
from firmware_app.commands.common import add_settings, settings
from firmware_app.errors import AppError, UsageError
from firmware_app.takes.wire import SOCKET, ControlEnd, RecorderState
from hw.audio.files.growing_bwf import RATE_HZ

ANSWER_S = 5.0
END_S = 60.0


class NoRecorderError(AppError, OSError):
    """No box records on this machine."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--what",
        metavar="LANES",
        default="dry,wet",
        help="of dry, wet, removed, stems (all), or single ones, by commas",
    )
    parser.add_argument("--seconds", metavar="N", type=float, help="end by itself")
    parser.add_argument("--keep", action="store_true", help="keep what was just played")
    add_settings(parser)


class _Watch:
    """What the recorder tells, for one take."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.state: RecorderState | None = None
        self.done: list[str] = []
        self.said: list[str] = []

    def hear(self, state: RecorderState | None) -> None:
        with self._changed:
            self.state = state
            if state is not None:
                self.done += state.done
                self.said += state.said
            self._changed.notify_all()

    def wait(self, seconds: float, *, recording: bool | None = None, done: bool = False) -> bool:
        """Whether within so long the recorder answers, records (or not), or has completed a take."""

        def there() -> bool:
            if done:
                return bool(self.done or self.said)
            return self.state is not None and (recording is None or self.state.recording == recording)

        with self._changed:
            return self._changed.wait_for(there, seconds)


def run(args: argparse.Namespace) -> int:
    if args.seconds is not None and not 0.1 <= args.seconds <= 86_400:
        raise UsageError(f"--seconds {args.seconds:g}: allowed 0.1 to 86400")
    lanes = [name.strip() for name in args.what.split(",") if name.strip()]
    if not lanes:
        raise UsageError("--what: name at least one of dry, wet, removed and the stems")
    named = lanes
    if "stems" in lanes:
        lanes = [*(name for name in lanes if name != "stems"), *STEMS]
    _, places = settings(args)
    watch = _Watch()
    link = ControlEnd(places.runtime / SOCKET, list, watch.hear)
    link.start()
    try:
        if not watch.wait(ANSWER_S):
            raise NoRecorderError("no box runs here: `hushbox run` starts one, `hushbox status` looks for it")
        state = watch.state
        if state is not None and not args.keep:
            _check(state, named)
        return _keep(link, watch, lanes) if args.keep else _record(link, watch, lanes, args.seconds)
    finally:
        link.stop()


def _check(state: RecorderState, named: list[str]) -> None:
    """Raises AppError."""
    if state.recording:
        raise NoRecorderError("a take is being recorded already")
    if not state.has:
        raise NoRecorderError("no sound comes: `hushbox doctor` says why")
    for name in named:
        # "stems" beside others: those that have outputs are recorded, and it is no fault that none has.
        there = len(named) > 1 or set(STEMS) & set(state.has) if name == "stems" else name in state.has
        if not there:
            raise UsageError(f"--what {name}: this box has {', '.join(state.has)} at present")


def _record(link: ControlEnd, watch: _Watch, lanes: list[str], seconds: float | None) -> int:
    link.ask("record", lanes=lanes)
    if not watch.wait(ANSWER_S, recording=True):
        print("\n".join(watch.said) or "the recorder did not begin")
        return 1
    print("recording" if seconds is not None else "recording; Ctrl-C ends it", flush=True)
    try:
        until = time.monotonic() + (seconds if seconds is not None else float("inf"))
        while time.monotonic() < until and watch.state is not None:
            time.sleep(min(0.2, max(0.0, until - time.monotonic())))
    except KeyboardInterrupt:
        print()
    frames = watch.state.frames if watch.state is not None else 0
    link.ask("stop")
    return _ended(watch, frames)


def _keep(link: ControlEnd, watch: _Watch, lanes: list[str]) -> int:
    assert watch.state is not None
    frames = watch.state.kept_s * RATE_HZ
    if not frames:
        print("nothing was played yet that could be kept")
        return 1
    link.ask("keep", lanes=lanes, how="kept")
    return _ended(watch, frames)


def _ended(watch: _Watch, frames: int) -> int:
    watch.wait(END_S, done=True)
    for said in watch.said:
        print(said)
    for id in watch.done:
        print(f"{id}: about {frames / RATE_HZ:.0f} s; `hushbox takes show {id!r}`")
    return 0 if watch.done else 1
