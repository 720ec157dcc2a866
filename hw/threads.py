"""Threads of the panel: PanelThread sleeps on a condition, HotplugThread on the descriptors of pluggable devices."""

import os
import select
import threading
import time
from abc import abstractmethod

THREAD_END_S = 2.0
SCAN_S = 1.0  # a device that is plugged in is found within this time
FAILED = select.POLLERR | select.POLLHUP | select.POLLNVAL


class PanelThread(threading.Thread):
    """A daemon thread with a condition to sleep on."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self._condition = threading.Condition()
        self._stopping = False

    def wake(self) -> None:
        """Wake the thread. Called with the condition held."""
        self._condition.notify()

    def end(self) -> bool:
        """Stop; True when the thread is gone (or never ran)."""
        with self._condition:
            self._stopping = True
            self.wake()
        if self.ident is not None:
            self.join(THREAD_END_S)
        return not self.is_alive()


class HotplugThread(PanelThread):
    """For MIDI and USB keys: scans once a second and after `rescan`, and waits for its descriptors in between."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._wake_fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._poll = select.poll()
        self._poll.register(self._wake_fd, select.POLLIN)
        self._scan_due_s = 0.0
        self._shut = False

    def wake(self) -> None:
        if not self._shut:
            os.eventfd_write(self._wake_fd, 1)

    def rescan(self) -> None:
        """Scan now. Any thread."""
        with self._condition:
            self._scan_due_s = 0.0
            self.wake()

    def watch(self, fd: int, writing: bool = False) -> None:
        """Wait for `fd` too. On this thread."""
        self._poll.register(fd, select.POLLIN | (select.POLLOUT if writing else 0))

    def forget(self, fd: int) -> None:
        self._poll.unregister(fd)

    def run(self) -> None:
        while not self._stopping:
            now = time.monotonic()
            if now >= self._scan_due_s:
                self._scan_due_s = now + SCAN_S
                self.scan()
            self.before_sleep()
            wait_ms = max(min(self._scan_due_s, self.due_s()) - time.monotonic(), 0.0) * 1000.0
            for fd, events in self._poll.poll(wait_ms):
                if fd == self._wake_fd:
                    os.eventfd_read(self._wake_fd)
                else:
                    self.ready(fd, events)
        self.shut()
        with self._condition:
            self._shut = True
            os.close(self._wake_fd)

    def due_s(self) -> float:
        """When `before_sleep` must run next. On this thread."""
        return float("inf")

    @abstractmethod
    def scan(self) -> None:
        """Open new devices and drop those that are gone."""

    @abstractmethod
    def ready(self, fd: int, events: int) -> None:
        """`fd` can be read or written, or has failed."""

    @abstractmethod
    def before_sleep(self) -> None:
        """Do what other threads have asked for."""

    @abstractmethod
    def shut(self) -> None:
        """Close everything, at the end of this thread."""
