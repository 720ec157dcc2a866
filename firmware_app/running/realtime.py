"""What makes the audio process keep its deadlines, each step only where the system allows it."""

import ctypes
import gc
import os
import resource
import signal

BLAS_ENV = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""Must be in the environment before numpy is imported."""

SUPERVISOR_ENV = "HUSHBOX_SUPERVISOR_PID"
FIFO_PRIORITY = 70  # where JACK puts itself too; hushbox-tune.service puts the threads of USB interrupts above it
LEAST_CORES = 4  # with fewer, the sound shares them all with everything else
RTTIME_US = 200_000  # who runs this long without sleeping gets SIGXCPU, and twice as long is killed: no frozen board
_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4
_PR_SET_PDEATHSIG = 1
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8  # glibc's mallopt
_LARGE_BYTES = 128 * 1024


def enter() -> list[str]:
    """Leave core 0, limit runaways, lock the memory, still the garbage collector. Returns what is refused, in words."""
    leave_core_0()
    # RLIMIT_RTTIME is set before FIFO, or a runaway could freeze the board between the two.
    limit_runaways()
    refused = [reason for reason in (stream(True), stream(False)) if reason][:1]
    # On fault: what the warm-up has touched stays, while unused parts of the libraries take no memory.
    if ctypes.CDLL(None, use_errno=True).mlockall(_MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT) != 0:
        reason = os.strerror(ctypes.get_errno())
        refused.append(f"memory is not locked ({reason}): raise the memlock limit of the audio group or use the unit")
    still_the_collector()
    return refused


def leave_core_0() -> None:
    """Run away from the core where interrupts come in, unless somebody has chosen cores for this process already."""
    cores = cores_for_sound(os.sched_getaffinity(0), os.cpu_count() or 1)
    if cores:
        os.sched_setaffinity(0, cores)


def cores_for_sound(allowed: set[int], online: int) -> set[int]:
    """All but core 0; empty: leave it as it is, since there are too few cores or they are chosen by hand."""
    return allowed - {0} if len(allowed) == online >= LEAST_CORES else set()


def limit_runaways() -> None:
    """SIGXCPU after RTTIME_US, SIGKILL after twice as long; again after each signal, with which the kernel moves it."""
    resource.setrlimit(resource.RLIMIT_RTTIME, (RTTIME_US, RTTIME_US * 2))


def stream(on: bool) -> str:
    """Real-time scheduling of this thread, while it streams only. Returns why it was refused, in words.

    Opening a device or reading a file may well take longer than RTTIME_US without a pause, and would be killed for it.
    """
    if on:
        limit_runaways()
    policy, priority = (os.SCHED_FIFO, FIFO_PRIORITY) if on else (os.SCHED_OTHER, 0)
    try:
        os.sched_setscheduler(0, policy, os.sched_param(priority))
    except OSError as error:
        return f"real-time scheduling refused ({error}): give the audio group rtprio {FIFO_PRIORITY} or use the unit"
    return ""


def still_the_collector() -> None:
    """gc.freeze() does not stop collection: collect, freeze, disable."""
    gc.collect()
    gc.freeze()
    gc.disable()


def die_with_supervisor() -> None:
    """When `hushbox run` started this process: end with it, so that nothing is left behind even after a kill -9."""
    supervisor = os.environ.get(SUPERVISOR_ENV)
    if supervisor is None:
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != int(supervisor):  # it died before the line above
        os.kill(os.getpid(), signal.SIGTERM)


def give_memory_back() -> None:
    """For a process of many threads: what is large goes back to the system once it is done with.

    glibc keeps what was freed for each thread by itself, and takes ever larger pieces for worth keeping: a recording
    fetched in each of the page's threads would stay eight times.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # another libc has none, and other ways
        mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
        mallopt(_M_ARENA_MAX, 2)
