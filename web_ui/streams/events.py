"""Server-sent events: status at most 20 times a second, the values of all parameters when one changed. Latest only.

A stream never queues: it waits for a change, sends what is true then, and waits again. A phone that stops reading
blocks its own stream's thread and nothing else; when it reads again, it gets the newest state. Each stream takes one
thread of the server, so their number is capped.
"""

import threading
import time
from collections.abc import Callable, Iterator

from web_ui.errors import Refused
from web_ui.limits import MAX_STREAMS
from web_ui.ports.box import Change, ControlPort
from web_ui.views import (
    compare_json,
    dumps,
    learn_json,
    panel_json,
    presets_news_json,
    setup_news_json,
    status_json,
    values_json,
)
from web_ui.visitors.phones import Visitor
from web_ui.visitors.places import Place, Places

INTERVAL_S = 0.05  # 20 a second
HEARTBEAT_S = 0.5  # sent without any change, so that the page can tell a lost connection from a quiet box
LAST = "status"  # of what is sent together, and in each of it: a page that has heard it knows everything
WAIT_S = 0.25  # how long a stopping server waits for a stream at most


class EventStreams:
    """All streams of one app. Any thread."""

    def __init__(self, port: ControlPort, max_streams: int = MAX_STREAMS) -> None:
        self._port = port
        self._places = Places(max_streams, "{most} pages are open, which is the limit: close one of them")
        self._closing = threading.Event()
        self._telling = _Telling(port)

    @property
    def open_count(self) -> int:
        """How many streams are being served."""
        return self._places.taken

    def reserve(self, visitor: Visitor) -> Place:
        """Take a place for a stream. Raises Refused (503) when there is none."""
        if self._closing.is_set():
            raise Refused(503, "the box is shutting down")
        return self._places.take(visitor)

    def close(self) -> None:
        """Let every stream end soon, and refuse new ones."""
        self._closing.set()

    def stream(self, disconnected: Callable[[], bool]) -> Iterator[bytes]:
        """Yield events until the client is gone or the server closes. Runs in the stream's own server thread."""
        yield b"retry: 1000\n\n"
        sent: dict[str, str] = {}
        change = self._port.wait_for_change(-1, 0.0)
        while not (self._closing.is_set() or disconnected()):
            sent_at = time.monotonic()
            told = self._telling.all(change)
            yield "".join(text for name, text in told.items() if name == LAST or sent.get(name) != text).encode()
            sent, seq = told, change.seq
            self._closing.wait(INTERVAL_S)  # what happens meanwhile is merged into the next event
            while change.seq == seq and not (self._closing.is_set() or disconnected()):
                change = self._port.wait_for_change(seq, WAIT_S)
                if time.monotonic() - sent_at >= HEARTBEAT_S:
                    break


class _Telling:
    """All that there is to tell as events, made once for all streams. Any thread."""

    def __init__(self, port: ControlPort) -> None:
        self._port = port
        self._lock = threading.Lock()
        self._seq, self._made_at, self._events = -1, 0.0, dict[str, str]()

    def all(self, change: Change) -> dict[str, str]:
        """Event by name, `LAST` at the end."""
        with self._lock:
            now = time.monotonic()
            if change.seq != self._seq or now - self._made_at > INTERVAL_S:
                self._seq, self._made_at, self._events = change.seq, now, self._make(change)
            return self._events

    def _make(self, change: Change) -> dict[str, str]:
        port = self._port
        news = {
            "params": values_json(change.params),
            "panel": panel_json(port.simulated_panel()),
            "learn": learn_json(port.learning()),
            "presets": presets_news_json(port.presets_news()),
            "compare": compare_json(port.comparison()),
            "setup": setup_news_json(port.setup_news()),
            LAST: status_json(change.status),
        }
        return {name: _event(name, data) for name, data in news.items()}


def _event(name: str, data: object) -> str:
    return f"event: {name}\ndata: {dumps(data)}\n\n"
