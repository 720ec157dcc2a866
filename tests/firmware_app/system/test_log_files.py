"""The box's own log, as hushbox-log.socket gives it: the real socket's end is systemd's, here a thread answers."""

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from firmware_app.system import log_files


@pytest.fixture
def answering(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bytes], None]]:
    """Make the socket answer with these bytes, once, and then close."""
    monkeypatch.setenv("JOURNAL_STREAM", "8:1")
    monkeypatch.setattr(log_files.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(log_files, "LOG_SOCKET", tmp_path / "log")
    listening = socket.socket(socket.AF_UNIX)
    threads: list[threading.Thread] = []

    def answer(data: bytes) -> None:
        peer, _ = listening.accept()
        with peer:
            peer.sendall(data)

    def start(data: bytes) -> None:
        listening.bind(str(tmp_path / "log"))
        listening.listen()
        threads.append(threading.Thread(target=answer, args=(data,)))
        threads[0].start()

    yield start
    for thread in threads:
        thread.join()
    listening.close()


def test_the_newest_lines_come_from_the_socket(answering: Callable[[bytes], None], tmp_path: Path) -> None:
    answering("".join(f"line {n} é\n" for n in range(3000)).encode())
    assert log_files.last_lines(tmp_path, 2) == ["line 2998 é", "line 2999 é"]


def test_bytes_that_are_no_text_are_shown_as_far_as_they_are(
    answering: Callable[[bytes], None], tmp_path: Path
) -> None:
    answering(b"\xff\xfe\n")
    assert log_files.last_lines(tmp_path, 10) == ["\ufffd\ufffd"]


def test_a_socket_that_nobody_serves_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOURNAL_STREAM", "8:1")
    monkeypatch.setattr(log_files.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(log_files, "LOG_SOCKET", tmp_path / "log")
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(str(tmp_path / "log"))
    (words,) = log_files.last_lines(tmp_path, 10)
    assert "cannot be read" in words
