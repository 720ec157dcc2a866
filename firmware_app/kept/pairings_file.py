"""What pairings.json holds, how it is read, and what a folder of an earlier version becomes."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from firmware_app.kept.kept_file import KeptFile
from firmware_app.kept.terms import Clocks, Term
from web_ui.ports.limits import LONGEST_PHONE_NAME, MOST_PHONES
from web_ui.ports.pairing import OWNER, ROLES

NAME = "pairings.json"
PIN_NAME = "pin.json"
_HASH_BYTES = 32


@dataclass(frozen=True, slots=True)
class Phone:
    """A paired phone. session: its hash. since, seen: by the time of day. term: a guest's."""

    id: str
    session: str
    name: str
    role: str
    since: float
    seen: float
    term: Term | None = None


@dataclass(frozen=True, slots=True)
class Code:
    """A code that lets one phone in. term: None for the first code. guest: the phone's term is the code's."""

    hash: str
    role: str
    term: Term | None
    guest: bool


@dataclass(frozen=True, slots=True)
class Content:
    """The file. salt: of the codes' hashes. damaged: it could not be read; kept until there is an owner again."""

    open_play: bool = False
    phones: tuple[Phone, ...] = ()
    codes: tuple[Code, ...] = ()
    salt: str = field(default_factory=lambda: secrets.token_hex(16))
    damaged: bool = False


def file_in(folder: Path) -> KeptFile:
    return KeptFile(folder, NAME, 1, "pairings", "paired phones", private=True)


def load(file: KeptFile, clocks: Clocks) -> tuple[Content, tuple[str, ...], bool]:
    """(the content, notes for the log, whether it was never saved yet)."""
    folder = file.path.parent
    if not file.path.exists() and not file.previous.exists():
        if any(folder.glob(f"{NAME}.bad-*")):
            return Content(damaged=True), (), False
        return Content(open_play=any(folder.glob("*.json")), phones=_of_pin_sessions(folder, clocks)), (), True
    content, notes = file.load_as(lambda body: _read(body, clocks))
    return content, tuple(notes), False


def save(file: KeptFile, content: Content, clocks: Clocks, *, exact: bool) -> None:
    """Write it; `file.problem` says why not. exact: see Clocks.saved."""

    def kept(term: Term | None) -> dict[str, float] | None:
        return None if term is None else clocks.saved(term, exact=exact)

    phones = [
        {"id": p.id, "session": p.session, "name": p.name, "role": p.role, "since": p.since, "seen": p.seen,
         "term": kept(p.term)}
        for p in content.phones
    ]  # fmt: skip
    codes = [{"hash": c.hash, "role": c.role, "guest": c.guest, "term": kept(c.term)} for c in content.codes]
    body = {"open_play": content.open_play, "phones": phones, "codes": codes, "salt": content.salt,
            "damaged": content.damaged}  # fmt: skip
    if file.save(body):
        file.previous.unlink(missing_ok=True)  # from it, a phone could come back


def _read(body: Mapping[str, Any], clocks: Clocks) -> Content:
    """Raises anything for a content that no version has written: it opens nothing."""
    if not body:  # no version could be read
        return Content(damaged=True)
    phones = tuple(_phone(tree, clocks) for tree in body["phones"])
    codes = tuple(_code(tree, clocks) for tree in body["codes"])
    salt, open_play, damaged = body["salt"], body["open_play"], body["damaged"]
    if len(phones) > MOST_PHONES or len({p.id for p in phones}) != len(phones):
        raise ValueError("too many phones, or two with one id")
    if type(open_play) is not bool or type(damaged) is not bool or len(bytes.fromhex(salt)) < 16:
        raise ValueError("open_play, damaged or salt cannot be used")
    return Content(open_play, phones, codes, salt, damaged)


def _phone(tree: Mapping[str, Any], clocks: Clocks) -> Phone:
    id, name, role = tree["id"], tree["name"], tree["role"]
    if len(bytes.fromhex(id)) != 4 or role not in ROLES or not 0 < len(name) <= LONGEST_PHONE_NAME:
        raise ValueError(f"phone {str(id)[:20]!r} cannot be used")
    term = _term(tree["term"], clocks)
    return Phone(id, _hash(tree["session"]), name, role, float(tree["since"]), float(tree["seen"]), term)


def _code(tree: Mapping[str, Any], clocks: Clocks) -> Code:
    if tree["role"] not in ROLES or type(tree["guest"]) is not bool or tree["term"] is None:
        raise ValueError("a code cannot be used")
    return Code(_hash(tree["hash"]), tree["role"], _term(tree["term"], clocks), tree["guest"])


def _term(tree: Mapping[str, Any] | None, clocks: Clocks) -> Term | None:
    return None if tree is None else clocks.read(float(tree["ends"]), float(tree["left_s"]))


def _hash(text: str) -> str:
    if len(bytes.fromhex(text)) != _HASH_BYTES:
        raise ValueError("a hash cannot be used")
    return text


def _of_pin_sessions(folder: Path, clocks: Clocks) -> tuple[Phone, ...]:
    """Earlier versions kept the sessions that the PIN had opened: those phones could do all, so they are owners."""
    body = KeptFile(folder, PIN_NAME, 2, "pin", "PIN").load(look_only=True).body or {}
    listed = body.get("sessions")
    marks = [each for each in listed if _is_hash(each)] if isinstance(listed, list) else []
    now = clocks.wall()
    return tuple(
        Phone(secrets.token_hex(4), mark, f"Phone {number}", OWNER, now, now)
        for number, mark in enumerate(dict.fromkeys(marks[-MOST_PHONES:]), 1)
    )


def _is_hash(text: object) -> bool:
    try:
        return isinstance(text, str) and len(bytes.fromhex(text)) == _HASH_BYTES
    except ValueError:
        return False
