"""Runs in the test machine as root: does what the host says over a virtio port, and tells what came of it.

One line of JSON each way: {"run": "…", "seconds": 60} is a shell command, {"ask": ["GET", "status", ""]} a request to
the box's page, as its owner. {"status": 0, "out": "…"} comes back; for the page 0 when it answered well, else its
status or 1.
"""

import json
import re
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

PORT = Path("/dev/virtio-ports/hushbox.test")
PAGE = "http://127.0.0.1:8080/"
PHONE = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())  # it keeps the session


def main() -> None:
    while not PORT.exists():
        time.sleep(0.2)
    with PORT.open("r+b", buffering=0) as port:
        port.write(b'{"ready": true}\n')
        waiting = b""
        while True:
            waiting += port.read(65536) or b""
            while b"\n" in waiting:
                line, _, waiting = waiting.partition(b"\n")
                told = json.loads(line)
                done = ask(*told["ask"]) if "ask" in told else run(told["run"], told["seconds"])
                answer = json.dumps(done).encode() + b"\n"
                while answer:
                    answer = answer[port.write(answer) or 0 :]


def run(command: str, seconds: float) -> dict[str, object]:
    try:
        done = subprocess.run(
            ["/bin/sh", "-c", command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=seconds, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as late:
        return {"status": 124, "out": (late.stdout or b"").decode(errors="replace")}
    return {"status": done.returncode, "out": done.stdout.decode(errors="replace")}


def ask(method: str, path: str, body: str) -> dict[str, object]:
    """As its owner's phone does. Where the box says that this one is not paired, it is paired first."""
    try:
        answer = call(method, path, body)
        if answer["status"] in (401, 403) and json.loads(str(answer["out"])).get("code") in ("pair", "role"):
            pair()
            answer = call(method, path, body)
        return answer
    except (OSError, RuntimeError) as error:
        return {"status": 1, "out": str(error)}


def call(method: str, path: str, body: str) -> dict[str, object]:
    """With the token of the page, for what changes something. Raises OSError."""
    headers = {}
    if method != "GET":
        page = PHONE.open(PAGE, timeout=30).read().decode()
        token = re.search(r'name="csrf-token" content="([^"]+)"', page)
        headers = {"Content-Type": "application/json", "Origin": PAGE[:-1]}
        headers["X-CSRF-Token"] = token[1] if token else ""
    request = urllib.request.Request(f"{PAGE}api/v1/{path}", body.encode() or None, headers, method=method)
    try:
        return {"status": 0, "out": PHONE.open(request, timeout=30).read().decode()}
    except urllib.error.HTTPError as error:
        return {"status": error.code, "out": error.read().decode(errors="replace")}


def pair() -> None:
    """Claim the box with a link that its own user makes. Raises OSError, RuntimeError."""
    said = run("runuser -u hushbox -- hushbox pair", 120)
    code = re.search(r"#pair=([0-9A-Z-]+)", str(said["out"]))
    if not code:
        raise RuntimeError(f"hushbox pair: {said['out']}")
    claimed = call("POST", "pairing/claim", json.dumps({"code": code[1], "name": "test"}))
    if claimed["status"]:
        raise RuntimeError(f"pairing/claim: {claimed['status']} {claimed['out']}")


if __name__ == "__main__":
    main()
