"""Each subject of the box has a port, a real thing, a fake, contract tests and routes, all named after it."""

import importlib
import re
from dataclasses import fields
from pathlib import Path

import pytest

from web_ui.app import create_app
from web_ui.fakes.box import fake_box
from web_ui.ports.box import Box

SUBJECTS = [field.name for field in fields(Box)]
HERE = Path(__file__).parent


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_subject_has_its_port_its_real_thing_and_its_fake(subject: str, box: Box):
    name = subject.capitalize()
    port = getattr(importlib.import_module(f"web_ui.ports.{subject}"), f"{name}Port")
    real = getattr(importlib.import_module(f"firmware_app.page.{subject}"), f"Real{name}")
    fake = getattr(importlib.import_module(f"web_ui.fakes.{subject}"), f"Fake{name}")
    assert type(getattr(box, subject)) in (real, fake)
    methods = [method for method in vars(port) if not method.startswith("_")]
    assert methods
    assert [method for method in methods if not hasattr(getattr(box, subject), method)] == []


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_subject_has_its_contract_tests(subject: str):
    tests = (HERE / f"test_{subject}_port.py").read_text()
    assert re.search(rf"\bbox\.{subject}\b", tests)
    assert len(re.findall(r"^def test_\w+\((?:port|box): ", tests, re.MULTILINE)) > 0


def test_each_subject_has_its_routes():
    modules = {function.__module__ for function in create_app(fake_box()).view_functions.values()}
    assert {f"web_ui.routes.{subject}" for subject in SUBJECTS} <= modules


def test_no_port_is_left_out_of_the_box():
    there = {path.stem for path in (HERE.parents[1] / "web_ui" / "ports").glob("*.py")}
    assert there - {"__init__", "box", "errors", "limits"} == set(SUBJECTS)
