"""What starts work has a bound: each such address is asked fifty times at once, and what runs at a time is counted."""

import http.client
import json
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.web_ui.conftest import Served
from tests.web_ui.serving.wire import WAIT_AT_MOST_S, server_of, token_of, until
from web_ui import limits
from web_ui.app import create_app
from web_ui.fakes.box import FakeBox, fake_box
from web_ui.routes.api import OPENAPI
from web_ui.serving.server import THREADS, PageServer

SPEC: dict[str, Any] = json.loads(OPENAPI.read_text())
AT_ONCE = 50
BACKUP = {"hushbox_backup": 1, "files": {}}

# operation · how it is asked · the port's method that works · how many at a time
BOUNDED = [
    ("diagnostics", "POST", "system/diagnostics.zip", {"make": True}, "system.diagnostics", 1),
    ("log_lines", "GET", "system/log", None, "system.log_lines", limits.MAX_LOGS),
    ("look_into_backup", "POST", "system/backup/look", BACKUP, "system.look_into_backup", 1),
    ("restore_backup", "PUT", "system/backup.json", BACKUP, "system.restore_backup", 1),
    ("undo_restore", "POST", "system/undo_restore", {"undo": True}, "system.undo_restore", 1),
    ("listen", "GET", "listen/after.wav", None, "sound.recording", limits.MAX_RECORDINGS),
    ("tried_model", "GET", "models/tried/first.wav", None, "models.tried", limits.MAX_RECORDINGS),
]
STREAMS = [
    ("events", "events", limits.MAX_STREAMS),
    ("spectrum", "spectrum", limits.MAX_LOOKS),
    ("live", "live/output.mp3", limits.MAX_LISTENERS),
]
# One piece of work at a time in the port itself, whoever asks: its own tests ask fifty times at once.
ONE_IN_THE_PORT = {"measure_model", "try_models", "check_sound", "restart_box", "power_off"}
MOST_CALLS = 20_000  # of Python functions for one read: some milliseconds


class Counted:
    """Takes a port's method's place: counts how many run at a time, each until all who can be in are in."""

    def __init__(self, real: Callable[..., Any]) -> None:
        self.most = self.now = 0
        self._real = real
        self._lock = threading.Lock()
        self.go = threading.Event()

    def __call__(self, *args: Any) -> Any:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            self.go.wait(WAIT_AT_MOST_S)
            return self._real(*args)
        finally:
            with self._lock:
                self.now -= 1


class Crowd:
    """Asks the same from AT_ONCE addresses at once. answers: the status of each, once it has one."""

    def __init__(self, served: Served, method: str, path: str, body: object, token: str) -> None:
        self.answers: Counter[int] = Counter()
        data = None if body is None else json.dumps(body)
        headers = {"Content-Type": "application/json", "X-CSRF-Token": token}

        def ask(number: int) -> None:
            to = http.client.HTTPConnection(
                "127.0.0.1", served.number, timeout=WAIT_AT_MOST_S, source_address=(f"127.0.3.{number + 1}", 0)
            )
            try:
                to.request(method, f"/api/v1/{path}", data, headers)
                status = to.getresponse().status
            except (OSError, http.client.HTTPException):
                status = 0
            self.answers[status] += 1
            to.close()

        self.threads = [threading.Thread(target=ask, args=(number,)) for number in range(AT_ONCE)]
        for thread in self.threads:
            thread.start()

    def join(self) -> None:
        for thread in self.threads:
            thread.join(WAIT_AT_MOST_S)


@pytest.fixture
def fakes() -> FakeBox:
    return fake_box()


@pytest.fixture
def busy(fakes: FakeBox) -> Iterator[Served]:
    server = PageServer(create_app(fakes), "127.0.0.1", 0)
    yield Served(server, server.start())
    server.stop()


def counted(box: FakeBox, where: str) -> Counted:
    port, _, method = where.partition(".")
    counter = Counted(getattr(getattr(box, port), method))
    setattr(getattr(box, port), method, counter)
    return counter


@pytest.mark.parametrize(
    ("method", "path", "body", "where", "most"), [row[1:] for row in BOUNDED], ids=[row[0] for row in BOUNDED]
)
def test_fifty_at_once_start_no_more_than_the_bound(
    busy: Served, fakes: FakeBox, method: str, path: str, body: object, where: str, most: int
):
    counter = counted(fakes, where)
    token = token_of(busy)
    crowd = Crowd(busy, method, path, body, token)
    # Whoever finds no place is told at once, while the others still work.
    until(lambda: counter.now == counter.most > 0 and crowd.answers[503] >= AT_ONCE - THREADS)
    assert counter.most <= most
    assert busy.get("/api/v1/status")[0] == 200
    counter.go.set()
    crowd.join()
    assert counter.most <= most
    assert sum(crowd.answers.values()) == AT_ONCE
    assert set(crowd.answers) <= {200, 204, 400, 404, 503}
    until(lambda: not server_of(busy).task_dispatcher.queue._at_work)


@pytest.mark.parametrize(("path", "most"), [row[1:] for row in STREAMS], ids=[row[0] for row in STREAMS])
def test_fifty_streams_at_once_are_no_more_than_the_bound(busy: Served, fakes: FakeBox, path: str, most: int):
    crowd = Crowd(busy, "GET", path, None, "")
    crowd.join()
    assert 0 < crowd.answers[200] <= AT_ONCE - crowd.answers[503]
    assert crowd.answers[503] > 0
    extension = busy.server._app.extensions
    slots = {
        "events": extension["hushbox.streams"].slots,
        "spectrum": extension["hushbox.sound"].looks,
    }.get(path, extension["hushbox.sound"].listeners)
    assert slots.taken <= most == slots.most
    until(lambda: slots.taken == 0)


def test_no_get_is_costly(fakes: FakeBox):
    """Every other read is counted in calls of Python functions, which a busy machine does not change."""
    named = {row[0] for row in (*BOUNDED, *STREAMS)} | ONE_IN_THE_PORT
    operations = {operation["operationId"]: (method, path) for path, methods in SPEC["paths"].items()
                  for method, operation in methods.items()}  # fmt: skip
    assert named <= set(operations)
    client = create_app(fakes).test_client()
    for name, (method, path) in operations.items():
        if name not in named and method == "get":
            path = path.replace("{which}", "before").replace("{turn}", "first")
            assert _calls(lambda path=path: client.get(path).close()) < MOST_CALLS, path  # type: ignore[misc]
    for path in ("/", "/wiring", "/docs/", "/manifest.webmanifest", "/static/icon.svg"):
        assert _calls(lambda path=path: client.get(path).close()) < MOST_CALLS, path  # type: ignore[misc]


def _calls(do: Callable[[], object]) -> int:
    count = 0

    def called(frame: object, event: str, arg: object) -> None:
        nonlocal count
        count += event == "call"

    do()  # what is made once
    sys.setprofile(called)
    try:
        do()
    finally:
        sys.setprofile(None)
    return count
