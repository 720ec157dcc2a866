"""ModelWork: measures a model or tries two of them, in a process of its own that gives way to everything else."""

import json
import logging
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firmware_app.errors import AppError
from firmware_app.models.carry import Load
from firmware_app.running.realtime import BLAS_ENV
from firmware_app.running.supervisor import program

log = logging.getLogger(__name__)

LONGEST_S = 120.0  # of one piece of work: a busy board takes its time


class WorkRefused(AppError, RuntimeError):
    """Work that cannot be begun at this moment."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A try-out that is ready: one sound through two models. gain_db: what each was turned down by, 0 or below."""

    number: int
    models: tuple[str, ...]
    gain_db: tuple[float, ...]
    wavs: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Work:
    """doing: "", "measure" or "try". models: whose work it is, or was. why: the last one failed, in words."""

    doing: str = ""
    models: tuple[str, ...] = ()
    why: str = ""
    tried: Tried | None = None


class ModelWork:
    """One piece of work at a time. Any thread; a thread of its own waits for the process."""

    def __init__(self, runtime: Path, on_load: Callable[[Load], None]) -> None:
        """runtime: the folder for the sounds of a try-out, in memory. on_load: gets what was measured."""
        self.now = Work()
        self._runtime, self._on_load = runtime, on_load
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._number = 0

    def measure(self, name: str, runtime: str, period_frames: int, channels: int, *, spread: bool = True) -> None:
        """spread: as in the box (dsp.rack.build). Raises WorkRefused."""
        arguments = ["measure", name, "--runtime", runtime, "--period", str(period_frames), "--channels", str(channels)]
        arguments += [] if spread else ["--no-spread"]
        self._begin("measure", (name,), arguments, lambda answer: self._on_load(Load(**answer)), None)

    def try_out(self, names: Sequence[str], runtime: str, sound: bytes, values: Mapping[str, float]) -> None:
        """sound: a WAV file, values: of the box's parameters. Raises WorkRefused."""
        self.must_be_idle()  # before megabytes are laid down for it
        try:
            folder = Path(tempfile.mkdtemp(prefix="try-", dir=self._runtime))
        except OSError as error:
            raise WorkRefused(f"{self._runtime}: cannot be written: {error.strerror}") from None
        arguments = ["try", *names, "--runtime", runtime, "--sound", str(folder / "in.wav"), "--into", str(folder)]
        arguments += ["--values", json.dumps(dict(values))]

        def take(answer: Any) -> None:
            wavs = tuple((folder / f"{number}.wav").read_bytes() for number in range(len(names)))
            self._number += 1
            self._tried = Tried(self._number, tuple(names), tuple(answer["gain_db"]), wavs)

        try:
            (folder / "in.wav").write_bytes(sound)
            self._begin("try", tuple(names), arguments, take, folder)
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise WorkRefused(f"{self._runtime}: cannot be written: {error.strerror}") from None
        except WorkRefused:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def stop(self) -> None:
        """End what is under way. It is not waited for."""
        process = self._process
        if process is not None:
            process.kill()

    _tried: Tried | None = None

    def _begin(
        self, doing: str, names: tuple[str, ...], arguments: list[str], take: Callable[[Any], None], folder: Path | None
    ) -> None:
        with self._lock:
            self.must_be_idle()
            self._process = subprocess.Popen(
                [*program(), "model_work", *arguments],
                env={**os.environ, **BLAS_ENV},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            self.now = Work(doing, names, tried=self._tried)
        threading.Thread(target=self._wait, args=(self._process, names, take, folder), daemon=True).start()

    def must_be_idle(self) -> None:
        """Raises WorkRefused while there is work under way."""
        now = self.now
        if now.doing:
            raise WorkRefused(f"{' and '.join(now.models)}: still being worked on; wait a moment")

    def _wait(
        self,
        process: "subprocess.Popen[bytes]",
        names: tuple[str, ...],
        take: Callable[[Any], None],
        folder: Path | None,
    ) -> None:
        try:
            why = self._answer(process, take)
        finally:
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)
        if why:
            log.warning("%s: %s", " and ".join(names), why)
        with self._lock:
            self._process = None
            self.now = Work("", names, why, self._tried)

    @staticmethod
    def _answer(process: "subprocess.Popen[bytes]", take: Callable[[Any], None]) -> str:
        """Wait for the process and take its answer. Returns what went wrong, in words."""
        try:
            out, said = process.communicate(timeout=LONGEST_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return f"no answer within {LONGEST_S:.0f} s: the board is too busy"
        if process.returncode:
            return said.decode(errors="replace").strip().removeprefix("hushbox: ")[-300:] or "it was ended from outside"
        try:
            take(json.loads(out))
        except (ValueError, KeyError, TypeError, OSError) as error:
            return f"its answer cannot be read: {error}"
        return ""
