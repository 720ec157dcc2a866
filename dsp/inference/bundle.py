"""A model bundle: a folder with weights and a bundle.toml that says what they are, checked before any of it is used.

What a bundle must be is declared by its kind, in dsp.layouts. Nothing in this file knows a kind of model.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from dsp.errors import DspError
from dsp.inference.handed_in import HandedInError, file_chunks, read_file, read_toml
from dsp.inference.toml_checks import TomlChecks, shown
from dsp.layouts.catalogue import CATALOGUE
from dsp.layouts.declared import BorrowedNetwork, BundleLayout, Catalogue

SCHEMA = 1
LARGEST_TOML_BYTES = 100_000
LARGEST_WEIGHTS_BYTES = 256 << 20  # a runtime's file; ours have 7 MB at most, and all of it lies in memory
RUNTIMES = ("tflite", "tflite_runtime", "onnx")


class BundleError(DspError, ValueError):
    """A bundle this box cannot use; the message lists every mistake with file, key, value and what is allowed."""


class BundleHashError(BundleError):
    """A file of a bundle is not the one its bundle.toml names: damaged or replaced."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One runtime's weights: file, its SHA-256 in hex, and the names of the graph's inputs and outputs."""

    path: Path
    sha256: str
    input: str
    state_in: str
    output: str
    state_out: str


@dataclass(frozen=True, slots=True)
class Source:
    """Something the weights were made from."""

    name: str
    licence: str
    what: str


@dataclass(frozen=True, slots=True)
class Bundle:
    """What bundle.toml says. Sizes are in values, lengths in frames at `rate_hz`.

    The graph is (features (1, input_size), state (1, state_size)) -> (mask (1, output_size), state (1, state_size)).
    network: the bundle whose weights these are, by the name of its folder beside this one; empty for own weights.
    best_for, scores: for people, in a few words and in sentences; empty where the bundle does not say.
    """

    folder: Path
    name: str
    version: str
    kind: str
    summary: str
    rate_hz: int
    channels: int
    hop_frames: int
    window_frames: int
    synthesis_frames: int
    lookahead_frames: int
    algorithmic_latency_frames: int
    features: str
    input_size: int
    output_size: int
    state_size: int
    parameters: int
    default_runtime: str
    licence: str
    trained_on: tuple[Source, ...]
    files: Mapping[str, ModelFile]
    network: str = ""
    best_for: str = ""
    scores: tuple[str, ...] = ()

    @classmethod
    def load(cls, folder: Path | str, catalogue: Catalogue = CATALOGUE) -> Bundle:
        """Read and check bundle.toml and the hash of each file it names. Not while streaming.

        catalogue: the kinds of model that are allowed, and what a bundle of each must be.
        Raises BundleHashError when all is well but a hash, else BundleError with every mistake.
        """
        return _Reader(Path(folder), catalogue).bundle()

    def weights(self, runtime: str) -> bytes:
        """The bytes of one runtime's file, checked once more. Raises BundleError, BundleHashError."""
        if runtime not in self.files:
            raise BundleError(f"{self.folder}: no weights for runtime {runtime!r}; allowed {', '.join(self.files)}")
        file = self.files[runtime]
        with _refusing(file.path):
            data = read_file(file.path, LARGEST_WEIGHTS_BYTES, within=file.path.parent)
        _compare(file, hashlib.sha256(data))
        return data

    def check(self, runtime: str) -> None:
        """Compare one runtime's file with its hash, a piece at a time. Raises BundleError, BundleHashError."""
        file, total = self.files[runtime], hashlib.sha256()
        with _refusing(file.path):
            for piece in file_chunks(file.path, LARGEST_WEIGHTS_BYTES, within=file.path.parent):
                total.update(piece)
        _compare(file, total)


def list_bundles(root: Path | str) -> list[Path]:
    """Folders under `root` that hold a bundle.toml, by name. They are not checked."""
    return sorted(path.parent for path in Path(root).glob("*/bundle.toml"))


def kind_of(folder: Path | str) -> str:
    """The kind that a bundle says it is, for a quick look: nothing else is read or checked. Raises BundleError."""
    path = Path(folder) / "bundle.toml"
    with _refusing(path):
        kind = read_toml(path, LARGEST_TOML_BYTES, within=path.parent).get("kind")
    return kind if isinstance(kind, str) else ""


@contextlib.contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """Raise a BundleError that says why a file cannot be read."""
    try:
        yield
    except HandedInError as error:
        raise BundleError(str(error)) from None
    except OSError as error:
        raise BundleError(f"{path}: cannot be read: {error.strerror}") from None


def _compare(file: ModelFile, found: Any) -> None:
    """found: a hash of hashlib. Raises BundleHashError."""
    if found.hexdigest() != file.sha256:
        raise BundleHashError(f"{file.path}: sha256 expected {file.sha256}, found {found.hexdigest()}")


_TEXTS = ("name", "version", "kind", "summary", "features", "default_runtime", "licence")
_FRAMES = ("hop_frames", "window_frames", "synthesis_frames", "algorithmic_latency_frames")
_COUNTS = ("rate_hz", "channels", *_FRAMES, "input_size", "output_size", "state_size", "parameters")
_FOR_PEOPLE = ("best_for", "scores")
_TOP = ("schema", *_FOR_PEOPLE, *_TEXTS, *_COUNTS, "lookahead_frames", "trained_on", "files")
_BORROWER_TEXTS = ("name", "version", "kind", "summary", "licence", "network")
_BORROWER_TOP = ("schema", *_FOR_PEOPLE, *_BORROWER_TEXTS, "algorithmic_latency_frames")
_FILE_TEXTS = ("path", "sha256", "input", "state_in", "output", "state_out")


class _Reader:
    """Reads one bundle.toml and collects what is wrong with it."""

    def __init__(self, folder: Path, catalogue: Catalogue) -> None:
        self._folder, self._catalogue = folder, catalogue
        self._path = folder / "bundle.toml"
        self._checks = TomlChecks(self._path)

    def bundle(self) -> Bundle:
        """Raises BundleError, BundleHashError."""
        raw = self._toml()
        kind = raw.get("kind")
        borrowed = self._catalogue.borrowed.get(kind) if isinstance(kind, str) else None
        return self._borrower(raw, borrowed) if borrowed else self._own(raw)

    def _lender(self, needed: BundleLayout) -> Bundle:
        """The bundle, for another one that borrows its network. Raises BundleError, BundleHashError."""
        raw = self._toml()
        for key, value in (("kind", needed.kind), ("features", needed.features)):
            if raw.get(key) != value:
                raise BundleError(f"{self._path}: {key} = {shown(raw.get(key))}: allowed {value}")
        return self._own(raw)

    def _borrower(self, raw: Mapping[str, Any], declared: BorrowedNetwork) -> Bundle:
        checks = self._checks
        checks.known(raw, _BORROWER_TOP)
        own: dict[str, Any] = {key: checks.text(raw, key) for key in _BORROWER_TEXTS} | self._for_people(raw)
        latency = checks.count(raw, "algorithmic_latency_frames", 1)
        checks.allowed("schema", raw.get("schema"), (SCHEMA,))
        checks.allowed("algorithmic_latency_frames", latency, (declared.algorithmic_latency_frames,))
        network = own["network"]
        if network and (Path(network).name != network or network == ".."):
            checks.wrong("network", f" = {shown(network)}: the name of a bundle's folder beside this one is allowed")
        self._refuse_mistakes()
        try:
            lender = _Reader(self._folder.parent / network, self._catalogue)._lender(declared.network)
        except BundleError as error:
            raise type(error)(f"{self._path}: network = {shown(network)}: {error}") from None
        return dataclasses.replace(lender, folder=self._folder, algorithmic_latency_frames=latency, **own)

    def _own(self, raw: Mapping[str, Any]) -> Bundle:
        checks = self._checks
        checks.known(raw, _TOP)
        values: dict[str, Any] = {key: checks.text(raw, key) for key in _TEXTS}
        values |= {key: checks.count(raw, key, 1) for key in _COUNTS}
        values["lookahead_frames"] = checks.count(raw, "lookahead_frames", 0)
        values |= self._for_people(raw)
        values["trained_on"] = self._sources(raw)
        values["files"] = MappingProxyType(self._files(raw))
        checks.allowed("schema", raw.get("schema"), (SCHEMA,))
        self._check_values(values)
        self._refuse_mistakes()
        bundle = Bundle(folder=self._folder, **values)
        _check_hashes(bundle)
        return bundle

    def _toml(self) -> dict[str, Any]:
        with _refusing(self._path):
            return read_toml(self._path, LARGEST_TOML_BYTES, within=self._folder)

    def _refuse_mistakes(self) -> None:
        if self._checks.mistakes:
            raise BundleError("\n".join(self._checks.mistakes))

    def _for_people(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """What may be left out."""
        checks, listed = self._checks, raw.get("scores", [])
        best_for = checks.text(raw, "best_for") if "best_for" in raw else ""
        if not isinstance(listed, list) or not all(isinstance(s, str) and s and s.isprintable() for s in listed):
            checks.wrong("scores", f" = {shown(listed)}: a list of printable texts is allowed")
            listed = []
        return {"best_for": best_for, "scores": tuple(listed)}

    def _sources(self, raw: Mapping[str, Any]) -> tuple[Source, ...]:
        entries = raw.get("trained_on")
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            self._checks.wrong("trained_on", f" = {shown(entries)}: a list of {{name, licence, what}} is needed")
            return ()
        found = []
        for at, entry in enumerate(entries):
            prefix = f"trained_on[{at}]."
            self._checks.known(entry, ("name", "licence", "what"), prefix)
            found.append(Source(*(self._checks.text(entry, key, prefix) for key in ("name", "licence", "what"))))
        return tuple(found)

    def _files(self, raw: Mapping[str, Any]) -> dict[str, ModelFile]:
        checks, tables = self._checks, raw.get("files")
        if not isinstance(tables, dict) or not tables:
            choices = "], [files.".join(RUNTIMES)
            checks.wrong("files", f" = {shown(tables)}: one of [files.{choices}] at least is needed")
            return {}
        checks.known(tables, RUNTIMES, "files.")
        found = {}
        for runtime in RUNTIMES:
            entry = tables.get(runtime)
            if entry is None:
                continue
            if not isinstance(entry, dict):
                checks.wrong(f"files.{runtime}", f" = {shown(entry)}: a table is needed")
                continue
            prefix = f"files.{runtime}."
            checks.known(entry, _FILE_TEXTS, prefix)
            texts = {key: checks.text(entry, key, prefix) for key in _FILE_TEXTS}
            if texts["path"] and (Path(texts["path"]).name != texts["path"] or texts["path"] == ".."):
                checks.wrong(prefix + "path", f" = {shown(texts['path'])}: a file of the same folder is allowed")
            if texts["sha256"] and not re.fullmatch("[0-9a-f]{64}", texts["sha256"]):
                checks.wrong(prefix + "sha256", f" = {shown(texts['sha256'])}: 64 lower-case hex digits are allowed")
            found[runtime] = ModelFile(self._folder / texts.pop("path"), **texts)
        return found

    def _check_values(self, values: Mapping[str, Any]) -> None:
        """Check values against the layout and each other. Checks that need a key with a mistake are left out."""
        checks, layouts = self._checks, self._catalogue.layouts
        checks.allowed("features", values["features"], tuple(layouts))
        checks.allowed("kind", values["kind"], self._catalogue.kinds)
        if "files" not in checks.wrong_keys:
            checks.allowed("default_runtime", values["default_runtime"], tuple(values["files"]))
        if "features" not in checks.wrong_keys:
            for key, value in layouts[values["features"]].values.items():
                checks.allowed(key, values[key], (value,))
        if not checks.wrong_keys & {"synthesis_frames", "lookahead_frames"}:
            latency = values["synthesis_frames"] + values["lookahead_frames"]
            checks.allowed("algorithmic_latency_frames", values["algorithmic_latency_frames"], (latency,))


def _check_hashes(bundle: Bundle) -> None:
    """Raises BundleHashError when every file can be read but one is not what it should be, else BundleError."""
    wrong, missing = [], []
    for runtime in bundle.files:
        try:
            bundle.check(runtime)
        except BundleHashError as error:
            wrong.append(str(error))
        except BundleError as error:
            missing.append(str(error))
    if missing:
        raise BundleError("\n".join(missing + wrong))
    if wrong:
        raise BundleHashError("\n".join(wrong))
