"""What is signed is believed, and nothing else: a repository made by the maker's own tool, then tampered with."""

import datetime
import hashlib
import json
import shutil
from pathlib import Path

import pytest

from firmware_app.update import clock, fetch
from firmware_app.update.layout import GOOD, ROOT_NAME, Layout, UpdateError
from firmware_app.update.source import FolderSource
from firmware_app.update.trust import Trust
from tests.rigs.update_box import Maker, bare_archive, bare_description, bare_home


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Maker:
    """Offers 0.2.0. Never changed: see `maker`."""
    maker = Maker(tmp_path_factory.mktemp("maker"))
    maker.offer(bare_archive(maker.folder, "0.2.0"))
    return maker


@pytest.fixture
def maker(made: Maker, tmp_path: Path) -> Maker:
    """A copy of it with the same keys."""
    shutil.copytree(made.folder, tmp_path / "maker")
    copy = object.__new__(Maker)
    copy.__dict__.update(made.__dict__, folder=tmp_path / "maker", repository=tmp_path / "maker/repository")
    return copy


@pytest.fixture
def layout(made: Maker, tmp_path: Path) -> Layout:
    return bare_home(tmp_path / "home", made.root)


def look(layout: Layout, maker: Maker) -> fetch.Found:
    return fetch.look(layout, FolderSource(maker.repository))


def refused(layout: Layout, maker: Maker) -> UpdateError:
    with pytest.raises(UpdateError) as caught:
        look(layout, maker)
    return caught.value


def test_what_is_signed_is_offered(layout: Layout, maker: Maker) -> None:
    offer = look(layout, maker).offer
    assert offer is not None
    assert (offer.version, offer.changes, offer.length) == ("0.2.0", ("It is better.",), 16000)
    fetch.get(layout, FolderSource(maker.repository), offer)
    staged = layout.staging / fetch.REPOSITORY
    assert hashlib.sha256((staged / "targets" / offer.hashed).read_bytes()).hexdigest() == offer.hashed[:64]
    assert [each.version for each in Trust(layout, layout.trusted, layout.home / GOOD).look(FolderSource(staged))] == [
        "0.2.0"
    ]


def test_another_makers_key_is_refused(layout: Layout, tmp_path: Path) -> None:
    other = Maker(tmp_path / "other")
    other.offer(bare_archive(tmp_path, "0.9.0"))
    assert refused(layout, other).code == "signature"


def test_one_root_key_alone_makes_no_root(layout: Layout, maker: Maker) -> None:
    """Somebody has one of the two keys that have to sign."""
    made = json.loads(maker.root)
    made["signed"]["version"] = 2
    (maker.repository / "metadata/2.root.json").write_text(json.dumps(made))
    assert refused(layout, maker).code == "signature"


@pytest.mark.parametrize("name", ["timestamp.json", "2.snapshot.json", "2.targets.json", "1.root.json"])
@pytest.mark.parametrize("how", ["signed", "bytes", "empty", "long", "deep", "no utf-8"])
def test_a_list_that_was_changed_is_refused(layout: Layout, maker: Maker, name: str, how: str) -> None:
    path = maker.repository / "metadata" / name
    text = path.read_text()
    path.write_bytes(
        {
            "signed": text.replace("2026", "2036")
            .replace("2027", "2037")
            .replace('"version": 2', '"version": 3')
            .encode(),
            "bytes": text[: len(text) // 2].encode(),
            "empty": b"",
            "long": text.encode() + b" " * 6_000_000,
            "deep": b"[" * 100_000,
            "no utf-8": b"\xff" + text.encode(),
        }[how]
    )
    if name == "1.root.json":
        assert look(layout, maker).offer is not None  # the box has its own first root
        return
    assert refused(layout, maker).code in ("signature", "damaged", "replayed")
    assert not (layout.staging / fetch.REPOSITORY).exists()


def test_lists_that_do_not_belong_together_are_refused(layout: Layout, maker: Maker) -> None:
    """The newest timestamp and snapshot, with the targets of before under the new name."""
    metadata = maker.repository / "metadata"
    maker.offer(bare_archive(maker.folder, "0.3.0"))
    shutil.copy(metadata / "2.targets.json", metadata / "3.targets.json")
    assert refused(layout, maker).code == "replayed"


def test_an_older_repository_is_refused_once_a_newer_one_was_seen(layout: Layout, maker: Maker, made: Maker) -> None:
    maker.offer(bare_archive(maker.folder, "0.3.0"))
    assert look(layout, maker).offer is not None
    assert refused(layout, made).code == "replayed"


def test_what_has_expired_is_refused_and_says_since_when(tmp_path: Path) -> None:
    for role in ("root", "targets", "snapshot", "timestamp"):
        maker = Maker(tmp_path / role, {role: -1})
        maker.offer(bare_archive(tmp_path, "0.2.0"))
        error = refused(bare_home(tmp_path / f"home-{role}", maker.root), maker)
        assert error.code == "expired", role
        assert error.values["today"] == f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}"


def test_with_a_wrong_clock_what_was_expired_long_ago_stays_expired(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1970 on the clock; the version was made after the list's end."""
    maker = Maker(tmp_path / "maker", {"timestamp": 3})
    maker.offer(bare_archive(tmp_path, "0.2.0"))
    monkeypatch.setattr(clock.time, "time", lambda: 86400.0)
    soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=5)
    error = refused(bare_home(tmp_path / "home", maker.root, f"{soon:%Y-%m-%dT%H:%M:%SZ}"), maker)
    assert error.code == "expired"
    assert "clock is wrong: it says 1970-01-02" in str(error)
    early = bare_home(tmp_path / "early", maker.root)
    found = look(early, maker)
    assert found.offer is not None
    assert "clock is wrong" in found.clock_is_wrong
    # From then on the box knows that it is at least the day on which that list was made.
    assert clock.now(early.home / GOOD, early.staging / fetch.SEEN)[0] == clock.utc("2026-02-03T04:05:06Z")


def test_a_clock_that_was_ahead_once_leaves_nothing_behind(
    layout: Layout, maker: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = datetime.datetime(2090, 1, 1, tzinfo=datetime.UTC).timestamp()
    with monkeypatch.context() as patch:
        patch.setattr(clock.time, "time", lambda: ahead)
        assert refused(layout, maker).code == "expired"
    assert look(layout, maker).offer is not None


def test_new_root_keys_are_taken_over_from_the_old_ones(layout: Layout, maker: Maker, made: Maker) -> None:
    assert look(layout, made).offer is not None
    maker.rotate()
    maker.offer(bare_archive(maker.folder, "0.3.0"))
    offer = look(layout, maker).offer
    assert offer is not None
    assert offer.version == "0.3.0"
    fetch.get(layout, FolderSource(maker.repository), offer)
    staged = FolderSource(layout.staging / fetch.REPOSITORY)
    assert {each.version for each in Trust(layout, layout.trusted, layout.home / GOOD).look(staged)} == {
        "0.2.0",
        "0.3.0",
    }


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"version": "0.1.0"}, None),
        ({"version": "0.0.9"}, None),
        ({"machine": "riscv64"}, "machine"),
        ({"python": "3.99"}, "python"),
        ({"least": "0.1.1"}, "step"),
        ({"version": "../../etc"}, "damaged"),
        ({"made": "yesterday"}, "damaged"),
        ({"unpacked_bytes": 10**13}, "damaged"),
        ({"files": 10**9}, "damaged"),
        ({"changes": None}, "damaged"),
    ],
    ids=str,
)
def test_only_what_fits_is_offered(tmp_path: Path, other: dict[str, object], code: str | None) -> None:
    maker = Maker(tmp_path / "maker")
    path = bare_archive(tmp_path, "0.2.0")
    path.with_name(path.name + ".json").write_text(json.dumps({**bare_description("0.2.0"), **other}))
    maker.offer(path)
    layout = bare_home(tmp_path / "home", maker.root)
    if code == "damaged":
        assert refused(layout, maker).code == code
        return
    found = look(layout, maker)
    assert found.offer is None
    assert (found.why_not.code if found.why_not else None) == code


def test_the_newest_that_fits_is_offered_and_why_no_newer_one(tmp_path: Path) -> None:
    maker = Maker(tmp_path / "maker")
    maker.offer(
        bare_archive(tmp_path, "0.2.0"),
        bare_archive(tmp_path, "0.10.0"),
        bare_archive(tmp_path, "0.11.0", python="3.99"),
    )
    found = look(bare_home(tmp_path / "home", maker.root), maker)
    assert found.offer is not None
    assert found.offer.version == "0.10.0"
    assert found.why_not is not None
    assert "0.11.0 is for Python 3.99" in str(found.why_not)


def test_a_box_without_the_makers_key_takes_nothing(layout: Layout, maker: Maker) -> None:
    (layout.home / ROOT_NAME).unlink()
    assert refused(layout, maker).code == "no_root"
