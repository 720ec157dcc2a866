"""What a release refuses before it builds anything, and what a box would say to what was signed."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.rigs.checkout import ROOT
from tests.rigs.update_box import Maker, bare_archive


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> Maker:
    return Maker(tmp_path_factory.mktemp("maker"))


@pytest.fixture(scope="module")
def another(tmp_path_factory: pytest.TempPathFactory) -> Maker:
    return Maker(tmp_path_factory.mktemp("another"))


def release(**said: str | Path) -> str:
    """What it says as it refuses. What lies in dist/ stays there."""
    dist = ROOT / "dist"
    before = sorted(dist.glob("**/*"))
    env = {**os.environ, "REPO": "", "KEYS": "", "HUSHBOX_KEY_PASSWORD": "", **{key: str(said[key]) for key in said}}
    done = subprocess.run([ROOT / "packaging/release.sh"], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert sorted(dist.glob("**/*")) == before
    return done.stderr


def trusted(maker: Maker) -> Path:
    return maker.repository / "metadata/1.root.json"


def test_a_release_is_refused_without_keys(maker: Maker) -> None:
    for said in ({}, {"REPO": maker.repository}, {"KEYS": maker.keys}):
        assert "REPO=FOLDER and KEYS=FOLDER are needed" in release(**said)


def test_a_release_is_refused_when_a_key_is_not_there(maker: Maker, tmp_path: Path) -> None:
    shutil.copy(maker.keys / "online", tmp_path)
    assert f"{tmp_path}/targets is not there" in release(REPO=maker.repository, KEYS=tmp_path)


def test_a_release_is_refused_without_a_repository(maker: Maker, tmp_path: Path) -> None:
    assert "is no repository of updates" in release(REPO=tmp_path, KEYS=maker.keys)


@pytest.mark.parametrize("role", ["targets", "online"])
def test_a_release_is_refused_with_another_makers_key(maker: Maker, another: Maker, tmp_path: Path, role: str) -> None:
    shutil.copytree(maker.keys, tmp_path / "keys")
    shutil.copy(another.keys / role, tmp_path / "keys" / role)
    says = release(REPO=maker.repository, KEYS=tmp_path / "keys", UPDATE_ROOT=trusted(maker))
    assert "is none of those that 1.root.json has for" in says


def test_a_release_is_refused_when_its_boxes_would_trust_another_root(maker: Maker, another: Maker) -> None:
    said = {"REPO": maker.repository, "KEYS": maker.keys}
    assert "is none of the roots of" in release(**said, UPDATE_ROOT=trusted(another))
    assert "would take any update" in release(**said, UPDATE_ROOT=maker.folder / "nothing")


def test_the_maker_is_ready_with_the_keys_of_the_root(maker: Maker) -> None:
    maker.tool("ready", maker.repository, *maker.signing, "--trusts", trusted(maker))


def test_nothing_is_signed_with_a_key_that_boxes_do_not_know(maker: Maker, another: Maker, tmp_path: Path) -> None:

    def all_of_it() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in maker.repository.rglob("*") if path.is_file()}

    before = all_of_it()
    archive = bare_archive(tmp_path, "0.2.0")
    with pytest.raises(subprocess.CalledProcessError) as caught:
        maker.tool("add", maker.repository, archive, *another.signing)
    assert "is none of those that 1.root.json has for targets" in caught.value.stderr
    assert all_of_it() == before


def test_what_was_signed_is_looked_at_as_a_box_does(another: Maker, tmp_path: Path) -> None:
    archive, other = bare_archive(tmp_path, "0.2.0"), bare_archive(tmp_path, "0.3.0")
    another.offer(archive)

    def check(each: Path) -> str:
        return another.tool("check", another.repository, each, "--trusts", trusted(another))

    assert "a box takes it" in check(archive)
    with pytest.raises(subprocess.CalledProcessError) as caught:
        check(other)
    assert "a box would not find" in caught.value.stderr
    another.rotate()
    assert "a box takes it" in check(archive)  # an older box goes from root to root
    (another.repository / "metadata/timestamp.json").write_text("{}")
    with pytest.raises(subprocess.CalledProcessError) as caught:
        check(archive)
    assert "a box would refuse this" in caught.value.stderr
