"""The page offers a role only what it may: a section of Set up asks the box for nothing that its role is refused."""

import json
import re
from pathlib import Path

import pytest

from web_ui.bundle import STATIC
from web_ui.ports.pairing import ENGINEER
from web_ui.routes.api import OPENAPI
from web_ui.visitors.roles import may

SECTIONS = sorted((STATIC / "js" / "views" / "setup").glob("*.js"))
ASK_FIRST = {"phone", "wizard", "pair"}  # for everybody: what they ask for depends on the role, see the e2e tests


def needed() -> dict[str, str]:
    """The role that a GET needs, by its path."""
    paths = json.loads(OPENAPI.read_text(encoding="utf-8"))["paths"]
    return {
        path.removeprefix("/api/v1/"): methods["get"]["x-role"] for path, methods in paths.items() if "get" in methods
    }


@pytest.mark.parametrize("section", SECTIONS, ids=lambda path: path.stem)
def test_a_section_is_shown_only_to_those_who_may_read_it(section: Path):
    script = section.read_text(encoding="utf-8")
    needs = re.search(r'^export const needs = "(\w*)";', script, re.MULTILINE)
    role = needs[1] if needs else ENGINEER
    if section.stem in ASK_FIRST:
        assert role == ""
        return
    reads = re.findall(r'\bget(?:Blob)?\("([^"]+)"\)', script)
    roles = {path: needed()[path] for path in reads if path in needed()}
    assert {path: wanted for path, wanted in roles.items() if not may(role, wanted)} == {}


def test_the_scripts_read_what_the_table_knows():
    """Else the test above would pass by finding nothing."""
    assert {"phones", "pin", "system", "models", "setup"} <= set(needed())
