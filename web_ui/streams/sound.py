"""Streams of pictures and of sound: bounded in number, each on one of the server's threads, gone with the page."""

import threading
import time
from collections.abc import Callable, Iterator

from web_ui.limits import MAX_LISTENERS, MAX_LOOKS
from web_ui.ports.box import ControlPort
from web_ui.ports.sound import LiveStream
from web_ui.visitors.places import Places

PICTURE_S = 0.05  # 20 a second
SILENT_S = 15.0  # a stream without sound for so long ends


class SoundStreams:
    """All such streams of one app."""

    def __init__(self, port: ControlPort) -> None:
        self._port = port
        self._closing = threading.Event()
        self.looks = Places(MAX_LOOKS, "{most} phones look at the spectrum, which is the limit: close one")
        self.listeners = Places(MAX_LISTENERS, "{most} phones listen, which is the limit: stop one of them")

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
