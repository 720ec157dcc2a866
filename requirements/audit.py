"""Ask whether anything that the box ships has a known weakness, from a file of advisories: no network is needed.

    .venv-audit/bin/python requirements/audit.py [ADVISORIES] LIST...

ADVISORIES: OSV's own format: a ZIP (https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip), a folder or one
JSON file. Without it pip-audit asks OSV's service. LIST: lock files with hashes.

pip-audit does the asking; it knows services alone, so the file is served to it on this machine, as OSV's service would.
Exit code 0: nothing is known. 1: something is. 2: it could not be looked, which is not the same as nothing.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from packaging.version import InvalidVersion, Version

CLEAN, FOUND, COULD_NOT_LOOK = 0, 1, 2


def main(arguments: list[str]) -> int:
    lists = [Path(each) for each in arguments if each.endswith(".lock")]
    named = [Path(each) for each in arguments if not each.endswith(".lock")]
    if not lists or len(named) > 1:
        return could_not("name lock files, and at most one file of advisories")
    with tempfile.TemporaryDirectory() as folder:
        wanted = every_machine(lists, Path(folder))
        if not named:
            return max(ask(each, folder, []) for each in wanted)
        try:
            advisories = Advisories(named[0])
        except (OSError, ValueError, zipfile.BadZipFile) as error:
            return could_not(f"{named[0]}: {error}")
        with serving(advisories) as url:
            status = max(ask(each, folder, ["--osv-url", url]) for each in wanted)
        listed = sum(len(each.read_text().splitlines()) for each in wanted)
        if status != COULD_NOT_LOOK and advisories.asked < listed:
            return could_not(f"only {advisories.asked} of {listed} packages were asked for")
        told = f"{advisories.known} advisories, the newest of {advisories.newest}"
        print(f"audit: {advisories.asked} packages against {told}")
        return status


def could_not(why: str) -> int:
    print(f"audit: could not look, so this says nothing: {why}", file=sys.stderr)
    return COULD_NOT_LOOK


def every_machine(lists: list[Path], folder: Path) -> list[Path]:
    """The locked versions without the markers of machines and Pythons: what any box has is asked for.

    A package may have one version for each Python; pip-audit takes one in a list, so there are several lists.
    """
    found: dict[str, set[str]] = {}
    for listed in lists:
        for name, version in re.findall(r"^([\w.-]+)==([^ ;\\\n]+)", listed.read_text(), re.MULTILINE):
            found.setdefault(name, set()).add(version)
    rounds = []
    for number in range(max(map(len, found.values()))):
        lines = [f"{name}=={sorted(all)[number]}\n" for name, all in found.items() if number < len(all)]
        rounds.append(folder / f"{number}.txt")
        rounds[-1].write_text("".join(lines))
    return rounds


def ask(wanted: Path, cache: str, more: list[str]) -> int:
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--no-deps", "-r", str(wanted), "-s", "osv"]
    done = subprocess.run(
        [*command, "--cache-dir", cache, "--progress-spinner=off", *more], capture_output=True, text=True
    )
    sys.stdout.write(done.stdout)
    if done.returncode == 0 and "No known vulnerabilities" in done.stderr:
        return CLEAN
    if re.search(r"^Found \d+ known vulnerabilit", done.stderr, re.MULTILINE):
        return FOUND
    return could_not((done.stderr.strip().splitlines() or ["pip-audit said nothing"])[-1][:200])


class Advisories:
    """OSV's advisories for PyPI. Raises ValueError for a file without any."""

    def __init__(self, path: Path) -> None:
        self._by_name: dict[str, list[dict[str, Any]]] = {}
        self.asked, self.known, self.newest = 0, 0, ""
        for tree in _trees(path):
            names = {_name(each) for each in tree.get("affected", ()) if _name(each)}
            self.known += bool(names)
            self.newest = max(self.newest, str(tree.get("modified", ""))[:10]) if names else self.newest
            for name in names:
                self._by_name.setdefault(name, []).append(tree)
        if not self.known:
            raise ValueError("no advisory for PyPI in OSV's format")

    def of(self, name: str, version: str) -> list[dict[str, Any]]:
        """Those that this version is affected by."""
        self.asked += 1
        listed = self._by_name.get(_normal(name), ())
        return [tree for tree in listed if any(_affects(each, name, version) for each in tree["affected"])]


def _trees(path: Path) -> Iterator[dict[str, Any]]:
    if path.is_dir():
        texts = (file.read_text() for file in sorted(path.rglob("*.json")))
    elif zipfile.is_zipfile(path):
        archive = zipfile.ZipFile(path)
        texts = (archive.read(name).decode() for name in archive.namelist() if name.endswith(".json"))
    else:
        texts = iter([path.read_text()])
    for text in texts:
        tree = json.loads(text)
        yield from tree if isinstance(tree, list) else tree.get("vulns", [tree])


def _affects(affected: dict[str, Any], name: str, version: str) -> bool:
    """By the versions that are listed, else by its ranges. What is no version of Python's counts as affected."""
    if _name(affected) != _normal(name):
        return False
    try:
        own = Version(version)
        if any(_same(each, own) for each in affected.get("versions", ())):
            return True
        return any(_within(each["events"], own) for each in affected.get("ranges", ()) if each["type"] == "ECOSYSTEM")
    except InvalidVersion:
        return True


def _same(listed: str, own: Version) -> bool:
    try:
        return Version(listed) == own
    except InvalidVersion:
        return False


def _within(events: list[dict[str, str]], own: Version) -> bool:
    """OSV's rule: the last event at or before this version decides."""
    inside = False
    steps = [(Version(value if value != "0" else "0.dev0"), kind) for event in events for kind, value in event.items()]
    for at, kind in sorted(steps, key=lambda step: step[0]):
        if kind == "introduced" and own >= at:
            inside = True
        elif (kind == "fixed" and own >= at) or (kind == "last_affected" and own > at):
            inside = False
    return inside


def _name(affected: dict[str, Any]) -> str:
    package = affected.get("package", {})
    return _normal(package["name"]) if package.get("ecosystem") == "PyPI" else ""


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


class serving:
    """OSV's service on this machine, for as long as the context lasts; its URL."""

    def __init__(self, advisories: Advisories) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                answer = json.dumps({"vulns": advisories.of(asked["package"]["name"], asked["version"])}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self) -> str:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_port}/v1/query"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
