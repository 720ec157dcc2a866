"""A whole box is asked with words that would lead somewhere, and Python's own audit says what it opens and starts.

And bodies that are no honest JSON, on every address that takes one: refused, nothing changed, the next start reads all.
"""

from __future__ import annotations

import gzip
import io
import json
import shutil
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.rigs.odd_box.box import ENDLESS, SILENT, OddBox, patience, runtime_folder
from web_ui.routes.api import OPENAPI

SPEC: dict[str, Any] = json.loads(OPENAPI.read_text())
MARK = "hb-mark-7"
WATCHED = (
    "open",
    "os.",
    "shutil.",
    "subprocess.",
    "pty.",
    "glob.",
    "tempfile.",
    "exec",
    "compile",
    "import",
    "ctypes.",
)
_heard: list[str] = []
_listening = False


def _audit(event: str, args: tuple[object, ...]) -> None:
    if _listening and event.startswith(WATCHED) and any(MARK in repr(arg) for arg in args):
        _heard.append(f"{event}{args!r}"[:300])


sys.addaudithook(_audit)  # for the whole process: it cannot be taken away

WORDS = (
    f"../../../tmp/{MARK}", f"/tmp/{MARK}", f"..%2f{MARK}", f"{MARK}\\..\\x", f"$(touch {MARK})", f"`{MARK}`",
    f"; {MARK}", f"{MARK}.md", f"--{MARK}", f"file:///{MARK}", f"hw:{MARK}", f"{MARK}|sh", f"./{MARK}/", f"~{MARK}",
)  # fmt: skip


@pytest.fixture
def box(tmp_path: Path) -> Iterator[OddBox]:
    runtime = runtime_folder()
    with OddBox(tmp_path / "state", runtime) as box:
        yield box
    shutil.rmtree(runtime)


def bodies(method: str, path: str, word: str) -> Iterator[dict[str, Any]]:
    """Bodies of the right shape with the word in each of their texts, and in trees where a tree is expected."""
    schema = SPEC["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"]
    while "$ref" in schema:
        schema = SPEC["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    names = schema.get("properties", {})
    whole = {name: _filled(kind, word) for name, kind in names.items()}
    yield whole
    for name in names:
        yield {**whole, name: {"name": word, "device": word, "do": "preset", "preset": word, word: word}}


def _filled(kind: dict[str, Any], word: str) -> Any:
    name = kind.get("type", "object")
    name = name[0] if isinstance(name, list) else name
    return {"boolean": True, "number": 1, "integer": 1, "array": [word], "object": {"device": word}}.get(name, word)


def asked() -> Iterator[tuple[str, str]]:
    for path, methods in SPEC["paths"].items():
        for method, operation in methods.items():
            if operation["operationId"] not in (*SILENT, *ENDLESS, "restart_box", "power_off", "diagnostics"):
                yield method, path


@pytest.mark.timeout(600)
def test_no_word_of_a_request_reaches_a_file_a_program_or_an_import(box: OddBox):
    global _listening
    _heard.clear()
    answers = 0
    _listening = True
    try:
        with patience(300):
            for word in WORDS:
                for method, path in asked():
                    plain = path
                    for name in ("id", "name", "which", "turn"):
                        plain = plain.replace(f"{{{name}}}", quote(word, safe=""))
                    sent = bodies(method, path, word) if method != "get" else [None]
                    for body in sent:
                        data = None if body is None else json.dumps(body).encode()
                        answer = box.ask(method.upper(), f"{plain.removeprefix('/api/v1/')}?name={quote(word)}", data)
                        assert answer.status_code < 500, (method, path, body)
                        answer.get_data()
                        answer.close()
                        answers += 1
                for page in ("/docs/{}.md", "/docs/images/{}", "/static/{}", "/{}", "/docs/images/{}.png"):
                    for shown in (quote(word, safe=""), quote(word), word.replace("%", "%25")):
                        box.ask("GET", page.format(shown)).close()
    finally:
        _listening = False
    assert answers > 1000
    # A static file is looked for by name, within its folder alone: werkzeug's safe_join, which is its own to test.
    outside = [line for line in _heard if "/static/" not in line]
    assert outside == []
    assert not list(Path("/tmp").glob(f"*{MARK}*"))


def test_the_audit_hears_what_it_should(tmp_path: Path):
    global _listening
    _heard.clear()
    _listening = True
    try:
        with pytest.raises(FileNotFoundError):
            (tmp_path / MARK).read_bytes()
    finally:
        _listening = False
    assert len(_heard) == 1


def _zip(name: str, content: bytes = b"x") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as pack:
        pack.writestr(name, content)
    return out.getvalue()


def _link() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as pack:
        link = zipfile.ZipInfo("presets.json")
        link.external_attr = 0o120777 << 16
        pack.writestr(link, "/etc/passwd")
    return out.getvalue()


DEEP = b'{"a":' * 30_000
NO_HONEST_JSON = {
    "nothing": b"", "spaces": b" \n\t ", "half": b'{"name": "x"', "more after it": b'{"name": "x"} {}', "null": b"null",
    "a list": b"[]", "a text": b'"name"', "a number": b"1", "single quotes": b"{'name': 'x'}", "a comment": b"{/**/}",
    "NaN": b'{"value": NaN}', "Infinity": b'{"value": Infinity}', "-Infinity": b'{"value": -Infinity}',
    "1e999": b'{"value": 1e999}', "a long whole number": b'{"value": ' + b"9" * 4000 + b"}",
    "a longer one": b'{"value": ' + b"9" * 60_000 + b"}", "2**53 + 1": b'{"value": 9007199254740993}',
    "a name twice": b'{"value": 1, "value": 0}', "twice within": b'{"changes": {"a": 1, "b": 2, "a": 3}}',
    "deep lists": b"[" * 100_000, "deep objects": DEEP, "17 deep": b"[" * 17 + b"]" * 17,
    "bad UTF-8": b'{"name": "\xff\xfe"}', "overlong UTF-8": b'{"name": "\xc0\xaf"}',
    "half a pair": b'{"name": "\xed\xa0\x80"}',
    "UTF-16": '{"name": "x"}'.encode("utf-16"), "UTF-32": '{"name": "x"}'.encode("utf-32"), "zeros": b"\x00" * 3000,
    "a mark alone": b"\xef\xbb\xbf", "an escaped half": b'{"name": "\\ud800"}', "a control": b'{"name": "\\u0000"}',
    "gzip": gzip.compress(b'{"value": 1}'), "a bomb": gzip.compress(b" " * 300_000),
    "zip that climbs": _zip("../../../../tmp/hb-slip"), "zip with a link": _link(),
    "zip bomb": _zip("presets.json", b"0" * 900_000),
    "a form": b"name=x&value=1",
    "parts": b'--x\r\nContent-Disposition: form-data; name="f"; filename="../x"\r\n\r\n1\r\n--x--',
}  # fmt: skip
TWIST = {
    "names that climb": {"../../tmp/hb-slip": {"schema": 1, "x": {}}},
    "a name from the root": {"/tmp/hb-slip": {"schema": 1, "x": {}}},
    "a folder": {"listen": {"schema": 1, "x": {}}},
    "the PIN": {"pin.json": {"schema": 1, "pin": {"salt": "00", "hash": "00", "key": "00"}}},
    "the certificate": {"page-certificate.pem": {"schema": 1, "x": {}}},
}


def kept(box: OddBox) -> dict[str, bytes]:
    state = box.places.state
    return {str(path.relative_to(state)): path.read_bytes() for path in sorted(state.rglob("*")) if path.is_file()}


@pytest.mark.timeout(600)
def test_no_dishonest_body_is_taken_and_the_box_starts_again(tmp_path: Path):
    runtime = runtime_folder()
    with OddBox(tmp_path / "state", runtime) as box:
        answer = box.ask("POST", "presets/save", b'{"name": "Mine", "about": ""}')
        assert answer.status_code == 200
        backup = box.ask("GET", "system/backup.json").get_data()
        box._process.control.hurry()
        before, presets = kept(box), box.get("presets")
        with patience(400):
            for method, path in asked():
                if method == "get":
                    continue
                plain = path.removeprefix("/api/v1/").replace("{id}", "box.mute").replace("{name}", "footswitch")
                for name, data in NO_HONEST_JSON.items():
                    answer = box.ask(method.upper(), plain, data)
                    assert 400 <= answer.status_code < 500, (name, method, path, answer.status_code)
                    assert len(answer.get_data()) < 1000, (name, path)  # it is not told back
            for files in TWIST.values():
                for method, path in (("PUT", "system/backup.json"), ("POST", "system/backup/look")):
                    sent = json.dumps({**json.loads(backup), "files": files}).encode()
                    assert box.ask(method, path, sent).status_code == 400
            for disguise in ("utf-16", "utf-32"):
                for method, path in (("PUT", "system/backup.json"), ("POST", "system/backup/look")):
                    assert box.ask(method, path, backup.decode().encode(disguise)).status_code == 400
        assert box.get("presets") == presets
        assert {name for name in kept(box) if "restore" in name} == set()
        assert kept(box).get("presets.json") == before.get("presets.json")
        assert not list(Path("/tmp").glob("hb-slip*"))
    with OddBox(tmp_path / "state", runtime) as box, patience():
        assert box.read_every_page(slow=False) == []
        assert "Mine" in [preset["name"] for preset in box.get("presets")["presets"]]
        assert not [path for path in box.places.state.rglob("*") if ".bad-" in path.name]
        # And an honest one is taken, with the mark that some editors set before a text.
        assert box.ask("PUT", "system/backup.json", b"\xef\xbb\xbf" + backup).status_code == 204
    with OddBox(tmp_path / "state", runtime) as box, patience():
        assert box.read_every_page(slow=False) == []
        assert "Mine" in [preset["name"] for preset in box.get("presets")["presets"]]
    shutil.rmtree(runtime)
