"""The bill of materials of a tree: made and checked by OWASP's own library, in the environment that packaging makes."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.rigs.checkout import ROOT

PYTHON = ROOT / ".venv-bom" / "bin" / "python"
STATUS = """\
Package: libasound2
Status: install ok installed
Architecture: arm64
Version: 1.2.8-1+b1

Package: gone
Status: deinstall ok config-files
Architecture: arm64
Version: 1
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A package's tree with two Python packages, our part in C and the models."""
    site = tmp_path / "tree/opt/hushbox/.venv/lib/python3.11/site-packages"
    for name, version, licence in (("hushbox", "0.1.0", "Apache-2.0"), ("Flask", "3.1.3", "BSD-3-Clause")):
        info = site / f"{name}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\nLicense-Expression: {licence}\n"
        )
        (info / "RECORD").write_text("")
    (site / "dsp/native").mkdir(parents=True)
    (site / "dsp/native/_hop.abi3.so").write_bytes(b"machine code")
    (site / "models_quantized").symlink_to(ROOT / "models_quantized")
    (tmp_path / "status").write_text(STATUS)
    return tmp_path


def made(tree: Path, name: str, *more: str) -> tuple[dict[str, Any], bytes]:
    if not PYTHON.exists():
        pytest.skip("no environment for it: packaging/bill_of_materials.sh makes .venv-bom")
    script = ROOT / "packaging" / "bill_of_materials.py"
    done = subprocess.run([PYTHON, script, tree / "tree", tree / name, *more], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads((tree / name).read_text()), (tree / name).read_bytes()


def test_it_names_packages_c_models_and_their_data(tree: Path) -> None:
    bill, _ = made(tree, "one.json", "--machine", "aarch64", "--dpkg", str(tree / "status"))
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert bill["metadata"]["component"]["properties"][0] == {"name": "hushbox:machine", "value": "aarch64"}
    parts = {part["name"]: part for part in bill["components"]}
    assert parts["Flask"]["purl"] == "pkg:pypi/flask@3.1.3"
    assert parts["Flask"]["licenses"] == [{"license": {"acknowledgement": "declared", "id": "BSD-3-Clause"}}] or parts[
        "Flask"
    ]["licenses"] == [{"license": {"id": "BSD-3-Clause"}}]
    assert len(parts["dsp/native"]["hashes"][0]["content"]) == 64
    assert parts["libasound2"]["version"] == "1.2.8-1+b1"
    assert "gone" not in parts
    for folder in (ROOT / "models_quantized").iterdir():
        if not (folder / "bundle.toml").exists():
            continue
        model = parts[folder.name]
        assert model["type"] == "machine-learning-model"
        inside = {part["name"]: part for part in model.get("components", ())}
        assert {path.name for path in folder.iterdir() if path.suffix == ".tflite"} <= set(inside)
        for part in inside.values():
            assert part["licenses"] if part["type"] == "data" else part["hashes"], part["name"]


def test_the_same_tree_gives_the_same_file(tree: Path) -> None:
    assert made(tree, "one.json")[1] == made(tree, "two.json")[1]


def test_what_is_no_tree_is_told(tmp_path: Path) -> None:
    if not PYTHON.exists():
        pytest.skip("no environment for it: packaging/bill_of_materials.sh makes .venv-bom")
    script = ROOT / "packaging" / "bill_of_materials.py"
    done = subprocess.run([PYTHON, script, tmp_path, tmp_path / "x.json"], capture_output=True, text=True)
    assert done.returncode == 1
    assert "make deb first" in done.stderr
