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
MOST_PEERS = 8


@dataclass(frozen=True, slots=True)
class PlaceState:
    """Where takes can go. id: "internal", or a stick's. root: the folder of its takes. problem: why none can go there.

    unit: of systemd, which holds a stick; "" for none.
    """

    id: str
    label: str
    root: str
    free_bytes: int
    total_bytes: int
    problem: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class RecorderState:
    """What the recorder does. frames: of the present take. kept_s, kept_bytes: of the last minutes, in memory.

    has: the lanes that the box has at present. trouble: what is wrong with the disk, for people. said: what was lost
    since the state before. done: folders of takes that were completed since then. armed: a take begins when somebody
    plays. place: where the present take goes, "" without one. released: sticks that nothing is written to any more.
    loudest: sample that was written since the state before.
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
    armed: bool = False
    place: str = ""
    places: tuple[PlaceState, ...] = ()
    released: tuple[str, ...] = ()
    loudest: float = 0.0


def packed(tree: Mapping[str, Any]) -> bytes:
    return json.dumps(tree, ensure_ascii=False, separators=(",", ":")).encode()


class RecorderEnd:
    """The recorder's end: control, and commands that ask beside it. One thread; it waits as long as it is told."""

    def __init__(self, path: Path) -> None:
        """Raises OSError."""
        path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
        self._listener.bind(str(path))
        os.chmod(path, 0o600)
        self._listener.listen(MOST_PEERS)
        self._peers: list[socket.socket] = []

    def receive(self, wait_s: float) -> list[dict[str, Any]]:
        """What was asked for; waits so long for the first of it."""
        readable, _, _ = select.select([self._listener, *self._peers], [], [], wait_s)
        if self._listener in readable:
            with contextlib.suppress(OSError):
                peer, _ = self._listener.accept()
                peer.setblocking(False)
                self._peers.append(peer)
                if len(self._peers) > MOST_PEERS:
                    self._peers.pop(0).close()
        return [message for peer in list(self._peers) for message in self._heard(peer)]

    def send(self, state: RecorderState) -> None:
        """Tell everybody; what one has no room for is left out."""
        data = packed(asdict(state))
        for peer in self._peers:
            with contextlib.suppress(OSError):
                peer.send(data)

    def close(self) -> None:
        for peer in self._peers:
            peer.close()
        self._peers.clear()
        self._listener.close()

    def _heard(self, peer: socket.socket) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            try:
                data = peer.recv(LONGEST)
            except BlockingIOError:
                return found
            except OSError:
                data = b""
            if not data:
                peer.close()
                self._peers.remove(peer)
                return found
            with contextlib.suppress(ValueError):
                tree = json.loads(data)
                if isinstance(tree, dict):
                    found.append(tree)


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
    lists = {name: tuple(map(str, tree[name])) for name in ("has", "said", "done", "released")}
    places = tuple(PlaceState(**each) for each in tree["places"])
    return RecorderState(**{**tree, **lists, "places": places})
