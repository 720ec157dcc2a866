"""The docs cannot rot: their commands run, their links lead somewhere, their example works, their lists are current."""

import os
import re
import runpy
import shlex
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import soundfile

from firmware_app.link.take_ring import LaneForm
from firmware_app.takes.stem_file import ORDER
from firmware_app.takes.take import Take
from firmware_app.takes.writer import TakeWriter
from tests.rigs.checkout import ROOT
from tests.rigs.known_songs import played, steady, tune

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
HUSHBOX = Path(sys.executable).parent / "hushbox"
# What a reader types that belongs to the system, and what it may name there.
SYSTEM = {
    "sudo",
    "systemctl",
    "systemd-analyze",
    "journalctl",
    "../rpi-image-gen/rpi-image-gen",
    "training/run.sh",
    "python",
}
BEGUN = datetime(2026, 5, 4, 10, 0, 0)
LONG = {"run", "--report"}  # take minutes, or do not end: only whether they are understood is checked


def _commands() -> list[tuple[str, str]]:
    """(page, command) of every line of the shell blocks, comments and continuations taken off."""
    found = []
    for page in PAGES:
        for block in re.findall(r"^ *```sh\n(.*?)^ *```", page.read_text(), re.MULTILINE | re.DOTALL):
            lines = (re.sub(r"\s#.*", "", line).strip() for line in block.replace("\\\n", " ").splitlines())
            found += [(page.name, command) for command in lines if command]
    return found


COMMANDS = _commands()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the recording and the takes that the pages speak of: two of one song, with stems."""
    folder = tmp_path_factory.mktemp("desk")
    rng = np.random.default_rng(0)
    soundfile.write(folder / "IN.wav", rng.standard_normal((24_000, 2)) * 0.05, 48_000)
    sheet = tune()
    sheet = replace(
        sheet, beats=16.0, notes=[n for n in sheet.notes if n[0] < 16], chords=[c for c in sheet.chords if c[0] < 16]
    )
    for begun, bpm in ((BEGUN, 96.0), (BEGUN + timedelta(minutes=5), 100.0)):
        song = played(sheet, steady(bpm))[: 10 * 48_000, None]
        lanes = tuple(LaneForm(name, 1) for name in ("dry", "wet", *ORDER))
        writer = TakeWriter(folder / "state" / "takes", begun, Take(begun.isoformat(), "pressed", lanes))
        writer.append([song, song, *([song / len(ORDER)] * len(ORDER))])
        writer.close()
    return folder


def _named(program: str) -> list[tuple[str, str]]:
    return [(page, command) for page, command in COMMANDS if command.split()[0] == program]


@pytest.mark.parametrize(("page", "command"), sorted(set(_named("hushbox"))))
def test_commands_of_the_box_run(page: str, command: str, desk: Path) -> None:
    words = shlex.split(command)[1:]
    if LONG & set(words):
        words += ["--help"]
    elif words[0] == "bench":
        words += ["--seconds", "0.1", "--runtime", "tflite"]  # the last one given holds
    env = {**os.environ, "HUSHBOX_STATE_DIR": str(desk / "state"), "HUSHBOX_RUNTIME_DIR": str(desk / "run")}
    done = subprocess.run([HUSHBOX, *words], cwd=desk, env=env, capture_output=True, text=True, timeout=120)
    # 1 from these is a finding about this machine, not a fault of the page.
    fine = (0, 1) if words[0] in ("doctor", "devices") else (0,)
    assert done.returncode in fine, f"{page}: {done.stderr}"
    assert not done.stderr or words[0] in ("process", "stems"), (
        f"{page}: {done.stderr}"
    )  # these show their progress there


def test_make_targets_are_there() -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = "\n".join(page.read_text() for page in PAGES)
    asked = set(re.findall(r"`(?:sudo )?make ([a-z][a-z0-9-]+)", text))
    for _, command in COMMANDS:
        words = [w for w in shlex.split(command) if "=" not in w and w != "sudo"]
        if words[0] == "make":
            asked |= set(words[1:])
    assert asked, "the pages name targets"
    assert asked <= targets


def test_every_command_is_known() -> None:
    """A program that this test does not know how to check is no command to put into the docs."""
    strange = [
        (page, command)
        for page, command in COMMANDS
        if (first := next(w for w in command.split() if "=" not in w)) not in SYSTEM | {"hushbox", "make"}
        and not first.startswith(".venv/bin/")
    ]
    assert not strange


def test_units_and_files_that_commands_name_are_there() -> None:
    text = "\n".join(command for _, command in COMMANDS)
    for unit in set(re.findall(r"\bhushbox-[a-z]+(?=\.service|\s|$)", text)):
        assert (ROOT / "systemd" / f"{unit}.service").exists(), unit
    for script in set(re.findall(r"\b(?:docs|training|packaging)/\w+\.(?:py|sh)", text)):
        assert (ROOT / script).exists(), script


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_pictures_are_there(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
        if target.startswith("https://"):  # of others: a test without a network cannot ask
            continue
        assert (page.parent / target).exists(), f"{page.name}: {target}"


NAMED = re.compile(r"`(\w[\w./-]*/[\w.-]+\.(?:py|sh|js|json|toml|md|html))`")
ROOMS = ("", "firmware_app", "web_ui/static/js")
# The reader of docs/processor.md writes the one, the maker's ceremony of docs/updates.md makes the others.
YET_TO_BE_WRITTEN = re.compile(r"tremolo|packaging/update-root\.json|updates/metadata/1\.root\.json")


@pytest.mark.parametrize(
    "page", [*PAGES, ROOT / "ARCHITECTURE.md", ROOT / "training" / "README.md"], ids=lambda p: p.name
)
def test_files_that_a_page_names_are_there(page: Path) -> None:
    named = {name for name in NAMED.findall(page.read_text()) if not YET_TO_BE_WRITTEN.search(name)}
    folders = [page.parent, *(ROOT / room for room in ROOMS)]
    assert not {name for name in named if not any((folder / name).exists() for folder in folders)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_tests_that_a_page_names_are_there(page: Path) -> None:
    """By their path from the root, or by their file's name alone."""
    tests = [path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py")]
    named = re.findall(r"`([\w/]*test_\w+\.py)", page.read_text())
    missing = [name for name in named if not any(f"/{each}".endswith(f"/{name}") for each in tests)]
    assert [name for name in missing if not YET_TO_BE_WRITTEN.search(name)] == []


def test_made_pages_are_current() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "generate.py", "--check"], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr


def test_index_names_every_page() -> None:
    index = (ROOT / "docs" / "index.md").read_text()
    listed = set(re.findall(r"^[a-zA-Z-]+$", index, re.MULTILINE))
    assert {page.stem for page in PAGES[1:]} - {"index"} == listed


def test_processor_of_the_docs_works(tmp_path: Path) -> None:
    code = re.search(r"```python\n(.*?)```", (ROOT / "docs" / "processor.md").read_text(), re.DOTALL)
    assert code is not None
    file = tmp_path / "tremolo.py"
    file.write_text(code[1])
    assert len([line for line in code[1].splitlines() if line.strip()]) <= 55
    tremolo = runpy.run_path(str(file))["Tremolo"]
    sound = np.random.default_rng(3).standard_normal((9_600, 2)).astype(np.float32)

    def play(period: int, depth: float) -> np.ndarray:
        processor = tremolo()
        processor.prepare(48_000, period, 2)
        processor.set_param("tremolo.depth_percent", depth)
        processor.reset()
        out = sound.copy()
        for at in range(0, len(out), period):
            processor.process(out[at : at + period])
        return out

    np.testing.assert_array_equal(play(128, 0.0), sound[:])  # at depth 0 no bit changes
    full = play(64, 100.0)
    assert np.abs(full[4_790:4_810]).max() < 1e-3 < np.abs(sound[4_790:4_810]).max()  # half a turn: silence
    np.testing.assert_allclose(full, play(240, 100.0), atol=1e-4)  # however it is cut


def test_versions_agree() -> None:
    done = subprocess.run([ROOT / "packaging" / "check_versions.sh"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
