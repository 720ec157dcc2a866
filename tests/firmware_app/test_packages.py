"""What is installed is what is in the checkout: a package that is not named stays behind; no box starts then."""

import tomllib

from tests.rigs.checkout import ROOT


def test_every_package_is_named() -> None:
    named = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    rooms = ("dsp", "hw", "web_ui", "firmware_app")
    there = [path.parent for room in rooms for path in (ROOT / room).rglob("__init__.py")]
    assert {".".join(path.relative_to(ROOT).parts) for path in there} <= set(named)
