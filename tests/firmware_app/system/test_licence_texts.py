"""Nothing is shipped without the text of its licence."""

from dataclasses import replace
from importlib.metadata import PathDistribution, distribution
from pathlib import Path

import pytest

from firmware_app.config import places
from firmware_app.system.licence_texts import LicenceError, whole
from firmware_app.system.licences import shipped
from tests.rigs.checkout import ROOT


def test_everything_that_is_shipped_has_its_text() -> None:
    packages = [distribution(package.name) for package in shipped()]
    text = whole(places.find(), packages)
    for package in packages:
        assert f"\n{package.metadata['Name']} {package.version}: " in text
    for bundle in (ROOT / "models_quantized").glob("*/bundle.toml"):
        assert f"\nmodel {bundle.parent.name} " in text
    for words in ("LibriSpeech (Panayotov et al.): CC-BY-4.0", "Producer Space", "GNU LESSER GENERAL PUBLIC LICENSE",
                  "Chris Liechti"):  # fmt: skip
        assert words in text


def bare(folder: Path, name: str) -> PathDistribution:
    """An installed package whose maker has put no licence into it."""
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\nLicense-Expression: MIT\n")
    (info / "RECORD").write_text(f"{name}.py,,\n{info.name}/licenses/LICENSE,,\n")
    return PathDistribution(info)


def test_a_package_without_a_text_is_not_shipped(tmp_path: Path) -> None:
    package = bare(tmp_path, "bare")
    with pytest.raises(LicenceError, match=r"bare 1\.0"):
        whole(places.find(), [package])
    licence = tmp_path / "bare-1.0.dist-info/licenses/LICENSE"
    licence.parent.mkdir()
    licence.write_text("may be used")
    assert "bare 1.0: MIT" in whole(places.find(), [package])


def test_a_model_says_what_it_was_made_from(tmp_path: Path) -> None:
    (tmp_path / "models" / "mine").mkdir(parents=True)
    (tmp_path / "models" / "mine" / "bundle.toml").write_text(
        'name = "mine"\nversion = "1"\nlicence = "MIT"\n'
        'trained_on = [{name = "my voice", licence = "CC0", what = "speech"}]'
    )
    text = whole(replace(places.find(), models=tmp_path / "models"), [])
    assert "model mine 1: MIT" in text
    assert "my voice: CC0 (speech)" in text


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    from firmware_app.cli import main

    assert main(["licences"]) == 0
    assert "Apache License" in capsys.readouterr().out
