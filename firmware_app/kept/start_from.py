"""What a start begins with: what was saved, what the audio process last had, and every mute that either of them knows.

Both processes decide by the same rule, each for itself: neither waits for the other.
"""

import contextlib
from collections.abc import Mapping
from pathlib import Path

from dsp.params import ParamRangeError, ParamSpec
from dsp.rack.dry_path import MUTE
from firmware_app.kept.mutes import SILENCING, silences
from firmware_app.kept.store import Loaded
from firmware_app.link import shared_state
from firmware_app.link.wire import params_hash

SHARED = "audio.shm"  # in the runtime folder


def live_values(runtime: Path, specs: Mapping[str, ParamSpec]) -> dict[str, float]:
    """What the audio process last had, by id; without values that are not allowed."""
    values = shared_state.values_in_force(runtime / SHARED, params_hash(specs), len(specs))
    allowed = {}
    for (id, spec), value in zip(specs.items(), values or (), strict=False):
        with contextlib.suppress(ParamRangeError):
            allowed[id] = spec.check(value)
    return allowed


def mutes_of(live: Mapping[str, float]) -> dict[str, float]:
    """Of live values only that something is muted: where others win over them."""
    return dict.fromkeys(silences(live), 1.0)


def forget_last_run(runtime: Path, specs: Mapping[str, ParamSpec]) -> None:
    """Before both processes start anew: saved settings count, but what was muted stays muted. Raises OSError."""
    keep = mutes_of(live_values(runtime, specs))
    shared_state.forget_all_but(runtime / SHARED, params_hash(specs), list(specs), keep)


def to_start_from(saved: Loaded, live: Mapping[str, float]) -> dict[str, float]:
    """Values by id. What the audio process last had wins over what was saved, for it is newer as long as both run.

    A mute known in any place holds: one set while the audio process was down is on the disk only, one set while the
    disk was full in memory only. Settings saved are older than the record of mutes, so where live values are whole
    these two say all. When nobody can say what was muted, everything is.
    """
    known = {**saved.values, **live}
    silent = silences(live) | (saved.silent or frozenset())
    if saved.silent is None or not live.keys() >= SILENCING:
        silent |= silences(saved.values)
    known |= dict.fromkeys(silent - silences(known), 1.0)
    if saved.unsure and MUTE.id not in live:
        known[MUTE.id] = 1.0
    return known
