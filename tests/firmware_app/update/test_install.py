"""The installer cut off everywhere: killed before each of its durable steps, on a full disk, without its stick.

It runs as a process of its own over real versions' folders; in place of sound and page stands a small process of the
running version (tests/rigs/installer.py), so that a run takes a second. Whole boxes: ../whole_box/test_updates.py.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from firmware_app.update import fetch
from firmware_app.update.layout import CURRENT, GOOD, PREVIOUS, Layout, UpdateError
from firmware_app.update.record import RecordFile
from firmware_app.update.source import FolderSource
from tests.rigs import installer
from tests.rigs.hardships import small_disk
from tests.rigs.installer import Installers
from tests.rigs.update_box import Maker, bare_home, stand_in

pytestmark = pytest.mark.timeout(900)
Install = Callable[..., int]


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> Maker:
    maker = Maker(tmp_path_factory.mktemp("maker"))
    maker.offer(stand_in(maker.folder, "0.2.0"))
    return maker


@pytest.fixture
def layout(maker: Maker, tmp_path: Path) -> Layout:
    """0.1.0 is installed; 0.2.0 is fetched and asked for."""
    return asked(maker, tmp_path)


def asked(maker: Maker, folder: Path) -> Layout:
    layout = bare_home(folder / "home", maker.root)
    installer.settings(folder).write_text('{"schema": 1, "params": {"mute": 1}}')
    source = FolderSource(maker.repository)
    offer = fetch.look(layout, source).offer
    assert offer is not None
    fetch.get(layout, source, offer)
    fetch.ask(layout, "0.2.0")
    return layout


def copies(maker: Maker, folder: Path) -> Iterator[tuple[int, Layout]]:
    """The same box again and again, by the number of the step to die at."""
    asked(maker, folder / "first")
    for step in range(1, 200):
        shutil.copytree(folder / "first", folder / str(step), symlinks=True)
        yield step, Layout(folder / str(step) / "home", folder / str(step) / "home/kept")
        shutil.rmtree(folder / str(step))


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """In memory: hundreds of runs sync every file."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def installers() -> Iterator[Installers]:
    with Installers() as started:
        yield started


@pytest.fixture
def install(installers: Installers) -> Install:
    """Runs the installer. Returns its exit status: -9 when it was killed."""
    return installers.run


def is_whole(layout: Layout) -> str:
    """Returns the version that is in use: everything agrees on it, it runs, and the settings are as they were."""
    version = layout.pointed(GOOD)
    assert layout.pointed(CURRENT) == version
    assert installer.runs(layout) == version
    assert (layout.home / CURRENT / "made").is_file()
    assert not layout.trial.exists()
    assert json.loads(installer.settings(layout.home.parent).read_text())["params"] == {"mute": 1}
    return version


def test_uncut_it_installs(install: Install, layout: Layout) -> None:
    assert install(layout) == 0
    assert RecordFile(layout.keep).load().result == "installed"
    assert is_whole(layout) == "0.2.0"
    assert layout.pointed(PREVIOUS) == "0.1.0"
    assert {path.name for path in layout.versions.iterdir()} == {"0.1.0", "0.2.0"}


def test_killed_before_any_step_it_leaves_one_whole_version(install: Install, maker: Maker, tmp_path: Path) -> None:
    """Each time the next start settles it, as the units see to; and asking once more installs it."""
    seen: dict[str, int] = {}
    for step, box in copies(maker, tmp_path):
        status = install(box, "--die-at", str(step))
        if status == 0:
            break
        assert status == -9
        assert install(box, "--settle") == 0
        version = is_whole(box)
        seen[version] = seen.get(version, 0) + 1
        record = RecordFile(box.keep).load()
        assert (version == "0.2.0") == (record.result == "installed"), (step, record)
        assert not record.running, "the page would wait for ever"
        if version == "0.1.0" and step % 4 == 0:
            fetch.ask(box, "0.2.0")
            assert install(box) == 0
            assert is_whole(box) == "0.2.0"
            assert {path.name for path in box.versions.iterdir()} == {"0.1.0", "0.2.0"}
    print(f"killed at {sum(seen.values())} steps: {seen}")
    assert seen["0.1.0"] > 20
    assert seen["0.2.0"] >= 1


@pytest.mark.parametrize("code", ["page", "sound", "crash", "apply"])
def test_killed_before_any_step_of_going_back_it_goes_back(
    install: Install, maker: Maker, tmp_path: Path, code: str
) -> None:
    for step, box in copies(maker, tmp_path):
        status = install(box, "--verdict", code, "--die-after-switch", str(step))
        if status != 0:
            assert status == -9
            assert install(box, "--settle") == 0
        assert is_whole(box) == "0.1.0"
        record = RecordFile(box.keep).load()
        assert record.result == "back"
        assert record.code in (code, "cut")
        if status == 0:
            assert step > 3
            return
    pytest.fail("it never came to its end")


def test_what_a_power_cut_left_does_not_look_as_if_it_went_on(layout: Layout) -> None:
    record = RecordFile(layout.keep)
    record.begin("aaaaaaaaaaaaaaaa", "0.2.0", "0.1.0")
    assert record.seen().running
    record.change(boot="another boot")
    assert (record.seen().result, record.seen().code) == ("refused", "cut")


def test_a_second_request_for_the_same_is_not_carried_out_twice(install: Install, layout: Layout) -> None:
    assert install(layout) == 0
    before = RecordFile(layout.keep).load()
    assert install(layout) == 0
    assert RecordFile(layout.keep).load() == before


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", '{"id": "x", "version": "0.2.0"}', '{"id": "aaaaaaaaaaaaaaaa", "version": "../../etc"}',
     '{"id": "aaaaaaaa", "version": {}}', '{"id": "' + "a" * 5000 + '", "version": "0.2.0"}', "[" * 900],
)  # fmt: skip
def test_a_request_that_makes_no_sense_changes_nothing(install: Install, layout: Layout, text: str) -> None:
    layout.request.write_text(text)
    assert install(layout) == 0
    assert RecordFile(layout.keep).load().id == ""
    assert is_whole(layout) == "0.1.0"


@pytest.mark.parametrize("how", ["changed", "cut", "link", "pipe", "gone"])
def test_what_control_changed_after_fetching_is_refused(install: Install, layout: Layout, how: str) -> None:
    """Control's user owns the staging folder: it can put anything there, and the installer takes none of it."""
    [archive] = (layout.staging / fetch.REPOSITORY / "targets").iterdir()
    data = archive.read_bytes()
    archive.unlink()
    if how == "changed":
        archive.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    elif how == "cut":
        archive.write_bytes(data[:-1])
    elif how == "link":
        (layout.home / "elsewhere").write_bytes(data)
        archive.symlink_to(layout.home / "elsewhere")
    elif how == "pipe":
        os.mkfifo(archive)
    assert install(layout) == 0
    record = RecordFile(layout.keep).load()
    assert (record.result, record.code) == ("refused", "damaged" if how in ("changed", "cut") else "source")
    assert is_whole(layout) == "0.1.0"


def test_another_makers_repository_in_the_staging_folder_is_refused(
    install: Install, layout: Layout, tmp_path: Path
) -> None:
    other = Maker(tmp_path / "other")
    other.offer(stand_in(tmp_path, "0.2.0"))
    shutil.rmtree(layout.staging / fetch.REPOSITORY)
    other.repository.rename(layout.staging / fetch.REPOSITORY)
    assert install(layout) == 0
    record = RecordFile(layout.keep).load()
    assert (record.result, record.code) == ("refused", "signature")
    assert is_whole(layout) == "0.1.0"


def test_a_box_that_does_not_run_takes_no_update(install: Install, layout: Layout) -> None:
    assert install(layout, "--stopped") == 0
    assert RecordFile(layout.keep).load().code == "stopped"


def test_a_full_disk_leaves_the_old_version(
    install: Install, maker: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Real tmpfs of several sizes: whatever step meets the end of it, the old version runs."""
    monkeypatch.setattr(fetch, "SPARE_BYTES", 0)
    codes = set()
    for kilobytes in (200, 400, 900):
        folder = tmp_path / str(kilobytes)
        folder.mkdir()
        try:
            disk = small_disk(folder, kilobytes)
        except PermissionError:
            pytest.skip("only root can make a small disk")
        with disk:
            try:
                box = asked(maker, folder)
            except (UpdateError, OSError) as error:
                codes.add(getattr(error, "code", "fetch"))
                continue
            assert install(box) == 0
            codes.add(RecordFile(box.keep).load().code)
            assert is_whole(box) in ("0.1.0", "0.2.0")
    print(codes)
