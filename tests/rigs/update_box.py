"""Versions, a signed repository and a box that is updated: real trees, real processes, the maker's own tool.

A version is a small tree: our packages as they are in this checkout, one model, and the development environment's
libraries by a path file. `spoil` names what is wrong with one.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from unittest import mock

from firmware_app.update.layout import CURRENT, GOOD, ROOT_NAME, Layout
from firmware_app.update.offer import MACHINES, python_here

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / "packaging/updates"
PACKAGES = ("dsp", "hw", "web_ui", "firmware_app")
MODELS = ("denoise-light",)
MACHINE = MACHINES[os.uname().machine]

SPOILS = {
    # The control process lives, and serves no page.
    "page": ("control_process.py", "def main(config, places):\n    import time\n    time.sleep(1e6)\n"),
    # The audio process lives, and makes no progress.
    "sound": ("audio_process.py", "def main(config, places):\n    import time\n    time.sleep(1e6)\n"),
    # As "page", but it runs long enough to save everything in its own form.
    "page_late": (
        "control_process.py",
        "def _no_page(self, *_):\n    self.control.set_param('denoise.amount_db', 20.0, 'spoiled')\n"
        "    self._stopping.wait()\n"
        "    raise PageAddressError('spoiled')\nControlProcess._serve_page = _no_page\n",
    ),
    # It ends at once.
    "crash": ("audio_process.py", "def main(config, places):\n    raise RuntimeError('spoiled')\n"),
    # It plays, and is killed soon after.
    "falls": (
        "audio_process.py",
        "_main = main\ndef main(config, places):\n    signal.setitimer(signal.ITIMER_REAL, 3.0)\n"
        "    return _main(config, places)\n",
    ),
    # It writes its settings in a form that older versions do not know.
    "schema": (
        "kept/store.py",
        "SCHEMA = 2\n_init = Store.__init__\ndef _newer(self, folder, specs):\n    _init(self, folder, specs)\n"
        "    self._file._schema, self._file._migrations = 2, {1: lambda body: body}\nStore.__init__ = _newer\n",
    ),
}


def lay_version(versions: Path, name: str, spoils: Sequence[str] = (), libraries: Path | None = None) -> Path:
    """Lay the tree of a version below `versions`. Returns its folder. libraries: another folder than ours."""
    folder = versions / name
    site = folder / f".venv/lib/python{python_here()}/site-packages"
    site.mkdir(parents=True)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, site / package, ignore=shutil.ignore_patterns("__pycache__", "*.flac"))
    for sound in (ROOT / "firmware_app/assets").glob("*.flac"):
        shutil.copy(sound, site / "firmware_app/assets")
    for model in MODELS:
        shutil.copytree(ROOT / "models_quantized" / model, site / "models_quantized" / model)
    (site / "models_quantized/__init__.py").touch()
    info = site / f"hushbox-{name}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: hushbox\nVersion: {name}\n")
    (site / "libraries.pth").write_text(f"{libraries or our_libraries()}\n")
    base = Path(sys.executable).resolve().parent
    (folder / ".venv/pyvenv.cfg").write_text(f"home = {base}\ninclude-system-site-packages = false\n")
    (folder / ".venv/bin").mkdir()
    (folder / ".venv/bin/python").symlink_to(Path(sys.executable).resolve())
    shutil.copy(ROOT / "packaging/hushbox.sh", folder / ".venv/bin/hushbox")
    (folder / "CHANGELOG.md").write_text(f"# Changes\n\n## {name}\n\n- {name} is better than\n  all before it.\n")
    (folder / "made").write_text("2026-01-02T03:04:05Z\n")
    for spoil in spoils:
        file, more = SPOILS[spoil]
        with (site / "firmware_app" / file).open("a") as source:
            source.write("\n\n" + more)
    subprocess.run(
        [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", str(site)], check=True
    )
    return folder


def our_libraries() -> Path:
    """The folder that the development environment's libraries are in."""
    return next(Path(path) for path in sys.path if path.endswith("site-packages"))


class Maker:
    """The maker's desk: keys, a repository, and the tools of packaging/updates."""

    def __init__(self, folder: Path, days: dict[str, int] | None = None) -> None:
        """days: how long each list stays valid, where it differs."""
        self.folder = folder
        self.repository = folder / "repository"
        self._days = days or {}
        self.keys = folder / "keys"
        for name in ("root-1", "root-2", "root-3", "targets", "online"):
            self.tool("key", self.keys / name)
        self.tool("init", self.repository, "--root", *self._keys("root-1", "root-2", "root-3"), *self.signing)

    @property
    def signing(self) -> list[str | Path]:
        return ["--targets", self.keys / "targets", "--online", self.keys / "online"]

    @property
    def root(self) -> bytes:
        """The first root: what a box is made with."""
        return (self.repository / "metadata/1.root.json").read_bytes()

    def _keys(self, *names: str) -> list[Path]:
        return [self.keys / name for name in names]

    def tool(self, *arguments: str | Path) -> str:
        """Run packaging/updates/repository.py, in this process: its imports take most of its time.

        Returns what it printed. Raises CalledProcessError with what it said when it refused.
        """
        command = ["repository.py", *map(str, arguments)]
        said, why = io.StringIO(), io.StringIO()
        repository = maker_tool()
        with (
            mock.patch.object(sys, "argv", command),
            mock.patch.dict(os.environ, {"HUSHBOX_KEY_PASSWORD": ""}),
            mock.patch.dict(repository.DAYS, self._days),
            contextlib.redirect_stdout(said),
            contextlib.redirect_stderr(why),
        ):
            try:
                code = repository.main()
            except SystemExit as end:  # a refusal in words, or of the options
                code, words = (end.code, "") if isinstance(end.code, int) else (1, str(end.code))
                raise subprocess.CalledProcessError(code, command, said.getvalue(), why.getvalue() + words) from end
        assert code == 0
        return said.getvalue()

    def pack(
        self,
        name: str,
        spoils: Sequence[str] = (),
        libraries: Path | None = None,
        more: Callable[[Path], None] = lambda folder: None,
        **described: object,
    ) -> Path:
        """An archive of a version. more: changes its tree first. described: what its description says instead."""
        trees = self.folder / "trees"
        folder = lay_version(trees, name, spoils, libraries)
        more(folder)
        archive = packed(folder, self.folder / "archives")
        if described:
            path = archive.with_name(archive.name + ".json")
            path.write_text(json.dumps({**json.loads(path.read_text()), **described}))
        shutil.rmtree(folder)
        return archive

    def offer(self, *archives: Path) -> None:
        """Sign archives into the repository."""
        self.tool("add", self.repository, *archives, *self.signing)

    def refresh(self) -> None:
        self.tool("refresh", self.repository, "--online", self.keys / "online")

    def rotate(self) -> None:
        """A third and a fourth root key instead of the first."""
        self.tool("key", self.keys / "root-4")
        self.tool(
            "rotate", self.repository, "--signers", *self._keys("root-1", "root-2"), "--root",
            *self._keys("root-2", "root-3", "root-4"), *self.signing,
        )  # fmt: skip


@functools.cache
def maker_tool() -> ModuleType:
    """The program packaging/updates/repository.py as a module."""
    spec = importlib.util.spec_from_file_location("repository", TOOLS / "repository.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def packed(folder: Path, out: Path) -> Path:
    """The archive of a version's tree, made by packaging/updates/archive.py, with its description beside it."""
    command = [sys.executable, str(TOOLS / "archive.py"), str(folder), str(out)]
    subprocess.run([*command, "--machine", MACHINE, "--python", python_here()], check=True, capture_output=True)
    return out / f"hushbox-{folder.name}-{MACHINE}-py{python_here()}.tar.xz"


def stand_in(folder: Path, version: str) -> Path:
    """An archive that can be unpacked, of a version that does nothing: a few files, some kilobytes."""
    tree = folder / "stand-in" / version
    site = tree / f".venv/lib/python{python_here()}/site-packages/dsp"
    (site / "__pycache__").mkdir(parents=True)
    (site / "large").write_bytes(os.urandom(100_000))
    (tree / ".venv/bin").mkdir()
    (tree / ".venv/bin/hushbox").write_text("#!/bin/sh\n")
    (tree / "made").write_text("2026-01-02T03:04:05Z\n")
    (tree / "CHANGELOG.md").write_text(f"# Changes\n\n## {version}\n\n- Better.\n")
    return packed(tree, folder / "archives")


def lay_home(home: Path, root: bytes, version: str = "0.1.0") -> Layout:
    """An installed box with one version that trusts `root`."""
    layout = Layout(home, home / "kept")
    lay_version(layout.versions, version)
    for link in (CURRENT, GOOD):
        layout.point(link, version)
    (home / ROOT_NAME).write_bytes(root)
    return layout


def bare_home(home: Path, root: bytes, made: str = "2026-01-02T03:04:05Z") -> Layout:
    """The same with an empty version, for tests that start no box. made: when the version was."""
    layout = Layout(home, home / "kept")
    layout.version("0.1.0").mkdir(parents=True)
    (layout.version("0.1.0") / "made").write_text(made)
    (layout.version("0.1.0") / ".venv/bin").mkdir(parents=True)
    (layout.version("0.1.0") / ".venv/bin/python").symlink_to(Path(sys.executable).resolve())
    for link in (CURRENT, GOOD):
        layout.point(link, "0.1.0")
    (home / ROOT_NAME).write_bytes(root)
    return layout


def bare_description(version: str, **other: object) -> dict[str, object]:
    return {
        "version": version, "machine": MACHINE, "python": python_here(), "least": "0.0.0",
        "made": "2026-02-03T04:05:06Z", "changes": ["It is better."], "unpacked_bytes": 9, "files": 1, **other,
    }  # fmt: skip


def bare_archive(folder: Path, version: str, **other: object) -> Path:
    """An archive that is none, with its description: for tests that do not unpack it."""
    path = folder / f"hushbox-{version}-{MACHINE}-py{python_here()}{len(other) or ''}.tar.xz"
    path.write_bytes(f"archive of {version}".encode() * 1000)
    path.with_name(path.name + ".json").write_text(json.dumps(bare_description(version, **other)))
    return path
