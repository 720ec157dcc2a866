"""How much of the page's server one request, one connection and one address may take. Numbers only.

The page runs beside the sound on a small board: a client that wants more than this gets it after the others.
"""

from web_ui.ports.limits import LARGEST_BACKUP_BYTES, LARGEST_PRESET_FILE_BYTES

# --- connections ------------------------------------------------------------------------------------------------------

MAX_CONNECTIONS = 200  # a browser opens six at most, so this is 30 phones
MAX_CONNECTIONS_PER_ADDRESS = 48  # several phones behind one router may share an address
MAX_REQUESTS_PER_ADDRESS = 2  # being answered at a time, beside its streams
MAX_UNSENT_BYTES = 24_000_000  # of answers that phones have not fetched yet, in all connections together

HEAD_TIMEOUT_S = 10.0  # for a request's head, from its first byte; on a new connection from its start
IDLE_TIMEOUT_S = 30.0  # between two requests
STALL_TIMEOUT_S = 15.0  # an answer is given up when nothing of it has been fetched for so long
# A body or an answer of n bytes may take TRANSFER_TIMEOUT_S + n / MIN_BYTES_PER_S.
TRANSFER_TIMEOUT_S = 15.0
MIN_BYTES_PER_S = 30_000

# --- bodies -----------------------------------------------------------------------------------------------------------

MAX_BODY_BYTES = 4096
MAX_ORDER_BYTES = 60_000  # of MOST_PRESETS names: 33,000 when each has forty characters of four bytes
MAX_TAKE_BYTES = 60_000  # of a take's marks: all of them are sent together
LONGER_BODIES = {
    ("PUT", "/api/v1/system/backup.json"): LARGEST_BACKUP_BYTES,
    ("POST", "/api/v1/system/backup/look"): LARGEST_BACKUP_BYTES,
    ("POST", "/api/v1/presets/import"): LARGEST_PRESET_FILE_BYTES,
    ("PUT", "/api/v1/presets/order"): MAX_ORDER_BYTES,
}
MAX_HEAD_BYTES = 16384
MAX_PIPELINED_BYTES = 16384  # of the next requests, while the answer to the first is not fetched
LARGE_BODY_BYTES = 100_000  # a larger body is read only from a client that may send it
MAX_LARGE_BODIES = 2  # being read at a time


def max_body_bytes(method: str, path: str) -> int:
    """How long the body of this request may be. Known from its head, before any of the body is read."""
    if method == "PUT" and path.startswith("/api/v1/takes/"):
        return MAX_TAKE_BYTES
    return LONGER_BODIES.get((method, path), MAX_BODY_BYTES)


# --- slots ------------------------------------------------------------------------------------------------------------

MAX_STREAMS = 8  # of events: one for each open page
MAX_LOOKS = 4  # at the spectrum
MAX_LISTENERS = 2  # to live sound
MAX_RECORDINGS = 4  # being fetched at a time, some megabytes each
MAX_TAKES_FETCHED = 3  # played or downloaded, hundreds of megabytes each
MAX_LOGS = 2  # journalctl may take seconds
WORKERS = 8  # threads beside the streams' own; more than all slow routes together take
