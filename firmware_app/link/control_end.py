"""The control process's end of the link: a thread that connects, sends what changed and hands up what comes."""

import contextlib
import logging
import select
import socket
import threading
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

from dsp.params import ParamSpec
from firmware_app.link.wire import (
    DOWN,
    UP_BYTES,
    Down,
    HealthFrame,
    InfoFrame,
    InputsFrame,
    MeterFrame,
    Up,
    params_hash,
)

log = logging.getLogger(__name__)

FLUSH_S = 0.010  # continuous values leave at most this often, as the last value of each
RECONNECT_S = 0.2


class ControlLink(threading.Thread):
    """Keeps a connection to the audio process, and connects again whenever it breaks.

    When the socket is full, continuous parameters wait here as their last value. Discrete ones (switches, presets)
    keep their order and are never dropped. After each connect the whole state is sent first.
    """

    def __init__(
        self,
        path: Path,
        specs: Mapping[str, ParamSpec],
        snapshot: Callable[[], Mapping[str, float]],
        on_meter: Callable[[MeterFrame], None],
        on_info: Callable[[InfoFrame], None],
        on_down: Callable[[], None],
        on_inputs: Callable[[InputsFrame], None] = lambda frame: None,
        on_health: Callable[[HealthFrame], None] = lambda health: None,
    ) -> None:
        """snapshot() returns all values now; the callbacks run on this thread and must be quick."""
        super().__init__(name="link", daemon=True)
        self._path = path
        self._specs = specs
        self._index = {id: i for i, id in enumerate(specs)}
        self._hash = params_hash(specs)
        self._snapshot, self._on_meter, self._on_info, self._on_down = snapshot, on_meter, on_info, on_down
        self._on_inputs = on_inputs
        self._on_health = on_health
        self._lock = threading.Lock()
        self._latest: dict[str, float] = {}
        self._queue: deque[bytes] = deque()
        self._seq = 0
        self._wake_read, self._wake_write = socket.socketpair()
        self._wake_read.setblocking(False)
        self._wake_write.setblocking(False)
        self._stopping = threading.Event()
        self._peer: socket.socket | None = None
        self._agreed = False  # both sides have the same parameter table; nothing is sent before that is known

    def send_param(self, id: str, value: float) -> None:
        """Send one changed value. Any thread; returns at once.

        A switch is in the socket on return, unless the audio process is gone or behind. So what the page has confirmed,
        above all a mute, outlives a crash of this process.
        """
        with self._lock:
            if self._specs[id].discrete:
                self._queue.append(self._message(Down.PARAM, self._index[id], value))
            else:
                self._latest[id] = value
            urgent, peer = bool(self._queue), self._peer
        if urgent and not (peer is not None and self._agreed and self._flush(peer)):
            self._wake()

    def send_reopen(self, trial: int = 0) -> None:
        """Ask the audio process to open its device again. trial: number of the settings to try. Any thread."""
        self.send_command(Down.REOPEN, 0, float(trial))

    def send_command(self, kind: Down, index: int = 0, value: float = 0.0) -> None:
        """Queue a message that is not a parameter. Any thread; it is lost if the link breaks before it was sent."""
        with self._lock:
            self._queue.append(self._message(kind, index, value))
        self._wake()

    def stop(self) -> None:
        """End the thread and wait for it. Raises RuntimeError when it will not end."""
        self._stopping.set()
        self._wake()
        self.join(timeout=1.0)
        if self.is_alive():
            raise RuntimeError("the link thread did not stop within 1 s")
        self._wake_read.close()
        self._wake_write.close()

    def run(self) -> None:
        while not self._stopping.is_set():
            peer = self._connect()
            if peer is None:
                self._stopping.wait(RECONNECT_S)
                continue
            with peer:
                self._agreed = False
                self._queue_snapshot()
                with self._lock:
                    self._peer = peer
                with contextlib.suppress(OSError):
                    self._serve(peer)
                with self._lock:
                    self._peer = None
            if not self._stopping.is_set():
                self._on_down()

    def _connect(self) -> socket.socket | None:
        peer = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            peer.connect(str(self._path))
        except OSError:
            peer.close()
            return None
        peer.setblocking(False)
        return peer

    def _serve(self, peer: socket.socket) -> None:
        """Run until the peer closes or the program stops. Raises OSError when the peer is gone."""
        poll = select.poll()
        poll.register(self._wake_read, select.POLLIN)
        while not self._stopping.is_set():
            blocked = self._agreed and not self._flush(peer)
            with self._lock:
                pending = bool(self._latest)
            poll.register(peer, select.POLLIN | (select.POLLOUT if blocked else 0))
            poll.poll(FLUSH_S * 1000 if pending or blocked else 500)
            with contextlib.suppress(BlockingIOError):
                self._wake_read.recv(4096)
            if not self._receive(peer):
                return
        if self._agreed:
            self._flush(peer)  # the last changes, such as a switch released while the box stops

    def _flush(self, peer: socket.socket) -> bool:
        """Send everything that waits. False when the socket is full or gone. Any thread."""
        with self._lock:
            for id, value in self._latest.items():
                self._queue.append(self._message(Down.PARAM, self._index[id], value))
            self._latest.clear()
            while self._queue:
                try:
                    peer.send(self._queue[0])
                except OSError:  # full, or gone, which _serve notices
                    return False
                self._queue.popleft()
        return True

    def _receive(self, peer: socket.socket) -> bool:
        """Pass on everything that has arrived. False at the end of the connection."""
        while True:
            try:
                message = peer.recv(UP_BYTES)
            except BlockingIOError:
                return True
            if len(message) != UP_BYTES:
                return False
            if message[0] == Up.METER:
                self._on_meter(MeterFrame.unpack(message))
            elif message[0] == Up.INPUTS:
                self._on_inputs(InputsFrame.unpack(message))
            elif message[0] == Up.HEALTH:
                self._on_health(HealthFrame.unpack(message))
            elif message[0] in (Up.INFO, Up.DEMO_INFO):
                info = InfoFrame.unpack(message)
                agreed = info.params_hash == self._hash
                if not agreed:
                    log.error("audio process and control process are of different versions: restart both")
                self._agreed = agreed
                self._on_info(info)

    def _queue_snapshot(self) -> None:
        with self._lock:
            self._queue.clear()
            self._latest.clear()
        # Changes made from here on wait behind the snapshot, so that an older value never overtakes a newer one.
        messages = [self._message(Down.PARAM, self._index[id], value) for id, value in self._snapshot().items()]
        with self._lock:
            self._queue.extendleft(reversed(messages))

    def _message(self, kind: Down, index: int, value: float) -> bytes:
        self._seq = (self._seq + 1) & 0xFFFFFFFF
        return DOWN.pack(kind, index, self._seq, value)

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError, OSError):
            self._wake_write.send(b"!")
