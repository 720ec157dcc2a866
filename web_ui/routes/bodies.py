"""How a request's body is read and checked, and how answers are made."""

import json
import math
import re
import unicodedata
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from flask import Response, request

from web_ui.errors import Refused
from web_ui.views import dumps, told
from web_ui.visitors.languages import say_of_request
from web_ui.visitors.plain_text import parsed


def reply(value: object) -> Response:
    """An answer in JSON, with what the box says in it in the phone's language."""
    return Response(dumps(told(value, say_of_request())), mimetype="application/json")


def done() -> Response:
    """The answer of a change that has nothing to tell."""
    return Response(status=204)


def attachment(answer: Response, stem: str, *more: str) -> Response:
    """Have the answer saved as a file. stem: anybody's words, of which letters and digits of every script survive.

    more: what follows it, such as "-backup.json".
    """
    words = "".join(
        c if c.isalnum() or unicodedata.category(c) == "Mn" else "-" for c in unicodedata.normalize("NFC", stem)
    )
    name = (re.sub("-+", "-", words).strip("-") or "hushbox") + "".join(more)
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = plain if plain[:1].isalnum() else f"hushbox{''.join(more)}"
    exact = "" if plain == name else f"; filename*=UTF-8''{quote(name, safe='')}"  # RFC 6266
    answer.headers["Content-Disposition"] = f'attachment; filename="{plain}"{exact}'
    return answer


def body(field: str) -> Any:
    """The value of the only field in the request's JSON object. Raises Refused."""
    return bodies(field)[field]


def bodies(*fields: str) -> Mapping[str, Any]:
    """The request's JSON object, which must have exactly these fields. Raises Refused."""
    wanted = ", ".join(f'"{field}": …' for field in fields)
    tree = _object(wanted)
    if set(tree) != set(fields):
        raise Refused(400, f"the body has to be {{{wanted}}} and nothing else")
    return tree


def _object(wanted: str) -> Mapping[str, Any]:
    if request.mimetype != "application/json":
        raise Refused(415, "the body has to be JSON (Content-Type: application/json)")
    try:
        tree = parsed(request.get_data(cache=False))
    except ValueError:
        raise Refused(400, f"the body is not JSON: {{{wanted}}} is expected") from None
    if not isinstance(tree, dict):
        raise Refused(400, f"the body has to be {{{wanted}}} and nothing else")
    return tree


def some_of(*fields: str) -> Mapping[str, Any]:
    """The request's JSON object, which must have at least one of these fields and no other. Raises Refused."""
    wanted = " or ".join(f'"{field}": …' for field in fields)
    tree = _object(wanted)
    if not tree or not set(tree) <= set(fields):
        raise Refused(400, f"the body has to be {{{wanted}}} and nothing else")
    return tree


def number(tree: Mapping[str, Any], field: str) -> float:
    """A finite number. Raises Refused."""
    value = tree[field]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused(400, f"{field} = {shown(value)}: a number is expected")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise Refused(400, f"{field} = {shown(value)}: a finite number is expected")
    return number


def whole_number(tree: Mapping[str, Any], field: str, expected: str) -> int:
    """A whole number. expected: the refusal's words. Raises Refused."""
    value = tree[field]
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refused(400, f"{field} = {shown(value)}: {expected}")
    return value


def flag(tree: Mapping[str, Any], field: str) -> bool:
    """True or false. Raises Refused."""
    value = tree[field]
    if not isinstance(value, bool):
        raise Refused(400, f"{field} = {shown(value)}: true or false is allowed")
    return value


def confirmed(field: str) -> None:
    """The body has to be {field: true}. Raises Refused."""
    if body(field) is not True:
        raise Refused(400, f"{field}: true is expected")


def text(tree: Mapping[str, Any], field: str) -> str:
    """A short text. Raises Refused."""
    value = tree[field]
    if not isinstance(value, str) or len(value) > 200:
        raise Refused(400, f"{field} = {shown(value)}: a text of at most 200 characters is expected")
    return value


def json_object(tree: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    """An object. Raises Refused."""
    value = tree[field]
    if not isinstance(value, dict):
        raise Refused(400, f"{field} = {shown(value)}: an object is expected")
    return value


def shown(value: object) -> str:
    """A value as a message shows it: as JSON, cut short."""
    text = json.dumps(value)[:400]
    return text if len(text) <= 40 else text[:39] + "…"
