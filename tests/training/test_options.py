"""Every option that a program of training/ or bench/ reads is one that it takes. Needs no PyTorch."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rigs.checkout import ROOT

LOSS_WEIGHTS = ROOT / "training/loss.py"  # train_denoise takes an option for each field of LossWeights


def programs() -> list[Path]:
    return [
        path
        for folder in ("training", "bench")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "parse_args" in path.read_text()
    ]


def taken(tree: ast.AST) -> Iterator[str]:
    """Names under which options arrive in the namespace."""
    for call in ast.walk(tree):
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
            continue
        if call.func.attr in ("add_argument", "set_defaults"):
            named = [word.value for word in call.keywords if word.arg == "dest"]
            options = [arg for arg in call.args if isinstance(arg, ast.Constant)]
            for option in (*named, *options):
                if isinstance(option, ast.Constant):
                    yield str(option.value).lstrip("-").replace("-", "_")
            yield from (word.arg for word in call.keywords if call.func.attr == "set_defaults" and word.arg)


def read(tree: ast.AST) -> set[str]:
    """Attributes read of a variable named args or options."""
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ("args", "options")
    }


@pytest.mark.parametrize("path", programs(), ids=lambda path: path.stem)
def test_what_a_program_reads_it_also_takes(path):
    tree = ast.parse(path.read_text())
    declared = set(taken(tree))
    if path.stem == "train_denoise":
        weights = ast.parse(LOSS_WEIGHTS.read_text())
        declared |= {
            line.target.id
            for kind in ast.walk(weights)
            if isinstance(kind, ast.ClassDef) and kind.name == "LossWeights"
            for line in kind.body
            if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
        }
    assert not read(tree) - declared
