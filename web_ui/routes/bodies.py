"""What a request's body may be, and how answers are made."""

import json
import math
from collections.abc import Mapping
from typing import Any

from flask import Response, request

from web_ui.errors import Refused
from web_ui.views import dumps
from web_ui.visitors.plain_text import parsed


def reply(value: object) -> Response:
    return Response(dumps(value), mimetype="application/json")


def body(field: str) -> Any:
    """`field` of the request's JSON object, which has that field only. Raises Refused."""
    return bodies(field)[field]


def bodies(*fields: str) -> Mapping[str, Any]:
    """The request's JSON object, which has exactly these fields. Raises Refused."""
    wanted = ", ".join(f'"{field}": …' for field in fields)
    if request.mimetype != "application/json":
        raise Refused(415, "the body has to be JSON (Content-Type: application/json)")
    try:
        tree = parsed(request.get_data(cache=False))
    except ValueError:
        raise Refused(400, f"the body is not JSON: {{{wanted}}} is expected") from None
    if not isinstance(tree, dict) or set(tree) != set(fields):
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
    """A value in a message, cut short."""
    text = json.dumps(value)[:400]
    return text if len(text) <= 40 else text[:39] + "…"
