"""The page's address, told in whole lines: other processes write to the same terminal or log."""

import ast
import ipaddress
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from firmware_app.page import announce


@pytest.mark.parametrize(
    ("host", "lines"),
    [
        ("127.0.0.1", ["Hushbox's page: http://127.0.0.1:8080/\n", "(this machine only)\n"]),
        ("::1", ["Hushbox's page: http://[::1]:8080/\n", "(this machine only)\n"]),
        ("2001:db8::7", ["Hushbox's page: http://[2001:db8::7]:8080/\n", "Ctrl-C stops the box.\n"]),
        ("192.0.2.7", ["Hushbox's page: http://192.0.2.7:8080/\n", "Ctrl-C stops the box.\n"]),
    ],
)
def test_each_line_is_one_write(host, lines):
    # Unbuffered (PYTHONUNBUFFERED), each write goes out by itself, and others may come between two.
    program = (
        "import os, sys\n"
        "class Out:\n"
        "    def write(self, text): os.write(1, repr(text).encode() + b'\\n')\n"
        "    def flush(self): pass\n"
        "    def isatty(self): return False\n"
        "sys.stdout = Out()\n"
        "from firmware_app.page import announce\n"
        f"announce.page({host!r}, 8080)\n"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert [ast.literal_eval(line) for line in told.splitlines() if line != "''"] == lines


def test_the_first_code_is_told_to_a_terminal_and_never_to_a_log(capsys, monkeypatch):
    announce.page("192.0.2.7", 8080, "AB0CD-1EFGH")
    told = capsys.readouterr().out
    assert "AB0CD" not in told
    assert "hushbox url" in told
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    announce.page("192.0.2.7", 8080, "AB0CD-1EFGH")
    assert "http://192.0.2.7:8080/#pair=AB0CD-1EFGH" in capsys.readouterr().out


@pytest.mark.parametrize("host", ["", "*", "0.0.0.0", "::"])
def test_a_page_at_every_address_is_told_with_one_that_works(host, capsys):
    announce.page(host, 8080)
    address = urlsplit(capsys.readouterr().out.splitlines()[0].rpartition(" ")[2]).hostname
    assert address
    assert not ipaddress.ip_address(address).is_unspecified
