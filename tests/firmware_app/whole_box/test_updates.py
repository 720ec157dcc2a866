"""A whole box changes versions, or goes back by itself: real trees, real processes, the maker's own tool.

After each: which version runs, that its sound and page are there, what is muted, and that the settings are whole.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from firmware_app.update import fetch
from firmware_app.update.layout import CURRENT, GOOD, PREVIOUS, Layout
from firmware_app.update.record import Record, RecordFile
from firmware_app.update.source import FolderSource
from tests.rigs.running_box import RunningBox
from tests.rigs.update_box import Maker, lay_home

pytestmark = [pytest.mark.box, pytest.mark.e2e, pytest.mark.timeout(600)]  # `make e2e`: half a minute a trial
PATIENCE_S = 240.0
MUTED = "stems.vocals.mute"


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> Maker:
    return Maker(tmp_path_factory.mktemp("maker"))


@pytest.fixture(scope="module")
def first(maker: Maker, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installed box with version 0.1.0, to be copied."""
    home = tmp_path_factory.mktemp("first") / "home"
    lay_home(home, maker.root)
    return home


@pytest.fixture
def box(first: Path, tmp_path: Path) -> Iterator[UpdatedBox]:
    home = tmp_path / "home"
    shutil.copytree(first, home, symlinks=True)
    with UpdatedBox(tmp_path / "box", Layout(home, home / "kept")) as box:
        box.wait_status(lambda status: status["audio_alive"], "sound", PATIENCE_S)
        box.set(MUTED, 1.0)
        yield box


class UpdatedBox(RunningBox):
    """A box that runs from a home with versions."""

    def __init__(self, folder: Path, layout: Layout) -> None:
        config = '[audio]\ndevice = "demo"\n[model]\nbundle = "denoise-light"\n'
        super().__init__(folder, config, program=[str(layout.program(GOOD))])
        self.layout = layout
        self.record = RecordFile(layout.keep)

    def ask_for(self, maker: Maker, version: str) -> str:
        """What the page does: look, fetch, ask."""
        source = FolderSource(maker.repository)
        offer = fetch.look(self.layout, source).offer
        assert offer is not None
        assert offer.version == version
        fetch.get(self.layout, source, offer)
        return fetch.ask(self.layout, version)

    def wait_result(self, id: str) -> Record:
        self.wait_for(lambda: self.record.load().id == id and bool(self.record.load().result), "a result", PATIENCE_S)
        return self.record.load()

    def is_whole(self, version: str) -> None:
        """This version runs, is the good one, has sound and page, and what was muted is muted."""
        assert (self.layout.pointed(CURRENT), self.layout.pointed(GOOD)) == (version, version)
        self.wait_for(lambda: not self.layout.trial.exists(), "the trial to be settled")
        self.wait_for(lambda: self._answers(version), f"the page of {version}", PATIENCE_S)
        self.wait_status(lambda status: status["audio_alive"] and status["state"] == "running", "sound", PATIENCE_S)
        assert self.value(MUTED) == 1.0
        for name in ("audio", "control"):
            assert f"/versions/{version}/" in self.child(name).cmdline()[0]
        state = json.loads((self.state / "state.json").read_text())
        assert state["params"][MUTED] == 1.0

    def _answers(self, version: str) -> bool:
        try:
            return bool(self.get("session")["version"] == version)
        except OSError:
            return False


def test_a_good_version_is_installed_and_the_one_before_is_kept(box: UpdatedBox, maker: Maker) -> None:
    maker.offer(maker.pack("0.2.0"))
    done = box.wait_result(box.ask_for(maker, "0.2.0"))
    assert (done.result, done.code) == ("installed", "")
    assert done.silent_s > 0
    box.is_whole("0.2.0")
    assert box.layout.pointed(PREVIOUS) == "0.1.0"
    back = box.wait_result(fetch.ask_back(box.layout))
    assert (back.result, back.version) == ("installed", "0.1.0")
    box.is_whole("0.1.0")
    assert box.layout.pointed(PREVIOUS) == "0.2.0"


@pytest.mark.parametrize(
    ("version", "spoil", "code"),
    [("0.3.0", "page", "page"), ("0.3.1", "sound", "sound"), ("0.3.2", "crash", "crash"), ("0.3.3", "falls", "crash")],
)
def test_a_version_that_does_not_come_back_is_left_again(
    box: UpdatedBox, maker: Maker, version: str, spoil: str, code: str
) -> None:
    maker.offer(maker.pack(version, [spoil]))
    done = box.wait_result(box.ask_for(maker, version))
    assert (done.result, done.code, done.old) == ("back", code, "0.1.0")
    assert done.words.endswith("back on 0.1.0")
    box.is_whole("0.1.0")
    box.wait_for(lambda: os.listdir(box.layout.versions) == ["0.1.0"], "the failed version to be removed")


def test_settings_in_a_newer_form_are_put_back_as_they_were(box: UpdatedBox, maker: Maker) -> None:
    """The newer version wrote them, then did not serve its page: the older one starts with what it can read."""
    maker.offer(maker.pack("0.4.0", ["schema", "page_late"]))
    box.set("denoise.amount_db", 17.0)
    box.wait_for(lambda: '"denoise.amount_db": 17.0' in (box.state / "state.json").read_text(), "the setting on disk")
    done = box.wait_result(box.ask_for(maker, "0.4.0"))
    assert (done.result, done.code) == ("back", "page")
    box.is_whole("0.1.0")
    # What sounds now is what was set last, in the trial: the values in force outlive both versions.
    assert box.value("denoise.amount_db") == 20.0
    assert json.loads((box.state / "before-update/restored.json").read_text()) == ["state.json"]
    assert not list(box.state.glob("*.bad-*"))


def test_an_installer_that_is_killed_in_the_trial_leaves_the_old_version(box: UpdatedBox, maker: Maker) -> None:
    maker.offer(maker.pack("0.5.0", ["page"]))
    id = box.ask_for(maker, "0.5.0")
    box.wait_for(lambda: box.record.load().phase == "trial" and box.layout.pointed(CURRENT) == "0.5.0", "the trial")
    installer(box).kill()
    done = box.wait_result(id)
    assert (done.result, done.code) == ("back", "cut")
    box.is_whole("0.1.0")


def test_power_that_fails_in_the_trial_leads_back_at_the_next_start(
    box: UpdatedBox, maker: Maker, tmp_path: Path
) -> None:
    maker.offer(maker.pack("0.6.0", ["page"]))
    box.ask_for(maker, "0.6.0")
    box.wait_for(lambda: box.record.load().phase == "trial" and box.layout.pointed(CURRENT) == "0.6.0", "the trial")
    everything = [psutil.Process(box.pid), *psutil.Process(box.pid).children(recursive=True)]
    for process in everything:
        process.send_signal(signal.SIGKILL)
    psutil.wait_procs(everything, 10)
    box.stop()
    assert box.layout.trial.exists()
    with UpdatedBox(tmp_path / "box", box.layout) as again:
        again.is_whole("0.1.0")
        done = again.record.load()
        assert (done.result, done.code) == ("back", "cut")


def installer(box: UpdatedBox) -> psutil.Process:
    return next(child for child in psutil.Process(box.pid).children() if "update_work" in child.cmdline())
