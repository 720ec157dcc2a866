"""What time it is, for signatures that expire. A board without a battery starts in 1970, or where it was last stopped.

So the time is never before the moment when the running version was made, nor before the newest signed list that this
box has seen. Both come signed: a clock that was wrong once leaves nothing behind that would refuse updates for ever.
"""

import datetime
import time
from pathlib import Path

BEHIND = datetime.timedelta(days=1)  # a clock in another time zone is not worth a word


def utc(text: str) -> datetime.datetime:
    """A moment as lists have it, "2026-01-31T21:03:00Z". Raises ValueError."""
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.UTC)


def made_at(version: Path) -> datetime.datetime | None:
    """When a version was made: `made` in its folder. None for one that does not say."""
    try:
        return utc((version / "made").read_text().strip())
    except (OSError, ValueError):
        return None


def seen_at(folder: Path) -> datetime.datetime | None:
    """When the newest list was made that was verified into `folder`."""
    try:
        return utc((folder / "newest").read_text().strip())
    except (OSError, ValueError):
        return None


def now(version: Path, trusted: Path) -> tuple[datetime.datetime, str]:
    """(the time to judge expiry by, what is wrong with the clock in words, or "")."""
    clock = datetime.datetime.fromtimestamp(time.time(), datetime.UTC)
    known = [moment for moment in (made_at(version), seen_at(trusted)) if moment is not None]
    least = max(known, default=clock)
    if clock >= least:
        return clock, ""
    why = ""
    if least - clock > BEHIND:
        why = (
            f"this box's clock is wrong: it says {clock:%Y-%m-%d}, and it is {least:%Y-%m-%d} at least; "
            "until it is set (a network does that), an old update may pass for a fresh one"
        )
    return least, why
