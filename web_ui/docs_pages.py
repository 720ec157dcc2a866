"""The docs on the box: its Markdown pages as HTML, at the addresses that their own links have: /docs/wiring.md."""

import re
from collections.abc import Callable
from functools import cache, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from flask import Flask, Response

from web_ui.ports.errors import NotThere
from web_ui.ports.system import SystemPort

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

DAY_S = 86400
KEPT_PAGES = 8
_TOCTREE = "{toctree}"
_OUTSIDE = ("..", "/")  # of the checkout, which the box does not have


def add_docs(app: Flask, port: SystemPort, rendered: Callable[..., str]) -> None:
    """The routes below /docs/. rendered: makes a document of a template."""

    @lru_cache(KEPT_PAGES)  # the longest takes a small board a tenth of a second, and anybody may ask
    def body(text: str) -> str:
        return html(text, lambda page: title(port.docs_page(page)))

    @app.get("/docs/")
    def docs_first() -> str:
        return docs_page("")

    @app.get("/docs/<name>.md")
    def docs_page(name: str) -> str:
        text = port.docs_page(name)
        return rendered("docs.html", title=title(text), body=body(text))

    @app.get("/docs/images/<name>")
    def docs_picture(name: str) -> Response:
        answer = Response(port.docs_picture(name), mimetype="image/png")
        answer.cache_control.max_age = DAY_S
        return answer


def title(text: str) -> str:
    """The first heading of a page."""
    found = re.search(r"^# (.+)$", text, re.MULTILINE)
    return found[1] if found else "Hushbox"


def html(text: str, title_of: Callable[[str], str]) -> str:
    """A page as HTML, without any HTML of its own. title_of: the title of a page by its name; may raise NotThere."""
    tokens = _parser().parse(re.sub(r"\A<!--.*?-->\s*", "", text))
    for token in tokens:
        if token.type == "fence" and token.info.startswith(_TOCTREE):
            _list_pages(token, title_of)
        for inner in token.children or ():
            _unlink(inner)
    for heading, words in pairwise(tokens):
        if heading.type == "heading_open":
            heading.attrSet("id", re.sub(r"[^a-z0-9]+", "-", words.content.lower()).strip("-"))
        if heading.type == "table_open":
            heading.attrSet("tabindex", "0")  # wide ones are scrolled, also by keyboard
    return str(_parser().renderer.render(tokens, _parser().options, {}))


@cache
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt  # when first needed: most boxes never show their docs

    return MarkdownIt("commonmark", {"html": False}).enable("table")


def _unlink(token: "Token") -> None:
    """A link to a file that only a checkout has leads nowhere: it becomes an anchor without an address."""
    if token.type == "link_open" and str(token.attrGet("href")).startswith(_OUTSIDE):
        token.attrs.pop("href")
    if token.type == "image":
        token.attrSet("loading", "lazy")


def _list_pages(token: "Token", title_of: Callable[[str], str]) -> None:
    """Sphinx's table of contents as a list of links."""
    lines = [line.strip() for line in token.content.splitlines() if line.strip()]
    caption = next((line.partition(":caption:")[2].strip() for line in lines if line.startswith(":caption:")), "")
    entries = []
    for name in (line for line in lines if not line.startswith(":")):
        try:
            entries.append(f"- [{title_of(name)}]({name}.md)")
        except NotThere:
            continue
    token.type, token.tag, token.info = "html_block", "", ""
    token.content = str(_parser().render("\n".join([f"## {caption}", "", *entries, ""])))
