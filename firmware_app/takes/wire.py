"""What control and the recorder say to each other: one JSON object a message, over a Unix socket of packets.

Control asks {"do": ...}; the recorder answers with its whole state, twice a second and whenever it changes. Neither
waits for the other. A message that is not understood is left out.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

SOCKET = "recorder.sock"
LONGEST = 60_000  # bytes of a message
RECONNECT_S = 0.5


@dataclass(frozen=True, slots=True)
class RecorderState:
    """What the recorder does. frames: of the present take. kept_s, kept_bytes: of the last minutes, in memory.

    has: the lanes that the box has at present. trouble: what is wrong with the disk, for people. said: what was lost
    since the state before. done: folders of takes that were completed since then.
    """

    recording: bool = False
    folder: str = ""
    frames: int = 0
    waiting_bytes: int = 0
    kept_s: int = 0
    kept_bytes: int = 0
    has: tuple[str, ...] = ()
    trouble: str = ""
    said: tuple[str, ...] = ()
    done: tuple[str, ...] = ()


def packed(tree: Mapping[str, Any]) -> bytes:
    return json.dumps(tree, ensure_ascii=False, separators=(",", ":")).encode()


class RecorderEnd:
    """The recorder's end. One thread; nothing here waits longer than it is told to."""

    def __init__(self, path: Path) -> None:
        """Raises OSError."""
        path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
        self._listener.bind(str(path))
        os.chmod(path, 0o600)
        self._listener.listen(1)
        self._peer: socket.socket | None = None

    def receive(self, wait_s: float) -> list[dict[str, Any]]:
        """What control has asked for; waits so long for the first of it."""
        sockets = [self._listener] if self._peer is None else [self._listener, self._peer]
        readable, _, _ = select.select(sockets, [], [], wait_s)
        if self._listener in readable:
            with contextlib.suppress(OSError):
                peer, _ = self._listener.accept()
                peer.setblocking(False)
                self._hang_up()
                self._peer = peer
        found: list[dict[str, Any]] = []
        while self._peer is not None:
            try:
                data = self._peer.recv(LONGEST)
            except BlockingIOError:
                break
            except OSError:
                data = b""
            if not data:
                self._hang_up()
                break
            with contextlib.suppress(ValueError):
                tree = json.loads(data)
                if isinstance(tree, dict):
                    found.append(tree)
        return found

    def send(self, state: RecorderState) -> None:
        """Tell control; what it has no room for is left out."""
        if self._peer is not None:
            with contextlib.suppress(OSError):
                self._peer.send(packed(asdict(state)))

    def close(self) -> None:
        self._hang_up()
        self._listener.close()

    def _hang_up(self) -> None:
        if self._peer is not None:
            self._peer.close()
            self._peer = None


class ControlEnd(threading.Thread):
    """Control's end: connects, and connects again. Any thread may ask; while nobody listens that is refused."""

    def __init__(
        self,
        path: Path,
        snapshot: Callable[[], Sequence[Mapping[str, Any]]],
        on_state: Callable[[RecorderState | None], None],
    ) -> None:
        """snapshot: what to send first on every connection. on_state is called on this thread; None: no recorder."""
        super().__init__(name="recorder link", daemon=True)
        self._path, self._snapshot, self._on_state = path, snapshot, on_state
        self._peer: socket.socket | None = None
        self._lock = threading.Lock()
        self._stopping = threading.Event()

    def ask(self, do: str, **what: Any) -> bool:
        """Whether it is on its way. Any thread; never waits."""
        with self._lock:
            if self._peer is None:
                return False
            try:
                self._peer.send(packed({"do": do, **what}))
            except OSError:
                return False
        return True

    def run(self) -> None:
        while not self._stopping.is_set():
            peer = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with peer:
                try:
                    peer.connect(str(self._path))
                    for message in self._snapshot():
                        peer.send(packed(message))
                    peer.setblocking(False)
                except OSError:
                    self._stopping.wait(RECONNECT_S)
                    continue
                with self._lock:
                    self._peer = peer
                self._listen(peer)
                with self._lock:
                    self._peer = None
            self._on_state(None)

    def stop(self) -> None:
        """End the thread, and wait for that."""
        self._stopping.set()
        self.join()

    def _listen(self, peer: socket.socket) -> None:
        while not self._stopping.is_set():
            readable, _, _ = select.select([peer], [], [], 0.2)
            if not readable:
                continue
            try:
                data = peer.recv(LONGEST)
            except OSError:
                return
            if not data:
                return
            with contextlib.suppress(ValueError, TypeError):
                self._on_state(_state(json.loads(data)))


def _state(tree: Any) -> RecorderState:
    """Raises ValueError, TypeError for what is none."""
    lists = {name: tuple(map(str, tree[name])) for name in ("has", "said", "done")}
    return RecorderState(**{**tree, **lists})
