"""Streams of spectra and of live sound: limited in number, each on a thread of the server, ended with the page."""

import threading
import time
from collections.abc import Callable, Iterator

from web_ui.limits import MAX_LISTENERS, MAX_LOOKS
from web_ui.ports.sound import LiveStream, SoundPort
from web_ui.visitors.slots import Slots

PICTURE_S = 0.05  # 20 a second
SILENT_S = 15.0  # a stream ends after so long without sound


class SoundStreams:
    """All such streams of one app. Any thread."""

    def __init__(self, port: SoundPort) -> None:
        self._port = port
        self._closing = threading.Event()
        self.looks = Slots(MAX_LOOKS, "{most} phones look at the spectrum, which is the limit: close one")
        self.listeners = Slots(MAX_LISTENERS, "{most} phones listen, which is the limit: stop one of them")

    def close(self) -> None:
        """Let all streams end soon."""
        self._closing.set()

    def pictures(self, disconnected: Callable[[], bool]) -> Iterator[bytes]:
        """Spectra, 20 a second. A phone that stops reading blocks its own thread only, and gets the newest later."""
        while not (self._closing.is_set() or disconnected()):
            yield self._port.spectrum()
            self._closing.wait(PICTURE_S)

    def sound(self, sound: LiveStream, disconnected: Callable[[], bool]) -> Iterator[bytes]:
        """MP3, piece by piece as it is played."""
        heard_at = time.monotonic()
        while not (self._closing.is_set() or disconnected()):
            piece = sound.read()
            if piece:
                heard_at = time.monotonic()
                yield piece
            elif time.monotonic() - heard_at > SILENT_S:
                return
