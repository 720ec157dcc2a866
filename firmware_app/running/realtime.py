"""Real time: what lets the audio process keep its deadlines. Each step is taken only where the system allows it."""

import ctypes
import gc
import os
import resource
import signal

BLAS_ENV = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""One thread for numpy's BLAS. Must be in the environment before numpy is imported."""

SUPERVISOR_ENV = "HUSHBOX_SUPERVISOR_PID"
FIFO_PRIORITY = 70  # as JACK has; hushbox-tune.service puts the threads of USB interrupts above it
LEAST_CORES = 4  # with fewer cores, the sound shares all of them with everything else
RTTIME_US = 200_000  # SIGXCPU after 200 ms without sleeping, SIGKILL after 400: a runaway must not freeze the board
_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4
_PR_SET_PDEATHSIG = 1
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8  # glibc's mallopt
_LARGE_BYTES = 128 * 1024


def enter() -> list[str]:
    """Leave core 0, limit runaways, lock the memory, turn off the collector. Returns what is refused, in words."""
    leave_core_0()
    # The limit is set before SCHED_FIFO, or a runaway could freeze the board between the two.
    limit_runaways()
    refused = [reason for reason in (use_fifo(True), use_fifo(False)) if reason][:1]
    # On fault: what the warm-up has touched stays in memory, and unused parts of the libraries take none.
    if ctypes.CDLL(None, use_errno=True).mlockall(_MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT) != 0:
        reason = os.strerror(ctypes.get_errno())
        refused.append(f"memory is not locked ({reason}): raise the memlock limit of the audio group or use the unit")
    turn_off_gc()
    return refused


def leave_core_0() -> None:
    """Leave the core that serves interrupts, unless somebody has already chosen cores for this process."""
    cores = cores_for_sound(os.sched_getaffinity(0), os.cpu_count() or 1)
    if cores:
        os.sched_setaffinity(0, cores)


def cores_for_sound(allowed: set[int], online: int) -> set[int]:
    """All but core 0. Empty: change nothing, because there are too few cores or somebody has chosen them by hand."""
    return allowed - {0} if len(allowed) == online >= LEAST_CORES else set()


def limit_runaways() -> None:
    """SIGXCPU after RTTIME_US, SIGKILL after twice as long. Set again after a SIGXCPU: the kernel then raises it."""
    resource.setrlimit(resource.RLIMIT_RTTIME, (RTTIME_US, RTTIME_US * 2))


def use_fifo(on: bool) -> str:
    """Switch real-time scheduling of this thread on or off. Returns why it was refused, in words.

    It is on only while streaming: opening a device or reading a file can take longer than RTTIME_US without a pause,
    and the process would be killed for it.
    """
    if on:
        limit_runaways()
    policy, priority = (os.SCHED_FIFO, FIFO_PRIORITY) if on else (os.SCHED_OTHER, 0)
    try:
        os.sched_setscheduler(0, policy, os.sched_param(priority))
    except OSError as error:
        return f"real-time scheduling refused ({error}): give the audio group rtprio {FIFO_PRIORITY} or use the unit"
    return ""


def turn_off_gc() -> None:
    """Collect, freeze and disable: gc.freeze() alone does not stop collection."""
    gc.collect()
    gc.freeze()
    gc.disable()


def die_with_supervisor() -> None:
    """End together with `hushbox run`, if that started this process: even a kill -9 leaves nothing behind."""
    supervisor = os.environ.get(SUPERVISOR_ENV)
    if supervisor is None:
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != int(supervisor):  # the supervisor died before the line above
        os.kill(os.getpid(), signal.SIGTERM)


def give_memory_back() -> None:
    """Return large pieces of memory to the system as soon as they are freed. For a process of many threads.

    glibc keeps freed memory for each thread, and larger and larger pieces of it. A recording that each of the page's
    eight threads fetched once would stay in memory eight times.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # only glibc has it
        mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
        mallopt(_M_ARENA_MAX, 2)
