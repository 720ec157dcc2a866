"""The docs on the box: Markdown becomes HTML that leads nowhere it cannot."""

import re

import pytest
from flask.testing import FlaskClient

from tests.rigs.checkout import ROOT
from web_ui.docs_pages import html, title
from web_ui.ports.errors import NotThere

PAGES = sorted(path.stem for path in (ROOT / "docs").glob("*.md"))


def titles(name: str) -> str:
    if name not in PAGES:
        raise NotThere(name)
    return title((ROOT / f"docs/{name}.md").read_text())


def test_the_pages_and_pictures_are_served(client: FlaskClient):
    first = client.get("/docs/").get_data(as_text=True)
    assert '<a href="page.md">' in first
    page = client.get("/docs/page.md").get_data(as_text=True)
    assert "<title>The page" in page
    assert "<code>two</code>" in page
    assert client.get("/docs/images/page.png").mimetype == "image/png"
    for nothing in ("/docs/no-such.md", "/docs/images/no-such.png", "/docs/..%2Fpage.md"):
        assert client.get(nothing).status_code == 404


@pytest.mark.parametrize("name", PAGES)
def test_every_page_of_ours_is_rendered_and_its_links_lead_to_pages(name: str):
    body = html((ROOT / f"docs/{name}.md").read_text(), titles)
    assert "<h1" in body
    assert "toctree" not in body
    links = [link for link in re.findall(r'href="([^"]+)"', body) if not link.startswith("http")]
    for link in links:
        page, _, place = link.partition("#")
        assert page == "" or page.removesuffix(".md") in PAGES, link
        if place:
            there = body if page == "" else html((ROOT / f"docs/{page}").read_text(), titles)
            assert f'id="{place}"' in there, link
    for picture in re.findall(r'src="([^"]+)"', body):
        assert (ROOT / "docs" / picture).is_file(), picture


def test_markup_in_a_page_is_shown_and_not_obeyed():
    assert "<script>" not in html("# A\n\n<script>alert(1)</script>\n\n[x](javascript:alert(1))\n", titles)
    assert 'href="javascript' not in html("[x](javascript:alert(1))\n", titles)


def test_the_first_page_lists_the_others_by_title():
    body = html((ROOT / "docs/index.md").read_text(), titles)
    assert f'<a href="setup.md">{titles("setup")}</a>' in body
