"""The box itself: its models, its folders, its page."""

import errno
import fcntl
import os
import shutil
import socket
from pathlib import Path

from dsp import native
from dsp.errors import DspError
from dsp.inference import RuntimeUnfitError, installed, open_model
from dsp.inference.bundle import Bundle, list_bundles
from firmware_app.checks import Finding, advice, ok, problem
from firmware_app.config.keys import Config, PageConfig
from firmware_app.config.places import Places, PlacesError
from firmware_app.kept import choice
from firmware_app.kept.mutes import MutesFile
from firmware_app.kept.saver import trouble_left
from hw.board import board

LEAST_FREE_BYTES = 50_000_000
LARGE, LARGE_FROM = ("denoise-live", "denoise-studio"), 128  # bundles too large for a Pi 4 at periods up to this


def models(places: Places, wanted: str, runtime: str = "auto") -> list[Finding]:
    """Check every bundle's hashes, and run it in each runtime. wanted: the bundle in the settings."""
    folders = list_bundles(places.models)
    if places.bundle(wanted) not in folders:
        folders.insert(0, places.bundle(wanted))
    return [finding for folder in folders for finding in _model(folder, folder == places.bundle(wanted), runtime)]


def native_part() -> list[Finding]:
    """Is the part in C at work, or NumPy in its place?"""
    if native.in_use():
        return [ok("work of a hop", "done in C")]
    mend = "install gcc and python3-dev, then Hushbox again; or take HUSHBOX_NATIVE=0 away"
    return [advice("work of a hop", f"done by {native.description()}: a block costs twice as much", mend)]


def fitting_model(places: Places, config: Config, root: Path = Path("/")) -> list[Finding]:
    """What a measurement chose for this machine; without one, the board's name has to do (docs/boards.md)."""
    kept = choice.kept(config, places)
    if kept is not None:
        words = choice.words(kept, config.audio.periods)
        mend = "take longer periods and look at the load on the page, or a faster board"
        return [ok("model for this board", words) if kept.fits else advice("model for this board", words, mend)]
    return _fitting_by_name(places, config.model.bundle, config.audio.period_frames, root)


def _fitting_by_name(places: Places, wanted: str, period_frames: int, root: Path) -> list[Finding]:
    model = board.detect(root).model
    name = places.bundle(wanted).name
    if not model.startswith("Raspberry Pi 4") or name not in LARGE or period_frames > LARGE_FROM:
        return []
    text = f"{name} at periods of {period_frames} is at the edge of a Raspberry Pi 4"
    return [advice("model for this board", text, 'set bundle = "denoise-light" under [model], or longer periods')]


def _model(folder: Path, wanted: bool, runtime: str) -> list[Finding]:
    check = f"model {folder.name}"
    worse = problem if wanted else advice
    again = "install Hushbox again, or name another bundle under [model]"
    try:
        bundle = Bundle.load(folder)
    except DspError as error:
        return [worse(check, line, again) for line in str(error).splitlines()]
    runs, found = [], []
    for name in bundle.files:
        if name == "tflite_runtime" and runtime != name and not installed(name):
            continue  # a replacement for tflite, not needed beside it
        try:
            open_model(bundle, name).step()
        except RuntimeUnfitError as error:
            package = {"tflite": "ai-edge-litert", "tflite_runtime": "tflite-runtime"}.get(name, "onnxruntime")
            needed = wanted and runtime == name
            found.append((problem if needed else advice)(check, str(error), f"pip install {package}"))
        except Exception as error:  # runtimes share no error base
            found.append(worse(check, f"{name} does not run it: {error}", again))
        else:
            runs.append(name)
    if runs:
        found.insert(0, ok(check, f"{bundle.version}, whole, and runs on {' and '.join(runs)}"))
    elif wanted and not any(f.level.value == "problem" for f in found):
        found.append(problem(check, "no runtime on this machine runs it", "pip install ai-edge-litert"))
    return found


def folders(places: Places) -> list[Finding]:
    """Check that settings can be saved and were saved, and that the two processes can meet."""
    return [_state(places), *_unsaved(places), _runtime(places)]


def _unsaved(places: Places) -> list[Finding]:
    """What the running box, or the last one, could not save."""
    mend = "make room on the disk, or see to it that it can be written; the box tries again by itself"
    found = []
    if words := trouble_left(places.runtime):
        found.append(problem("saving", words, mend))
    elif unsaved := MutesFile(places.state).load().unsaved:
        found.append(problem("saving", f"not saved when the box ended: {', '.join(unsaved)}", mend))
    return found


def _state(places: Places) -> Finding:
    mend = f"sudo chown -R {os.getuid()} {places.state}, or name another folder with --state-dir"
    trial = places.state / f".doctor-{os.getpid()}"
    try:
        places.make_state()
        trial.write_bytes(b"x" * 4096)
        trial.unlink()
        free = shutil.disk_usage(places.state).free
    except PlacesError as error:
        return problem("state folder", f"{error}; settings are lost at the end", mend)
    except OSError as error:
        why = error.strerror or str(error)
        return problem("state folder", f"{places.state} cannot be written: {why}; settings are lost at the end", mend)
    if free < LEAST_FREE_BYTES:
        return advice("state folder", f"{free // 1_000_000} MB left on its disk", "make room")
    if places.state.stat().st_mode & 0o077:
        return advice("state folder", f"{places.state} is open to other users", f"chmod 700 {places.state}")
    return ok("state folder", str(places.state))


def _runtime(places: Places) -> Finding:
    try:
        places.make_runtime()
    except PlacesError as error:
        return problem("runtime folder", str(error), "remove it, or name another one in HUSHBOX_RUNTIME_DIR")
    return ok("runtime folder", str(places.runtime))


def page(config: PageConfig, places: Places) -> list[Finding]:
    """Check that the page's address is free, or already served by this box."""
    address = f"{config.host} port {config.port}"
    mend = "set another page.port in hushbox.toml, or stop the program that has it (sudo ss -ltnp shows which)"
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((config.host, config.port))
            trial.listen(1)
        except OSError as error:
            if error.errno == errno.EADDRINUSE and (other := running(places)):
                return [ok("page", f"{address} is served by the Hushbox that runs (process {other})")]
            if error.errno == errno.EACCES:
                mend = "ports below 1024 are for root: set page.port to 8080"
            elif error.errno != errno.EADDRINUSE:
                mend = 'set page.host to "0.0.0.0", or to an address of this machine'
            return [problem("page", f"{address} cannot be used: {error.strerror or error}", mend)]
    return [ok("page", f"{address} is free" if config.port else "a free port will be taken")]


def running(places: Places) -> str:
    """The process of the Hushbox that is running now, "" for none."""
    try:
        with open(places.runtime / "hushbox.lock") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                return file.read().strip() or "unknown"
    except OSError:
        pass
    return ""
