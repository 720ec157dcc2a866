"""Recordings before and after, of the same moment: for the page's player."""

import io
import threading
from collections import OrderedDict
from collections.abc import Callable

from flask import Response, request
from werkzeug.wsgi import wrap_file

from web_ui.ports.errors import NotThere
from web_ui.ports.sound import Recording, SoundPort

KEPT_TAKES = 2  # recordings of some seconds each, a few megabytes in all


class Takes:
    """Recordings by take. Any thread.

    The page fetches before and after one by one, while sound goes on. Under one take's name they are of one moment:
    both are read with the first request.
    """

    def __init__(self, port: SoundPort) -> None:
        self._port = port
        self._lock = threading.Lock()
        self._takes: OrderedDict[str, dict[str, bytes]] = OrderedDict()

    def wav(self, which: str, take: str) -> bytes:
        """The WAV `which` ("before" | "after") of `take`; an empty take is always a new moment. Raises NotThere."""
        with self._lock:
            if which in self._takes.get(take, {}):
                recording = self._takes[take].pop(which)
                if not self._takes[take]:
                    del self._takes[take]
                return recording
            if which not in Recording._fields:
                raise NotThere(f"no recording {which!r}: there are {' and '.join(Recording._fields)}")
            both: dict[str, bytes] = self._port.recording()._asdict()
            recording = both.pop(which)
            if take:
                self._takes[take] = both
                while len(self._takes) > KEPT_TAKES:
                    self._takes.popitem(last=False)
            return recording


def fetched(data: bytes, mimetype: str, done: Callable[[], None]) -> Response:
    """An answer that the server's main thread sends as it is fetched: a slow phone holds no other thread and no copy.

    done: called when it is fetched or given up.
    """
    answer = Response(wrap_file(request.environ, _Tracked(data, done)), mimetype=mimetype, direct_passthrough=True)
    answer.content_length = len(data)
    return answer


class _Tracked(io.BytesIO):
    """Bytes that call `done` when they are closed."""

    def __init__(self, data: bytes, done: Callable[[], None]) -> None:
        super().__init__(data)
        self._done = done

    def close(self) -> None:
        super().close()
        self._done()
