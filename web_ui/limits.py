"""What one request, one connection and one address may take of the page. The numbers, and nothing else.

The page runs beside the sound on a small board: whoever wants more than this gets it after the others.
"""

from web_ui.ports.limits import LARGEST_BACKUP_BYTES, LARGEST_PRESET_FILE_BYTES

# --- connections ------------------------------------------------------------------------------------------------------

MOST_CONNECTIONS = 200  # a browser holds six at most, so this is 30 phones
MOST_OF_AN_ADDRESS = 48  # several phones may share one, behind a router of their own
MOST_AT_ONCE = 2  # threads that answer one address at a time, beside its streams
MOST_OWED_BYTES = 24_000_000  # of answers that phones have not fetched yet, all together

HEAD_S = 10.0  # from a request's first byte (of a new connection: from its start) to the end of its head
IDLE_S = 30.0  # between two requests
STALLED_S = 15.0  # an answer of which nothing is fetched for so long is given up
PATIENCE_S = 15.0  # for a body or an answer however short
SLOWEST_BYTES_PER_S = 30_000  # a body or an answer may take so much longer the longer it is

# --- bodies -----------------------------------------------------------------------------------------------------------

MOST_BODY_BYTES = 4096
MOST_ORDER_BYTES = 60_000  # of MOST_PRESETS names: 33,000 when each has forty characters of four bytes
LONGER_BODIES = {
    ("PUT", "/api/v1/system/backup.json"): LARGEST_BACKUP_BYTES,
    ("POST", "/api/v1/presets/import"): LARGEST_PRESET_FILE_BYTES,
    ("PUT", "/api/v1/presets/order"): MOST_ORDER_BYTES,
}
MOST_HEAD_BYTES = 16384
MOST_EARLY_BYTES = 16384  # of the next request, before the answer to this one is fetched
LONG_BYTES = 100_000  # a body above this is read only from who may send it, and so many at a time
MOST_LONG_BODIES = 2


def most_body_bytes(method: str, path: str) -> int:
    """How long a request's body may be; judged from its head, before any of the body is read."""
    return LONGER_BODIES.get((method, path), MOST_BODY_BYTES)


# --- what takes a place -----------------------------------------------------------------------------------------------

MAX_STREAMS = 8
MAX_LOOKS = 4
MAX_LISTENERS = 2
MAX_RECORDINGS = 4  # being fetched at a time, some megabytes each
MAX_LOGS = 2  # journalctl may take seconds
WORKERS = 8  # threads for what answers at once; more than all slow routes together may take
"""Each stream holds a thread of its own beside these."""
