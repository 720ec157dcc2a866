"""Whether a version is back: its sound, and its page.

This is read by the version before. So it uses only what never changes from version to version (docs/updates.md): the
first 24 bytes of `audio.shm`, `page.json`, and that a GET of / is answered.
"""

import http.client
import json
import ssl
import time
from pathlib import Path

from firmware_app.kept.start_from import SHARED
from firmware_app.link.shared_state import Heartbeat

NOTE = "page.json"  # what firmware_app/page/address.py leaves
FRESH_S = 1.0  # a process that ended and is started again leaves a longer gap than this
ANSWER_S = 5.0  # a page under load may take this long
_ANY = {"": "127.0.0.1", "*": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}


class Proof:
    """One trial, from the moment that the old processes are gone. One thread."""

    def __init__(self, runtime: Path, sound: Path) -> None:
        """runtime, sound: the runtime folders of control and of the audio process; one, unless they are two users."""
        self._note = runtime / NOTE
        self._old_note = self._note_identity()
        self._began = time.monotonic()
        self._heartbeat = Heartbeat(sound / SHARED)

    @property
    def running_s(self) -> float:
        return time.monotonic() - self._began

    def sound(self) -> bool:
        """Whether the audio process makes progress now. One that waits for an interface, or plays the demo, does."""
        age_s = self._heartbeat.age_s(self.running_s)
        return age_s is not None and age_s < FRESH_S

    def page(self) -> bool:
        """Whether the page answers on this machine, at the address that the new version has left."""
        identity = self._note_identity()
        if identity is None or identity == self._old_note:
            return False
        try:
            tree = json.loads(self._note.read_bytes()[:10_000])
            host, port = str(tree["host"]), int(tree["port"])
        except (OSError, ValueError, KeyError, TypeError):
            return False
        return answers(host, port)

    def _note_identity(self) -> tuple[int, int] | None:
        """Each note is a file of its own. The time of day would not tell them apart where the clock is being set."""
        try:
            found = self._note.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns

    def close(self) -> None:
        self._heartbeat.close()


def answers(host: str, port: int) -> bool:
    """Whether a page answers, over TLS where it has that; what it answers is its own business, an error of its is not.

    The certificate is not checked: this is loopback, and only about being there.
    """
    host = _ANY.get(host, host.strip("[]"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for connection in (
        http.client.HTTPConnection(host, port, timeout=ANSWER_S),
        http.client.HTTPSConnection(host, port, timeout=ANSWER_S, context=context),
    ):
        try:
            connection.request("GET", "/", headers={"Host": f"localhost:{port}"})
            return connection.getresponse().status < 500
        except (OSError, http.client.HTTPException):
            continue
        finally:
            connection.close()
    return False
