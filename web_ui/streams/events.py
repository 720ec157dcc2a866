"""Server-sent events: status at most 20 times a second; everything else when it has changed.

A stream has no queue: it waits for a change, sends the newest state, and waits again. A phone that stops reading blocks
only its own stream's thread; when it reads again, it gets the newest state. Each stream takes one of the server's
threads, so their number is limited.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from types import MappingProxyType
from typing import Any

from web_ui.errors import Refused
from web_ui.limits import MAX_STREAMS
from web_ui.ports.live import Change, LivePort, StageView
from web_ui.streams.news import News
from web_ui.views import dumps, stage_db_json, stages_news_json, status_json, told, values_json
from web_ui.visitors.languages import Say
from web_ui.visitors.phones import Visitor
from web_ui.visitors.slots import Slot, Slots

INTERVAL_S = 0.05  # 20 a second
STAGES_S = 1.0  # so often at most come the slow numbers of stages; their meters are an event of their own
HEARTBEAT_S = 0.5  # status is sent without a change too: the page tells a lost connection from a quiet box
LAST = "status"  # sent each time, after all else: a page that has it has everything
WAIT_S = 0.25  # a stream looks this often whether the server stops


class EventStreams:
    """All event streams of one app. Any thread."""

    def __init__(self, live: LivePort, news: News, max_streams: int = MAX_STREAMS) -> None:
        """news: what is sent beside parameters and status."""
        self._live = live
        self.slots = Slots(max_streams, "{most} pages are open, which is the limit: close one of them")
        self._closing = threading.Event()
        self._events = _Events(news)

    def take_slot(self, visitor: Visitor) -> Slot:
        """Take a slot for a stream. Raises Refused (503) when there is none."""
        if self._closing.is_set():
            raise Refused(503, "the box is shutting down")
        return self.slots.take(visitor)

    def close(self) -> None:
        """Let all streams end soon, and refuse new ones."""
        self._closing.set()

    def stream(
        self, disconnected: Callable[[], bool], own: News = MappingProxyType({}), say: Say | None = None
    ) -> Iterator[bytes]:
        """Yield events until the client is gone or the server closes. Runs in a thread of its own.

        own: what this client alone is told, seen within HEARTBEAT_S. say: puts what the box says into its language.
        """
        yield b"retry: 1000\n\n"
        sent: dict[str, str] = {}
        change = self._live.wait_for_change(-1, 0.0)
        while not (self._closing.is_set() or disconnected()):
            sent_at = time.monotonic()
            events = {name: _event(name, make()) for name, make in own.items()} | self._events.all(change, say)
            yield "".join(text for name, text in events.items() if name == LAST or sent.get(name) != text).encode()
            sent, seq = events, change.seq
            self._closing.wait(INTERVAL_S)  # changes meanwhile become one event
            while change.seq == seq and not (self._closing.is_set() or disconnected()):
                change = self._live.wait_for_change(seq, WAIT_S)
                if time.monotonic() - sent_at >= HEARTBEAT_S:
                    break


class _Events:
    """The events of one change, made once for all streams of a language. Any thread."""

    def __init__(self, news: News) -> None:
        self._news = news
        self._lock = threading.Lock()
        self._seq, self._made_at = -1, 0.0
        self._trees: dict[str, Any] = {}
        self._made: dict[Say | None, dict[str, str]] = {}
        self._stages: list[dict[str, Any]] = []
        self._stages_are: tuple[object, ...] = ()
        self._stages_at = 0.0

    def all(self, change: Change, say: Say | None) -> dict[str, str]:
        """Each event's text by its name, `LAST` at the end."""
        with self._lock:
            now = time.monotonic()
            if change.seq != self._seq or now - self._made_at > INTERVAL_S:
                self._seq, self._made_at, self._trees, self._made = change.seq, now, self._make(change), {}
            if say not in self._made:
                self._made[say] = {name: _event(name, told(tree, say)) for name, tree in self._trees.items()}
            return self._made[say]

    def _make(self, change: Change) -> dict[str, Any]:
        news = {name: make() for name, make in self._news.items()}
        status = status_json(change.status)
        del status["stages"]
        stages = {"stages": self._slow(change.status.stages), "stage_db": stage_db_json(change.status.stages)}
        return {"params": values_json(change.params), **news, **stages, LAST: status}

    def _slow(self, stages: Sequence[StageView]) -> list[dict[str, Any]]:
        """What changes with a switch or a sentence, at once; the numbers beside it now and then."""
        are, now = tuple((stage.name, stage.on, stage.at_work, stage.says) for stage in stages), time.monotonic()
        if are != self._stages_are or now - self._stages_at > STAGES_S:
            self._stages, self._stages_are, self._stages_at = stages_news_json(stages), are, now
        return self._stages


def _event(name: str, data: object) -> str:
    return f"event: {name}\ndata: {dumps(data)}\n\n"
