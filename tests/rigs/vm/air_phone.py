"""Runs in a phone's network: gets an address by DHCP (RFC 2131), fetches a page, or asks for a name (RFC 6762).

air_phone.py address | fetch HOST PATH PORT | name HOST OWN_ADDRESS SECONDS. Prints JSON.
"""

import http.client
import json
import os
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

INTERFACE = "wlan2"
RESOLVER = Path("/tmp/phone.dns")
_DISCOVER, _REQUEST = 1, 3
_KIND, _WANTED, _ASKED, _SERVER, _ROUTER, _DNS, _PORTAL = 53, 55, 50, 54, 3, 6, 114


def main() -> None:
    what, *words = sys.argv[1:]
    if what == "name":
        print(json.dumps(named(words[0], words[1], float(words[2]))))
    else:
        print(json.dumps(address() if what == "address" else fetch(words[0], words[1], int(words[2]))))


def address() -> dict[str, str]:
    """Ask for an address and take it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, INTERFACE.encode() + b"\0")
        sock.bind(("0.0.0.0", 68))
        sock.settimeout(10)
        number, mac = os.urandom(4), os.urandom(6)
        offer, options = _ask(sock, number, mac, _DISCOVER, b"")
        more = bytes([_ASKED, 4]) + offer + bytes([_SERVER, 4]) + options[_SERVER]
        given, options = _ask(sock, number, mac, _REQUEST, more)
    found = {name: socket.inet_ntoa(options[code]) for name, code in (("router", _ROUTER), ("dns", _DNS))}
    RESOLVER.write_text(found["dns"])
    own = socket.inet_ntoa(given)
    subprocess.run(["ip", "addr", "replace", f"{own}/24", "dev", INTERFACE], check=True)
    subprocess.run(["ip", "route", "replace", "default", "via", found["router"]], check=True)
    return {"address": own, **found, "portal": options.get(_PORTAL, b"").decode()}


def _ask(sock: socket.socket, number: bytes, mac: bytes, kind: int, more: bytes) -> tuple[bytes, dict[int, bytes]]:
    head = struct.pack("!BBBB", 1, 1, 6, 0) + number + struct.pack("!HH", 0, 0x8000) + bytes(16) + mac + bytes(202)
    wanted = bytes([_KIND, 1, kind, _WANTED, 4, 1, _ROUTER, _DNS, _PORTAL])
    sock.sendto(head + b"\x63\x82\x53\x63" + wanted + more + b"\xff", ("255.255.255.255", 67))
    while True:
        answer = sock.recv(2000)
        if answer[4:8] == number:
            return answer[16:20], _options(answer[240:])


def _options(data: bytes) -> dict[int, bytes]:
    found, at = {}, 0
    while data[at] != 255:
        found[data[at]] = data[at + 2 : at + 2 + data[at + 1]]
        at += 2 + data[at + 1]
    return found


def resolve(host: str, kind: int = 1) -> list[bytes]:
    """The addresses of a name, by the DNS that DHCP told."""
    name = b"".join(bytes([len(part)]) + part.encode() for part in host.split("."))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(10)
        sock.sendto(struct.pack("!HHHHHH", 7, 0x100, 1, 0, 0, 0) + name + b"\0" + struct.pack("!HH", kind, 1),
                    (RESOLVER.read_text(), 53))  # fmt: skip
        answer = sock.recv(1000)
    if answer[3] & 15:
        raise OSError(f"{host}: the DNS refuses: {answer[3] & 15}")
    return [answer[-4:]] if struct.unpack("!H", answer[6:8])[0] else []


def named(host: str, own: str, seconds: float) -> list[str]:
    """The addresses by which the network answers to a name in .local, [] for none within this time.

    own: the asking phone's address. Asked is as a simple resolver does, so that the answer comes to us alone.
    """
    name = b"".join(bytes([len(part)]) + part.encode() for part in host.split(".")) + b"\0"
    found: set[str] = set()
    until = time.monotonic() + seconds
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(own))
        sock.bind((own, 0))
        sock.settimeout(0.5)
        while not found and time.monotonic() < until:
            asked = struct.pack("!HHHHHH", 7, 0, 1, 0, 0, 0) + name + struct.pack("!HH", 1, 1)
            sock.sendto(asked, ("224.0.0.251", 5353))
            try:
                while True:
                    answer = sock.recv(2000)
                    if name.lower() in answer.lower() and struct.unpack("!H", answer[6:8])[0]:
                        found.add(socket.inet_ntoa(answer[-4:]))
            except TimeoutError:
                pass
    return sorted(found)


def fetch(host: str, path: str, port: int) -> dict[str, object]:
    literal = host.replace(".", "").isdigit()
    where = host if literal else socket.inet_ntoa(resolve(host)[0])
    if not literal:
        resolve(host, 28)  # phones ask for IPv6, too, and want an answer
    connection = http.client.HTTPConnection(where, port, timeout=30)
    connection.request("GET", path, headers={"Host": host if port == 80 else f"{host}:{port}"})
    answer = connection.getresponse()
    text = answer.read().decode(errors="replace")
    return {"status": answer.status, "location": answer.headers.get("Location", ""), "text": text[:2000]}


if __name__ == "__main__":
    main()
