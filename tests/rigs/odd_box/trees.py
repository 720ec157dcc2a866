"""Odd content: a good JSON tree with something in it that nobody has thought of, and files that are none."""

from __future__ import annotations

import copy
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_RAW = {"@@1e999@@": "1e999", "@@-1e999@@": "-1e999", "@@NaN@@": "NaN", "@@deep@@": "[" * 3000 + "]" * 3000}
"""Texts that stand for what json.dumps does not write."""

ODD_TEXTS = (
    "", " ", "\x00", "a\x00b", "\n", "two\nlines", "\x1b[31mred\x1b[0m", "\ud800", "half \udfff pair", "‮gnp.exe",
    "\u2028", "\x85", "\x7f", "é" * 41, "😀" * 300, "x" * 50_000, "..", "../../etc/passwd", "/dev/zero", "CON", "%s %n",
    "{name}", "__proto__", "program:1:5", "program:x", "program:1:2:3", "program:" + "9" * 5000 + ":1", "left+left",
    "a+b+c", "+", ":", "footswitch", "Singer live", "box.mute", "A", "other", "2026-01-01",
)  # fmt: skip
ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 0.5, 1e308, -1e308, 5e-324, 2**31, 2**63, 2**64, 10**30, 10**400, -(10**400),
    *_RAW, [], {}, [[]], [None], [{}], {"": ""}, {"a": ["b"]}, {"a": {"a": {"a": {}}}}, [1] * 5000,
    {str(n): n for n in range(3000)}, *ODD_TEXTS,
)  # fmt: skip


def spoiled(tree: Any, dice: random.Random, least: int = 1) -> Any:
    """A copy of `tree` with `least` to some more odd things in it."""
    tree = copy.deepcopy(tree)
    for _ in range(least + int(dice.expovariate(1.0))):
        places = list(_places(tree))
        if not places:
            return odd(dice)
        holder, key = dice.choice(places)
        match dice.randrange(6):
            case 0 if isinstance(holder, dict):
                holder[dice.choice(ODD_TEXTS)] = holder.pop(key)
            case 1:
                del holder[key]
            case 2:  # something of the same tree in another place
                there, other = dice.choice(places)
                if there is not None and _in(there, other) and _in(holder, key):
                    holder[key] = copy.deepcopy(there[other])
            case 3 if isinstance(holder, dict):
                holder[dice.choice(ODD_TEXTS)] = odd(dice)
            case _:
                holder[key] = odd(dice)
    return tree


def odd(dice: random.Random) -> Any:
    return copy.deepcopy(dice.choice(ODD_VALUES))


def written(tree: Any) -> bytes:
    """`tree` as JSON, lone surrogates and impossible numbers too."""
    text = json.dumps(tree, ensure_ascii=True)
    for mark, raw in _RAW.items():
        text = text.replace(json.dumps(mark), raw)
    return text.encode()


def damaged(data: bytes, dice: random.Random) -> bytes:
    """`data` as a bad card, or another program, would leave it."""
    at = dice.randrange(len(data) + 1)
    match dice.randrange(9):
        case 0:
            return data[:at]
        case 1:
            return data[:at] + bytes([dice.randrange(256)]) + data[at + 1 :]
        case 2:
            return b"\0" * len(data)
        case 3:
            return data[:at] + dice.choice((b"\xff\xfe", b"\xed\xa0\x80", b"\x00", b"\\ud800", b"\n", b'"')) + data[at:]
        case 4:
            return dice.choice((b"", b"null", b"[]", b"{}", b"7", b'"x"', b"{", b"\xef\xbb\xbf" + data))
        case 5:
            return b"[" * 100_000
        case 6:
            return data + b" " * 3_000_000
        case 7:
            return b'{"a":' * 5000
        case _:
            return data + data


def put(path: Path, good: bytes, dice: random.Random) -> str:
    """Lay something odd at `path`, where `good` would be right. Returns what it was."""
    _away(path)
    kind = dice.choices(
        (
            "spoiled",
            "damaged",
            "folder",
            "full folder",
            "fifo",
            "empty",
            "sparse",
            "dangling",
            "loop",
            "device",
            "locked",
        ),
        (60, 20, 3, 2, 3, 2, 2, 2, 2, 2, 2),
    )[0]
    match kind:
        case "spoiled":
            path.write_bytes(_spoiled_or_damaged(good, dice))
        case "damaged":
            path.write_bytes(damaged(good, dice))
        case "folder":
            path.mkdir()
        case "full folder":
            path.mkdir()
            (path / "inside").write_text("x")
        case "fifo":
            os.mkfifo(path)
        case "empty":
            path.touch()
        case "sparse":
            with open(path, "wb") as file:
                file.truncate(6_000_000_000)
        case "dangling":
            path.symlink_to("nowhere")
        case "loop":
            path.symlink_to(path.name)
        case "device":
            path.symlink_to("/dev/zero")
        case "locked":
            path.write_bytes(good)
            path.chmod(0)
    return kind


def _spoiled_or_damaged(good: bytes, dice: random.Random) -> bytes:
    try:
        tree = json.loads(good)
    except ValueError:  # a file of another kind
        return damaged(good, dice)
    return written(spoiled(tree, dice))


def _away(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """(holder, key) of everything in it."""
    stack = [tree]
    while stack:
        holder = stack.pop()
        pairs = list(holder.items()) if isinstance(holder, dict) else list(enumerate(holder))
        for key, value in pairs[:60]:
            yield holder, key
            if isinstance(value, dict | list):
                stack.append(value)


def _in(holder: Any, key: Any) -> bool:
    return key in holder if isinstance(holder, dict) else isinstance(key, int) and key < len(holder)
