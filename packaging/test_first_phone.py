"""What the first phone does, with Python alone: open the page, pair by a link, see the demo play, change a setting.

    python3 packaging/test_first_phone.py ADDRESS LINK       LINK: as `hushbox pair` prints it

Ends with 0 when all of it went well, else with the reason.
"""

import http.cookiejar
import json
import sys
import time
import urllib.request

WAIT_S = 120.0  # on a busy machine


def main(address: str, link: str) -> str:
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    token = ""

    def ask(method: str, path: str, body: object = None) -> bytes:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "X-CSRF-Token": token}
        request = urllib.request.Request(f"{address}/{path}", data, headers, method=method)
        with opener.open(request, timeout=30) as answer:
            return answer.read()

    if b"Hushbox" not in ask("GET", ""):
        return "the page does not answer"
    token = json.loads(ask("GET", "api/v1/session"))["token"]
    ask("POST", "api/v1/pairing/claim", {"code": link.partition("#pair=")[2], "name": "first phone"})
    paired = json.loads(ask("GET", "api/v1/pairing"))
    if paired["role"] != "owner":
        return f"the phone is not the owner: {paired}"
    until = time.monotonic() + WAIT_S
    while (status := json.loads(ask("GET", "api/v1/status")))["state"] != "running":
        if time.monotonic() > until:
            return f"the demo does not play: {status}"
        time.sleep(0.5)
    ask("PUT", "api/v1/params/box.bypass", {"value": 1})
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1].rstrip("/"), sys.argv[2]) or 0)
