"""Streams of pictures and of sound: bounded in number, each on one of the server's threads, gone with the page."""

import threading
import time
from collections.abc import Callable, Iterator

from web_ui.control_port import ControlPort
from web_ui.errors import Refused
from web_ui.sound_port import LiveStream

MAX_LOOKS = 4
MAX_LISTENERS = 2
PICTURE_S = 0.05  # 20 a second
SILENT_S = 15.0  # a stream without sound for so long ends


class Places:
    """So many at a time. Any thread."""

    def __init__(self, most: int, refusal: str) -> None:
        self.most = most
        self.taken = 0
        self._refusal = refusal
        self._lock = threading.Lock()

    def take(self) -> Callable[[], None]:
        """Returns what gives the place back, once. Raises Refused (503)."""
        with self._lock:
            if self.taken >= self.most:
                raise Refused(503, self._refusal.format(most=self.most))
            self.taken += 1
        back = [self._give_back]
        return lambda: back.pop()() if back else None

    def _give_back(self) -> None:
        with self._lock:
            self.taken -= 1


class SoundStreams:
    """All such streams of one app."""

    def __init__(self, port: ControlPort) -> None:
        self._port = port
        self._closing = threading.Event()
        self.looks = Places(MAX_LOOKS, "{most} phones look at the spectrum, and the box serves no more: close one")
        self.listeners = Places(MAX_LISTENERS, "{most} phones listen, and the box serves no more: stop one of them")

    def close(self) -> None:
        """Let every stream end soon."""
        self._closing.set()

    def pictures(self, disconnected: Callable[[], bool]) -> Iterator[bytes]:
        """Spectra, 20 a second. A phone that does not read blocks its own thread only, and then gets the newest."""
        while not (self._closing.is_set() or disconnected()):
            yield self._port.spectrum()
            self._closing.wait(PICTURE_S)

    def sound(self, sound: LiveStream, disconnected: Callable[[], bool]) -> Iterator[bytes]:
        """MP3, as it is played."""
        heard_at = time.monotonic()
        while not (self._closing.is_set() or disconnected()):
            piece = sound.read()
            if piece:
                heard_at = time.monotonic()
                yield piece
            elif time.monotonic() - heard_at > SILENT_S:
                return
