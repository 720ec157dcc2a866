"""Sockets from systemd are taken once, by the process that they are for, and by no other."""

import os
import socket
import subprocess
import sys

import pytest

from firmware_app.running import given_sockets

_CHILD = """
import os
os.environ["LISTEN_PID"], os.environ["LISTEN_FDS"] = str(os.getpid()), "1"
from firmware_app.running import given_sockets
(found,) = given_sockets.taken()
print(found.getsockname()[1], given_sockets.taken(), "LISTEN_FDS" in os.environ, os.get_inheritable(found.fileno()))
"""


def test_a_socket_is_taken_once():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number = listener.getsockname()[1]
        child = subprocess.run(
            [sys.executable, "-c", f"import os; os.dup2({listener.fileno()}, 3, inheritable=True)\n{_CHILD}"],
            pass_fds=[listener.fileno()], capture_output=True, text=True, check=True,
        )  # fmt: skip
    assert child.stdout.split(maxsplit=1) == [str(number), "[] False False\n"]


@pytest.mark.parametrize(("pid", "count"), [("1", "1"), ("", ""), ("x", "1"), ("own", "0")])
def test_what_is_for_another_process_is_left(monkeypatch: pytest.MonkeyPatch, pid: str, count: str):
    monkeypatch.setenv("LISTEN_PID", str(os.getpid()) if pid == "own" else pid)
    monkeypatch.setenv("LISTEN_FDS", count)
    assert given_sockets.taken() == []
