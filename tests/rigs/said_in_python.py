"""Every text in the Python code that may be a sentence of the box, as a key of web_ui/texts/<language>/said/.

An f-string's values get the names of what they are made of: f"{path}: {error.strerror}" is "{path}: {strerror}".
`!r` and a format stay: they say what a value looks like. Docstrings and lines for the log are no sentences.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

from tests.rigs.checkout import ROOT

ROOMS = ("dsp", "hw", "web_ui", "firmware_app")
_LOGGED = re.compile(r"(self\.)?_?(log\.\w+|said\.(note|warn))")  # what the recorder says with said.append is told
_FIELD = re.compile(r"\{[a-z_]+\}")  # of a text that is filled in later, with str.format
_SEEN_THROUGH = {"sorted", "str", "repr", "len", "map", "list", "shown", "round", "min", "max"}


def modules() -> list[Path]:
    """Every module of the four rooms."""
    return [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]


def texts_in(path: Path) -> Iterator[tuple[str, int]]:
    """(key, line) of every text of a module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = list(ast.walk(tree))
    left_out = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if isinstance(node, ast.Call) and _LOGGED.fullmatch(ast.unparse(node.func)):
            left_out |= {id(part) for part in ast.walk(node)}
        if isinstance(node, ast.JoinedStr):
            left_out |= {id(part) for part in node.values if isinstance(part, ast.Constant)}
            left_out |= {id(part.format_spec) for part in node.values if isinstance(part, ast.FormattedValue)}
    for node in nodes:
        if id(node) in left_out:
            continue
        if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            yield key_of(node), node.lineno


def key_of(node: ast.JoinedStr | ast.Constant) -> str:
    """The key of a text."""
    if isinstance(node, ast.Constant):
        return "".join(_escaped(part) for part in re.split(f"({_FIELD.pattern})", str(node.value)))
    names: dict[str, str] = {}  # each with what it stands for
    parts = []
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            name = _free(_name(part.value), ast.unparse(part.value), names)
            parts.append("{" + name + ("!r" if part.conversion == ord("r") else "") + _form(part) + "}")
        elif isinstance(part, ast.Constant):
            parts.append(str(part.value).replace("{", "{{").replace("}", "}}"))
    return "".join(parts)


def sample(key: str) -> str:
    """What the box may say: the key with a value in each place."""
    said = []
    for literal, name, form, conversion in Formatter().parse(key):
        said.append(literal)
        if name is not None:
            said.append("'Q'" if conversion else "7" if form and form[-1] in "gdf%" else "Q")
    return "".join(said)


def _escaped(part: str) -> str:
    return part if _FIELD.fullmatch(part) else part.replace("{", "{{").replace("}", "}}")


def _free(name: str, stands_for: str, names: dict[str, str]) -> str:
    number = 1
    while names.setdefault(wanted := f"{name}{number}" if number > 1 else name, stands_for) != stands_for:
        number += 1
    return wanted


def _form(part: ast.FormattedValue) -> str:
    spec = part.format_spec
    if not isinstance(spec, ast.JoinedStr):
        return ""
    return ":" + "".join(str(each.value) for each in spec.values if isinstance(each, ast.Constant))


def _name(node: ast.AST) -> str:
    """What a value is called: the last name in how it is made."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.strip("_").lower()
        case ast.Subscript(value=value, slice=ast.Constant(value=str(name))):
            return name
        case ast.Subscript(value=value):
            return _name(value)
        case ast.Call(func=ast.Attribute(value=ast.Constant()), args=[argument, *_]):  # ", ".join(names)
            return _name(argument)
        case ast.Call(func=ast.Name(id=function), args=[*_, argument]) if function in _SEEN_THROUGH:
            return _name(argument)
        case ast.Call(func=ast.Attribute(value=value, attr="strip" | "rstrip" | "lower" | "absolute")):
            return _name(value)
        case ast.Call(func=func):
            return _name(func)
        case ast.BoolOp(values=[first, *_]):
            return _name(first)
        case ast.IfExp(body=body):
            return _name(body)
        case ast.BinOp(left=left):
            return _name(left)
        case ast.GeneratorExp(generators=[one, *_]) | ast.ListComp(generators=[one, *_]):
            return _name(one.iter)
        case _:
            return "value"
