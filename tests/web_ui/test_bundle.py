"""The page's scripts and style sheets come bundled, and never from an older state than that of their sources."""

import json
import re
import shutil
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from web_ui import bundle
from web_ui.bundle import STATIC, PageFiles, first_modules, is_current, page_files, sheets


def test_the_committed_bundle_was_made_from_the_committed_sources():
    assert is_current(), "the page's sources have changed since: make page"


def test_the_page_loads_the_bundle_and_what_it_needs_at_once(client: FlaskClient):
    page = client.get("/").get_data(as_text=True)
    files = page_files()
    assert files.main == "built/main.js"
    for module in files.modules:
        assert f'rel="modulepreload" href="/static/{module}"' in page
    for name in (files.main, *files.modules, *files.sheets):
        with client.get(f"/static/{name}") as answer:
            assert answer.status_code == 200
    assert len(re.findall(r"(?:src|rel=\"stylesheet\" href)=\"/static", page)) == 3  # theme, style, main


def test_a_bundle_of_older_sources_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    static = tmp_path / "static"
    shutil.copytree(STATIC, static)
    assert is_current(static)
    (static / "js" / "base" / "dom.js").write_text((static / "js" / "base" / "dom.js").read_text() + "\n// changed\n")
    assert not is_current(static)
    shutil.rmtree(static / "built")
    assert not is_current(static)
    monkeypatch.setattr(bundle, "is_current", lambda: False)
    bundle.page_files.cache_clear()
    try:
        assert page_files() == PageFiles("js/main.js", first_modules(), sheets())
    finally:
        bundle.page_files.cache_clear()


def test_without_a_bundle_every_module_of_the_first_view_is_fetched_at_once():
    modules = first_modules()
    assert all((STATIC / module).is_file() for module in modules)
    assert "js/views/play.js" in modules
    assert "js/views/setup.js" not in modules  # comes when it is first visited


def test_the_page_brings_the_list_of_parameters_along(client: FlaskClient):
    page = client.get("/").get_data(as_text=True)
    found = re.search(r'<script type="application/json" id="params">(.*?)</script>', page)
    assert found
    assert json.loads(found.group(1)) == (client.get("/api/v1/params").json or {})["params"]
