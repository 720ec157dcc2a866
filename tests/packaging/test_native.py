"""The part in C is in what is packed, and its want stops no installation."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.rigs.checkout import ROOT

MODULE = "dsp/native/_hop.abi3.so"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A checkout with little in it: what setup.py needs, and nothing built."""
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    for package in ("dsp", "hw", "web_ui", "firmware_app", "models_quantized"):
        leave_out = shutil.ignore_patterns("_hop.*.so", "__pycache__", "*.onnx", "*.tflite")
        shutil.copytree(ROOT / package, tmp_path / package, ignore=leave_out)
    return tmp_path


def wheel(checkout: Path, **env: str) -> set[str]:
    """The names in the wheel that setuptools makes."""
    done = subprocess.run(
        [sys.executable, "setup.py", "-q", "bdist_wheel", "-d", "out"],
        cwd=checkout,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    (made,) = (checkout / "out").glob("*.whl")
    return set(zipfile.ZipFile(made).namelist())


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no compiler here")
def test_wheel_holds_the_part_in_c_and_not_its_sources(copy: Path) -> None:
    quick = copy / "cc"  # what it computes is no matter here
    quick.write_text('#!/bin/sh\nexec cc "$@" -O0\n')
    quick.chmod(0o755)
    names = wheel(copy, CC=str(quick), HUSHBOX_NATIVE="1")
    assert MODULE in names
    assert not [name for name in names if name.endswith((".c", ".h"))]
    assert any(name.endswith(".dist-info/WHEEL") for name in names)
    (made,) = (copy / "out").glob("*-cp311-abi3-linux_*.whl")  # one for every Python from 3.11 on
    zipfile.ZipFile(made).extract(MODULE, copy / "alone")
    load = "import importlib.util as u, sys; s = u.spec_from_file_location('_hop', sys.argv[1]); u.module_from_spec(s)"
    subprocess.run([sys.executable, "-c", load, str(copy / "alone" / MODULE)], check=True)


def test_without_a_compiler_the_wheel_is_made_all_the_same(copy: Path) -> None:
    names = wheel(copy, CC="no-such-compiler", HUSHBOX_NATIVE="1")
    assert MODULE not in names
    assert "dsp/native/bound.py" in names


def test_the_part_in_c_can_be_left_out_on_purpose(copy: Path) -> None:
    names = wheel(copy, HUSHBOX_NATIVE="0")
    assert MODULE not in names
    assert "dsp/native/bound.py" in names
