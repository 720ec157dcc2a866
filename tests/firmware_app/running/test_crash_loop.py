"""A row of crashes ends in safe mode, which says why and is left by itself."""

from pathlib import Path

import pytest

from firmware_app.running import crash_loop
from firmware_app.running.crash_loop import LONGEST_SAFE_S, MOST_CRASHES, SAFE_S, STEADY_S, WITHIN_S, CrashLoop
from tests.rigs.hand_clock import HandClock


def crash(folder: Path, clock: HandClock, times: int, runs_s: float = 1.0, loads_s: float = 0.0) -> CrashLoop:
    """Start, run and end without a word, `times` times; the start after that, when it runs."""
    for _ in range(times + 1):
        clock.now += runs_s
        start = CrashLoop(folder, clock)
        clock.now += loads_s
        start.ready()
    return start


def test_one_crash_is_no_loop(tmp_path: Path, clock: HandClock) -> None:
    assert not crash(tmp_path, clock, MOST_CRASHES - 1).safe
    clock.now += WITHIN_S
    assert not crash(tmp_path, clock, MOST_CRASHES - 2).safe, "the one before, and these"


def test_the_time_of_a_start_makes_no_row_longer(tmp_path: Path, clock: HandClock) -> None:
    """A slow board loads for half a minute: three crashes within a minute could never be."""
    assert crash(tmp_path, clock, MOST_CRASHES, runs_s=5.0, loads_s=WITHIN_S).safe


def test_starts_that_fail_before_they_are_ready_are_a_row(tmp_path: Path, clock: HandClock) -> None:
    for _ in range(MOST_CRASHES):
        assert not CrashLoop(tmp_path, clock).safe
        clock.now += 10 * WITHIN_S
    assert CrashLoop(tmp_path, clock).safe


def test_crashes_with_sound_between_them_are_no_row(tmp_path: Path, clock: HandClock) -> None:
    assert not crash(tmp_path, clock, 2 * MOST_CRASHES, runs_s=WITHIN_S / (MOST_CRASHES - 1) + 1.0).safe


def test_starts_that_end_in_order_never_add_up(tmp_path: Path, clock: HandClock) -> None:
    for _ in range(20):
        start = CrashLoop(tmp_path, clock)
        assert not start.safe
        start.ended_in_order()


def test_a_row_of_crashes_is_said_with_its_cause(tmp_path: Path, clock: HandClock) -> None:
    crash(tmp_path, clock, MOST_CRASHES - 1)
    crash_loop.ended(tmp_path, -11)
    start = CrashLoop(tmp_path, clock)
    assert start.safe
    assert start.why == "killed by SIGSEGV"
    clock.now += 1
    assert CrashLoop(tmp_path, clock).why == "killed by SIGSEGV", "a crash in safe mode, of which nothing is known"


def test_an_exception_is_a_better_reason_than_its_exit_status(tmp_path: Path, clock: HandClock) -> None:
    crash(tmp_path, clock, MOST_CRASHES - 1)
    crash_loop.last_words(tmp_path, ValueError("rate 7"))
    crash_loop.ended(tmp_path, 1)
    assert CrashLoop(tmp_path, clock).why == "ValueError: rate 7"


@pytest.mark.parametrize(
    ("left", "words"),
    [
        ("watchdog killed KILL", "it made no progress"),
        ("oom-kill killed KILL", "it ran out of memory"),
        ("signal killed SEGV", "killed by SIGSEGV"),
        ("core-dump dumped ABRT", "killed by SIGABRT"),
        ("exit-code exited 1", "exit status 1"),
        ("success exited 0", ""),
        ("", ""),
        ("\0\0 rubbish", ""),
    ],
)
def test_what_systemd_leaves_is_read(left: str, words: str) -> None:
    assert crash_loop.how_it_ended(left) == words


def test_the_supervisor_leaves_the_same(tmp_path: Path) -> None:
    for status, hung, words in (
        (-9, True, "it made no progress"),
        (-9, False, "killed by SIGKILL"),
        (3, False, "exit status 3"),
    ):
        crash_loop.ended(tmp_path, status, hung=hung)
        assert crash_loop.how_it_ended(crash_loop.take_text(tmp_path / "audio.ended")) == words


def test_safe_mode_ends_after_a_while_and_lasts_longer_each_time(tmp_path: Path, clock: HandClock) -> None:
    for wait_s in (SAFE_S, 2 * SAFE_S, 4 * SAFE_S, 8 * SAFE_S, LONGEST_SAFE_S, LONGEST_SAFE_S):
        start = crash(tmp_path, clock, MOST_CRASHES)
        assert start.safe
        clock.now += wait_s - 1
        assert not start.may_leave()
        clock.now += 1
        assert start.may_leave()
        start.ended_in_order(leave_safe=True)
        clock.now += 1


def test_a_quarter_of_an_hour_of_sound_makes_good(tmp_path: Path, clock: HandClock) -> None:
    for _ in range(2):
        crash(tmp_path, clock, MOST_CRASHES).ended_in_order(leave_safe=True)
    assert not CrashLoop(tmp_path, clock).safe
    clock.now += STEADY_S + 1
    start = crash(tmp_path, clock, MOST_CRASHES)
    assert start.safe
    clock.now += SAFE_S
    assert start.may_leave()


def test_an_ordinary_restart_does_not_end_safe_mode(tmp_path: Path, clock: HandClock) -> None:
    crash(tmp_path, clock, MOST_CRASHES).ended_in_order()
    assert CrashLoop(tmp_path, clock).safe


@pytest.mark.parametrize(
    "rubbish", [b"", b"{", b"[]", b'{"crashes_s": 3}', b"\xff\xff", b'{"running": 1, "crashes_s": ["x"]}']
)
def test_a_record_that_cannot_be_read_is_no_record(tmp_path: Path, clock: HandClock, rubbish: bytes) -> None:
    (tmp_path / "audio.starts").write_bytes(rubbish)
    assert not CrashLoop(tmp_path, clock).safe


def test_a_record_from_before_a_reboot_counts_no_more(tmp_path: Path, clock: HandClock) -> None:
    assert crash(tmp_path, clock, MOST_CRASHES).safe
    clock.now = 3.0
    assert not CrashLoop(tmp_path, clock).safe


def test_a_folder_that_cannot_be_written_stops_nothing(clock: HandClock) -> None:
    assert not CrashLoop(Path("/proc/nowhere"), clock).safe
