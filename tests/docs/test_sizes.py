"""The check of what the repository weighs names the file, its size, what is allowed and how to raise it."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.rigs.checkout import ROOT


@pytest.fixture(scope="module")
def sizes() -> ModuleType:
    spec = importlib.util.spec_from_file_location("sizes", ROOT / "docs" / "sizes.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["sizes"] = module
    spec.loader.exec_module(module)
    return module


TABLE = """
any_file = 200
[groups."all tracked files"]
paths = ["."]
limit = 1_000
[groups."the built page"]
paths = ["web_ui/static/built"]
limit = 10
[files]
"models/big.tflite" = 700
"""
SIZES = {"models/big.tflite": 700_000, "web_ui/static/built/page.css": 9_000, "web_ui/static/builtin.js": 9_000}


def found(sizes: ModuleType, now: dict[str, int], before: dict[str, int] | None = None) -> list[str]:
    result: list[str] = sizes.mistakes(now, SIZES if before is None else before, sizes.read_limits(TABLE))
    return result


def test_what_keeps_to_its_limits_is_fine(sizes: ModuleType) -> None:
    assert found(sizes, SIZES) == []


def test_a_file_one_byte_above_its_limit_is_named(sizes: ModuleType) -> None:
    assert found(sizes, SIZES | {"models/big.tflite": 700_001}) == [
        "models/big.tflite: 701 kB, allowed 700 kB. To raise it: [files] in docs/sizes.toml"
    ]


def test_a_large_file_without_a_limit_is_named(sizes: ModuleType) -> None:
    assert found(sizes, SIZES | {"training/extra.pt": 200_001}) == [
        "training/extra.pt: 201 kB, allowed 200 kB for a file without a limit of its own."
        " If it has to be here, give it one: [files] in docs/sizes.toml"
    ]


def test_a_group_names_what_grew(sizes: ModuleType) -> None:
    assert found(sizes, SIZES | {"web_ui/static/built/page.css": 10_001}) == [
        "the built page: 11 kB, allowed 10 kB. Grown since the last commit: web_ui/static/built/page.css by 2 kB."
        " To raise it: [groups] in docs/sizes.toml"
    ]


def test_a_group_that_was_too_large_already_names_its_largest(sizes: ModuleType) -> None:
    more = SIZES | {f"docs/{number}.png": 150_000 for number in range(2)}
    (line,) = found(sizes, more, before=more)
    assert line.startswith("all tracked files: 1,018 kB, allowed 1,000 kB. Largest: models/big.tflite 700 kB, docs/")


def test_an_entry_without_a_file_is_named(sizes: ModuleType) -> None:
    assert found(sizes, {}) == ["models/big.tflite: no such file. Take it out of [files] in docs/sizes.toml"]


def test_counted_is_what_git_has_and_what_it_would_add(sizes: ModuleType, tmp_path: Path) -> None:
    def git(*words: str) -> None:
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], cwd=tmp_path, check=True)

    git("init", "-q")
    for name, size in (("kept.bin", 3), ("gone.bin", 5), (".gitignore", 0)):
        (tmp_path / name).write_bytes(bytes(size))
    (tmp_path / ".gitignore").write_text("*.log\n")
    git("add", ".")
    git("commit", "-qm", "first")
    (tmp_path / "gone.bin").unlink()
    (tmp_path / "with a blank.bin").write_bytes(bytes(7))
    (tmp_path / "ignored.log").write_bytes(bytes(9))
    assert sizes.tracked(tmp_path) == {"kept.bin": 3, "with a blank.bin": 7, ".gitignore": 6}
    assert sizes.committed(tmp_path) == {"kept.bin": 3, "gone.bin": 5, ".gitignore": 6}
