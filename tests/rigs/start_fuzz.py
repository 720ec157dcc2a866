"""What is accepted must start: odd files, imports, restores and requests, then a new start and every page read.

    python -m tests.rigs.start_fuzz [--count 2000] [--seed N] [--processes 20]

A case lays something odd into the state folder, or sends it to the page; then the control process starts on that folder
as it always does, and every GET of the page is read. Nothing may raise or hang, no answer may be 5xx, no line of the
log may be two. What was answered with 2xx has to be there after the start, with no file set aside; what was refused
has to have changed nothing. Most starts are the real construction in this process, --processes of them a process.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import traceback
import urllib.error
import urllib.request
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from firmware_app.audio.trial import AudioTrial
from firmware_app.config import places
from firmware_app.config import read as config
from firmware_app.kept import audio, models
from firmware_app.kept.param_table import PARAMS
from firmware_app.kept.store import Store
from firmware_app.running.crash_loop import CrashLoop
from firmware_app.setup.backup_reading import NAMES
from tests.rigs.odd_box.box import CONFIG, OddBox, patience, runtime_folder
from tests.rigs.odd_box.requests import FIRST, requests
from tests.rigs.odd_box.trees import ODD_TEXTS, damaged, put, spoiled, written
from web_ui.ports.pairing import COOKIE, NOBODY, OWNER, ROLES

ENDINGS = ("", "", "", ".1", ".new", ".1.new", ".bad-1")
EVERY_SLOW = 150  # cases between two diagnostics
READ = ("status", "params", "presets", "panel", "panel/setup", "setup", "setup/news", "system", "system/backup.json",
        "models", "compare", "history", "pairing", "phones", "pin")  # fmt: skip
KINDS = ("file", "import", "restore", "request")


class Fuzz:
    """The folders of one run. scratch: its own."""

    def __init__(self, scratch: Path, dice: random.Random) -> None:
        self._scratch, self._dice = scratch, dice
        self._good = scratch / "good"
        self.told: Counter[str] = Counter()
        runtime = runtime_folder()
        with OddBox(self._good, runtime) as box:
            for method, path, body in FIRST:
                answer = box.ask(method, path, written(body))
                assert answer.status_code in (200, 204), (path, answer.get_data())
            self.presets = box.get("presets/export")
            self._session = box.sessions[OWNER]
            backup = box.ask("GET", "system/backup.json")
            self.backup = json.loads(backup.get_data())
            audio.settings_file(self._good).save({"period_frames": 256, "input_channels": [1]})
            models.file_in(self._good).save({"bundle": "denoise-light"})  # this box has loaded no model to choose
            for name in (audio.NAME, models.NAME):
                self.backup["files"][name] = _tree(self._good / name)
        shutil.rmtree(runtime)
        gc.freeze()  # the panel collects garbage at every start, and would go through all of this each time
        pin = {"salt": "ab" * 16, "hash": "cd" * 32, "key": "ef" * 32}
        self.kept = {
            **{path.name: path.read_bytes() for path in self._good.iterdir() if path.is_file() and path.suffix != ".1"},
            "pin.json": written({"schema": 1, "pin": pin}),
            "restore.json": written({"schema": 1, "files": self.backup["files"]}),
        }
        assert set(self.kept) >= NAMES, "the box that is spoiled has something of everything"

    def case(self, number: int) -> list[str]:
        """One odd thing and what follows. Returns what was wrong."""
        state, runtime = self._scratch / "state", runtime_folder()
        shutil.copytree(self._good, state)
        kind = self._dice.choices(KINDS, (40, 15, 25, 20))[0]
        try:
            with patience():
                return self._inflict(kind, number, state, runtime)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            return [f"{kind}: {error!r}\n{traceback.format_exc(limit=-6)}"]
        finally:
            _remove(state)
            shutil.rmtree(runtime, ignore_errors=True)

    def _inflict(self, kind: str, number: int, state: Path, runtime: Path) -> list[str]:
        if kind == "file":
            was = self._lay(state)
            self.told[kind] += 1
            return [f"{was}: {wrong}" for wrong in self._start(state, runtime, number)]
        with OddBox(state, runtime) as box:
            before = _shown(box)
            sent = getattr(self, f"_{kind}")(box)
            wrong = [f"{method} {path} {body[:300]!r}: {answer.status_code} {answer.get_data()[:200]!r}"
                     for method, path, body, answer in sent if answer.status_code >= 500]  # fmt: skip
            wrong += _two_lines(box)
        taken = [(path, body, answer) for _, path, body, answer in sent if answer.status_code < 300]
        self.told[f"{kind}, {'accepted' if taken else 'refused'}"] += 1
        said = "; ".join(f"{method} {path} {body[:300]!r}" for method, path, body, _ in sent)
        wrong += [f"after {said}: {one}" for one in self._start(state, runtime, number, taken, before)]
        return wrong

    def _lay(self, state: Path) -> str:
        was = []
        for _ in range(1 + int(self._dice.expovariate(1.0))):
            name = self._dice.choice(sorted(self.kept))
            path = state / (name + self._dice.choice(ENDINGS))
            _remove(path)
            was.append(f"{path.name} {put(path, self.kept[name], self._dice)}")
        return ", ".join(was)

    def _import(self, box: OddBox) -> list[Any]:
        tree = spoiled(self.presets, self._dice)
        body = written(tree) if self._dice.random() < 0.9 else damaged(written(self.presets), self._dice)
        return [("POST", "presets/import", body, box.ask("POST", "presets/import", body))]

    def _restore(self, box: OddBox) -> list[Any]:
        files = dict(self.backup["files"])
        if self._dice.random() < 0.7:  # into one file, where it is deeper
            name = self._dice.choice(list(files))
            files[name] = spoiled(files[name], self._dice)
            tree = {**self.backup, "files": files}
        else:
            tree = spoiled(self.backup, self._dice)
        body = written(tree) if self._dice.random() < 0.9 else damaged(written(tree), self._dice)
        return [("PUT", "system/backup.json", body, box.ask("PUT", "system/backup.json", body))]

    def _request(self, box: OddBox) -> list[Any]:
        sent = []
        role = self._dice.choice((NOBODY, *ROLES, OWNER, OWNER))
        for method, path, body in self._dice.choices(requests(box.app), k=6):
            path = "/".join(quote(self._odd_part(part), safe="?=&", errors="surrogatepass") for part in path.split("/"))
            if self._dice.random() < 0.2:
                path += f"?{quote(self._dice.choice(ODD_TEXTS)[:500], errors='surrogatepass')}=%ff%00"
            data = None if body is None else written(spoiled(body, self._dice) if self._dice.random() < 0.8 else body)
            answer = box.ask(method, path, data, role)
            answer.get_data()
            sent.append((method, path[:200], data or b"", answer))
        return sent

    def _odd_part(self, part: str) -> str:
        return self._dice.choice(ODD_TEXTS)[:500] if self._dice.random() < 0.1 else part

    def _start(
        self, state: Path, runtime: Path, number: int, taken: list[Any] | None = None, before: Any = None
    ) -> list[str]:
        """Start on that folder and read everything; taken: what had been accepted, None: a file was laid there."""
        _audio_starts(state, runtime)
        with OddBox(state, runtime) as box:
            wrong = box.read_every_page(slow=number % EVERY_SLOW == EVERY_SLOW - 1) + _two_lines(box)
            if taken is None:
                return wrong
            aside = [line for line in box.lines if "set aside" in line] + [p.name for p in state.glob("*.bad-*")]
            wrong += [f"accepted, and set aside at the start: {line}" for line in aside]
            if not taken and _shown(box) != before:
                wrong.append("refused, and yet something has changed")
            for path, body, answer in taken:
                wrong += _missing(box, path, body, answer)
        return wrong

    def process(self) -> list[str]:
        """One start of a real control process on odd files."""
        state, runtime = self._scratch / "state", runtime_folder()
        shutil.copytree(self._good, state)
        was = self._lay(state)
        try:
            return [f"{was}: {wrong}" for wrong in _real_start(self._scratch, state, runtime, self._session)]
        finally:
            _remove(state)
            shutil.rmtree(runtime, ignore_errors=True)


def _audio_starts(state: Path, runtime: Path) -> None:
    """What the audio process reads at its start."""
    Store(state, PARAMS).load(look_only=True)
    AudioTrial(config.parse(CONFIG), replace(places.find(state), runtime=runtime))
    CrashLoop(runtime)


def _missing(box: OddBox, path: str, body: bytes, answer: Any) -> list[str]:
    """What was accepted and is not there."""
    if path == "presets/import":
        there = {preset["name"] for preset in box.get("presets")["presets"]}
        names = [name for name in answer.get_json()["taken_in"] if ": " not in name and name not in there]
        return [f"taken in, and not there after the start: {name!r}" for name in names]
    if path == "system/backup.json":
        files = json.loads(body)["files"]
        there = {preset["name"] for preset in box.get("presets")["presets"]}
        lost = [name for name in files.get("presets.json", {}).get("presets", {}).get("own", {}) if name not in there]
        values = {view["id"]: view["value"] for view in box.get("params")["params"]}
        wanted = files.get("state.json", {}).get("params", {})
        lost += [id for id in wanted if id in values and id != "box.mute" and abs(values[id] - wanted[id]) > 1e-5]
        return [f"restored, and not there after the start: {name!r}" for name in lost]
    return []


def _shown(box: OddBox) -> Any:
    presets = box.get("presets")
    presets.pop("revision")
    presets.pop("undo")
    setup = box.get("panel/setup")
    setup.pop("revision")
    values = {view["id"]: view["value"] for view in box.get("params")["params"]}
    return presets, setup, values, box.get("setup")["name"]


def _two_lines(box: OddBox) -> list[str]:
    """Lines of the log that a name has broken, or that would move a terminal's cursor."""
    bad = [line for line in box.lines if not line.isprintable() and not line.startswith("page: a request failed")]
    return [f"in the log: {line[:200]!r}" for line in bad]


def _real_start(scratch: Path, state: Path, runtime: Path, session: str) -> list[str]:
    toml = scratch / "hushbox.toml"
    toml.write_text('[page]\nhost = "127.0.0.1"\nport = 0\n' + CONFIG)
    command = [sys.executable, "-m", "firmware_app.cli", "control", "--config", str(toml), "--state-dir", str(state)]
    environment = {**os.environ, "HUSHBOX_RUNTIME_DIR": str(runtime), "PYTHONUNBUFFERED": "1"}
    child = subprocess.Popen(
        command, env=environment, text=True, errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert child.stdout is not None
    watch = threading.Timer(90, child.kill)
    watch.start()
    lines: list[str] = []
    try:
        url = ""
        for line in child.stdout:
            lines.append(line)
            if found := re.search(r"page: (https?://[^/\s]+)/$", line):
                url = found[1]
                break
        if not url:
            return [f"the control process ended with {child.wait()}: {''.join(lines)[-2000:]}"]
        wrong = []
        for path in ("/", *(f"/api/v1/{name}" for name in READ)):
            try:
                request = urllib.request.Request(url + path, headers={"Cookie": f"{COOKIE}={session}"})
                with urllib.request.urlopen(request, timeout=30) as answer:
                    answer.read()
            except urllib.error.HTTPError as error:
                if error.code >= 500:
                    wrong.append(f"GET {path}: {error.code}")
                error.close()
        return wrong
    finally:
        watch.cancel()
        child.terminate()
        child.communicate()


def _tree(path: Path) -> Any:
    return json.loads(path.read_text())


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--processes", type=int, default=20, help="starts of a real control process beside these")
    options = parser.parse_args(arguments)
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**6)
    print(f"seed {seed}, {options.count} cases, {options.processes} processes", flush=True)
    failed = 0
    with tempfile.TemporaryDirectory(prefix="hushbox-odd-") as folder:
        fuzz = Fuzz(Path(folder), random.Random(seed))
        for number in range(options.count + options.processes):
            wrong = fuzz.case(number) if number < options.count else fuzz.process()
            failed += bool(wrong)
            for line in wrong:
                print(f"{number}: {line}", flush=True)
            if number % 100 == 99:
                print(f"{number + 1} done, {failed} failed", flush=True)
    for what, count in sorted(fuzz.told.items()):
        print(f"{count:6} {what}")
    total = options.count + options.processes
    print(f"{total - failed} of {total} passed; seed {seed}")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
