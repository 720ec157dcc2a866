"""Each subject of the box has its port, its real thing, its fake, its contract tests and its routes, named after it."""

import importlib
from dataclasses import fields
from pathlib import Path

import pytest

from web_ui.ports.box import Box

SUBJECTS = [field.name for field in fields(Box)]
HERE = Path(__file__).parent


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_subject_has_its_five_files(subject: str, box: Box):
    name = subject.capitalize()
    port = getattr(importlib.import_module(f"web_ui.ports.{subject}"), f"{name}Port")
    real = getattr(importlib.import_module(f"firmware_app.page.{subject}"), f"Real{name}")
    fake = getattr(importlib.import_module(f"web_ui.fakes.{subject}"), f"Fake{name}")
    assert hasattr(importlib.import_module(f"web_ui.routes.{subject}"), f"add_{subject}_routes")
    assert f"box.{subject}." in (tests := (HERE / f"test_{subject}_port.py").read_text()) or f"box.{subject}\n" in tests
    assert type(getattr(box, subject)) in (real, fake)
    methods = {method for method in vars(port) if not method.startswith("_")}
    assert methods
    assert all(hasattr(each, method) for each in (real, fake) for method in methods if method != "box_name")


def test_no_port_is_left_out_of_the_box():
    there = {path.stem for path in (HERE.parents[1] / "web_ui" / "ports").glob("*.py")}
    assert there - {"__init__", "box", "errors"} == set(SUBJECTS)
