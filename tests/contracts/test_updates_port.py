"""What every UpdatesPort does, the fake and the real one, which looks at a repository of the maker's own tool."""

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from firmware_app.page.updates import RealUpdates
from firmware_app.update.layout import PREVIOUS, Layout
from firmware_app.update.record import RecordFile
from firmware_app.update.updates import Updates
from tests.rigs.update_box import Maker, bare_archive, bare_home
from web_ui.fakes.updates import FakeUpdates
from web_ui.ports.box import Box
from web_ui.ports.errors import ControlRefused
from web_ui.ports.updates import ProblemView, UpdatesPort, UpdatesView
from web_ui.views import dumps


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> Maker:
    """It offers 0.2.0."""
    folder = tmp_path_factory.mktemp("maker")
    maker = Maker(folder)
    maker.offer(bare_archive(folder, "0.2.0", changes=["A **better** denoiser."]))
    return maker


@pytest.fixture(params=["fake", "real"])
def port(request: pytest.FixtureRequest, tmp_path: Path) -> UpdatesPort:
    """0.1.0 runs, and a stick has 0.2.0. The installer is a file that nobody takes up."""
    if request.param == "fake":
        return FakeUpdates()
    maker: Maker = request.getfixturevalue("maker")
    layout = bare_home(tmp_path / "home", maker.root)
    shutil.copytree(maker.repository, tmp_path / "media/stick/hushbox-update")
    return RealUpdates(Updates(layout, tmp_path / "state", "", False, (tmp_path / "media",)))


def wait(port: UpdatesPort, wanted: Callable[[UpdatesView], bool]) -> UpdatesView:
    until = time.monotonic() + 60
    while not wanted(port.view()):
        assert time.monotonic() < until, port.view()
        time.sleep(0.02)
    return port.view()


def took_up(port: UpdatesPort, version: str) -> None:
    """What the installer does: it keeps a record, and the links change."""
    if isinstance(port, FakeUpdates):
        return
    layout = port._updates.layout
    assert layout is not None
    id = wait_for_request(layout)
    record = RecordFile(layout.keep)
    record.begin(id, version, "0.1.0")
    layout.version(version).mkdir(exist_ok=True)
    old = layout.pointed("good")
    for link, name in (("current", version), (PREVIOUS, old), ("good", version)):
        layout.point(link, name)
    record.end("installed", silent_s=2.1)


def wait_for_request(layout: Layout) -> str:
    until = time.monotonic() + 60
    while not layout.request.exists():
        assert time.monotonic() < until
        time.sleep(0.02)
    id: str = json.loads(layout.request.read_text())["id"]
    layout.request.unlink()
    return id


def test_it_looks_only_when_it_is_asked_and_installs_what_it_found(port: UpdatesPort):
    before = port.view()
    assert (before.version, before.previous, before.offer, before.looked, before.result) == (
        "0.1.0",
        "",
        None,
        False,
        None,
    )
    assert [(each.id, each.kind) for each in before.sources] == [("stick-1", "stick")]
    with pytest.raises(ControlRefused, match="look for updates first"):
        port.install("0.2.0")
    port.look("stick-1")
    found = wait(port, lambda view: not view.doing)
    assert found.problem is None
    assert found.looked
    assert found.offer is not None
    assert (found.offer.version, found.offer.changes[0]) == ("0.2.0", "A **better** denoiser.")
    with pytest.raises(ControlRefused, match=r"version = '0.3.0'"):
        port.install("0.3.0")
    port.install("0.2.0")
    took_up(port, "0.2.0")
    after = wait(port, lambda view: not view.doing)
    assert (after.version, after.previous, after.offer) == ("0.2.0", "0.1.0", None)
    assert after.result is not None
    assert (after.result.result, after.result.version, after.result.old) == ("installed", "0.2.0", "0.1.0")
    assert after.silent_s == 2.1
    port.back()
    took_up(port, "0.1.0")
    assert wait(port, lambda view: not view.doing).version == "0.1.0"


def test_nothing_newer_is_no_trouble(port: UpdatesPort):
    port.look("stick-1")
    wait(port, lambda view: not view.doing)
    port.install("0.2.0")
    took_up(port, "0.2.0")
    wait(port, lambda view: not view.doing)
    port.look("stick-1")
    view = wait(port, lambda view: not view.doing)
    assert (view.looked, view.offer, view.problem) == (True, None, None)


def test_a_source_that_there_is_not_is_refused(port: UpdatesPort):
    for wrong in ("source", "stick-9", "/etc", "https://example.org/"):
        with pytest.raises(ControlRefused, match="allowed stick-1"):
            port.look(wrong)


def test_without_a_version_before_there_is_no_way_back(port: UpdatesPort):
    with pytest.raises(ControlRefused, match="no version before"):
        port.back()


def test_a_box_that_cannot_be_updated_says_why(box: Box):
    """A checkout; the fake is told to be one."""
    if isinstance(box.updates, FakeUpdates):
        why = ProblemView("checkout", "Hushbox runs from a checkout", {})
        box.updates.now = replace(box.updates.now, why_not=why, sources=())
    view = box.updates.view()
    assert view.why_not is not None
    assert view.why_not.code == "checkout"
    for change in (lambda: box.updates.look("stick-1"), lambda: box.updates.install("0.2.0"), box.updates.back):
        with pytest.raises(ControlRefused):
            change()


def test_what_it_answers_is_json(port: UpdatesPort):
    dumps(asdict(port.view()))
