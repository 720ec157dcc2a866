"""The values that a start begins with: the saved ones, the audio process's last ones, and every mute in either.

Both processes decide by the same rule, so neither waits for the other.
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
    """The audio process's last values by id, without those that are not allowed."""
    values = shared_state.values_in_force(runtime / SHARED, params_hash(specs), len(specs))
    allowed = {}
    for (id, spec), value in zip(specs.items(), values or (), strict=False):
        with contextlib.suppress(ParamRangeError):
            allowed[id] = spec.check(value)
    return allowed


def mutes_of(live: Mapping[str, float]) -> dict[str, float]:
    """Only the mutes of live values, for a start at which saved values win over live ones."""
    return dict.fromkeys(silences(live), 1.0)


def forget_last_run(runtime: Path, specs: Mapping[str, ParamSpec]) -> None:
    """Before both processes start: forget live values except mutes. Raises OSError."""
    keep = mutes_of(live_values(runtime, specs))
    shared_state.forget_all_but(runtime / SHARED, params_hash(specs), list(specs), keep)


def to_start_from(saved: Loaded, live: Mapping[str, float]) -> dict[str, float]:
    """Values by id. The audio process's last values win over the saved ones, because they are newer.

    A mute in any of them holds: one that was set while the audio process was down is only on disk, one that was set
    while the disk was full is only in memory. The saved settings are older than the record of mutes, so complete live
    values and that record are enough. If no source tells what was muted, everything is muted.
    """
    known = {**saved.values, **live}
    silent = silences(live) | (saved.silent or frozenset())
    if saved.silent is None or not live.keys() >= SILENCING:
        silent |= silences(saved.values)
    known |= dict.fromkeys(silent - silences(known), 1.0)
    if saved.unsure and MUTE.id not in live:
        known[MUTE.id] = 1.0
    return known
