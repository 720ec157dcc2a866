"""A model bundle: a folder with weights and a bundle.toml that says what they are, checked before any of it is used."""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from dsp.block import RATE_HZ
from dsp.errors import DspError
from dsp.inference.handed_in import HandedInError, file_chunks, read_file, read_toml
from dsp.layouts import denoise
from dsp.layouts import stems as stems_layout

SCHEMA = 1
LARGEST_TOML_BYTES = 100_000
LARGEST_WEIGHTS_BYTES = 256 << 20  # a runtime's file; ours have 7 MB at most, and all of it lies in memory
_MOST_HINTS = 50  # each takes a while
RUNTIMES = ("tflite", "tflite_runtime", "onnx")


@dataclass(frozen=True, slots=True)
class Sizes:
    """What belongs to a feature layout that this box can make: the kind of model it is for, and its lengths."""

    kind: str
    window_frames: int
    hop_frames: int
    input_size: int
    output_size: int


SIZES = {
    **{
        name: Sizes("denoise", each.window_frames, each.hop_frames, each.input_size, each.output_size)
        for name, each in denoise.LAYOUTS.items()
    },
    stems_layout.LAYOUT: Sizes(
        "stems",
        stems_layout.WINDOW_FRAMES,
        stems_layout.HOP_FRAMES,
        stems_layout.INPUT_SIZE,
        stems_layout.OUTPUT_SIZE,
    ),
}
INSTANT = "denoise-instant"
"""The kind of bundle that has no weights of its own: it runs the network of a denoiser beside it in another way."""

INSTANT_LATENCY_FRAMES = 64

KINDS = (*dict.fromkeys(sizes.kind for sizes in SIZES.values()), INSTANT)


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
    network: name of the bundle whose weights these are, in a folder beside this one; empty when they are its own.
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

    @classmethod
    def load(cls, folder: Path | str) -> Bundle:
        """Read and check bundle.toml and the hash of each file it names. Not while streaming.

        Raises BundleHashError when all is well but a hash, else BundleError with every mistake.
        """
        return _Reader(Path(folder)).bundle()

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
        """Hold one runtime's file against its hash, a piece at a time. Raises BundleError, BundleHashError."""
        file, total = self.files[runtime], hashlib.sha256()
        with _refusing(file.path):
            for piece in file_chunks(file.path, LARGEST_WEIGHTS_BYTES, within=file.path.parent):
                total.update(piece)
        _compare(file, total)


def list_bundles(root: Path | str) -> list[Path]:
    """Folders under `root` that hold a bundle.toml, by name. They are not checked."""
    return sorted(path.parent for path in Path(root).glob("*/bundle.toml"))


@contextlib.contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """Says in a BundleError why a file cannot be read."""
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


def _shown(value: object) -> str:
    """A value of the file in a message, cut short."""
    shown = repr(value)
    return shown if len(shown) <= 100 else shown[:99] + "…"


_TEXTS = ("name", "version", "kind", "summary", "features", "default_runtime", "licence")
_FRAMES = ("hop_frames", "window_frames", "synthesis_frames", "algorithmic_latency_frames")
_COUNTS = ("rate_hz", "channels", *_FRAMES, "input_size", "output_size", "state_size", "parameters")
_TOP = ("schema", *_TEXTS, *_COUNTS, "lookahead_frames", "trained_on", "files")
_BORROWER_TEXTS = ("name", "version", "kind", "summary", "licence", "network")
_BORROWER_TOP = ("schema", *_BORROWER_TEXTS, "algorithmic_latency_frames")
_FILE_TEXTS = ("path", "sha256", "input", "state_in", "output", "state_out")


class _Reader:
    """Reads one bundle.toml and collects what is wrong with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "bundle.toml"
        self.mistakes: list[str] = []
        self.wrong_keys: set[str] = set()

    def bundle(self) -> Bundle:
        raw = self._toml()
        if raw.get("kind") == INSTANT:
            return self._borrower(raw)
        return self._own(raw)

    def lent(self) -> Bundle:
        """The same, for a bundle that borrows this one's network: it must be a live denoiser with its own."""
        raw = self._toml()
        for key, allowed in (("kind", "denoise"), ("features", denoise.LIVE.name)):
            if raw.get(key) != allowed:
                raise BundleError(f"{self.path}: {key} = {_shown(raw.get(key))}: allowed {allowed}")
        return self._own(raw)

    def _borrower(self, raw: Mapping[str, Any]) -> Bundle:
        self._known(raw, _BORROWER_TOP, "")
        own: dict[str, Any] = {key: self._text(raw, key) for key in _BORROWER_TEXTS}
        latency = self._count(raw, "algorithmic_latency_frames", 1)
        self._allowed("schema", raw.get("schema"), (SCHEMA,))
        self._allowed("algorithmic_latency_frames", latency, (INSTANT_LATENCY_FRAMES,))
        network = own["network"]
        if network and (Path(network).name != network or network == ".."):
            self._wrong("network", f" = {_shown(network)}: the name of a bundle's folder beside this one is allowed")
        if self.mistakes:
            raise BundleError("\n".join(self.mistakes))
        try:
            lender = _Reader(self.folder.parent / network).lent()
        except BundleError as error:
            raise type(error)(f"{self.path}: network = {_shown(network)}: {error}") from None
        return dataclasses.replace(lender, folder=self.folder, algorithmic_latency_frames=latency, **own)

    def _own(self, raw: Mapping[str, Any]) -> Bundle:
        self._known(raw, _TOP, "")
        values: dict[str, Any] = {key: self._text(raw, key) for key in _TEXTS}
        values |= {key: self._count(raw, key, 1) for key in _COUNTS}
        values["lookahead_frames"] = self._count(raw, "lookahead_frames", 0)
        values["trained_on"] = self._sources(raw)
        values["files"] = MappingProxyType(self._files(raw))
        self._sense(raw.get("schema"), values)
        if self.mistakes:
            raise BundleError("\n".join(self.mistakes))
        bundle = Bundle(folder=self.folder, **values)
        self._hashes(bundle)
        return bundle

    def _wrong(self, key: str, what: str) -> None:
        self.mistakes.append(f"{self.path}: {key}{what}")
        self.wrong_keys.add(key.split(".")[0])

    def _toml(self) -> dict[str, Any]:
        with _refusing(self.path):
            return read_toml(self.path, LARGEST_TOML_BYTES, within=self.folder)

    def _known(self, raw: Mapping[str, Any], allowed: Sequence[str], prefix: str) -> None:
        for key in raw:
            if key not in allowed:
                near = difflib.get_close_matches(key[:40], allowed, n=1) if len(self.mistakes) < _MOST_HINTS else []
                hint = f"; did you mean {near[0]}?" if near else ""
                name = key if key.isprintable() and len(key) <= 60 else _shown(key)
                self._wrong(prefix + name, f" is no known key{hint}")

    def _text(self, raw: Mapping[str, Any], key: str, prefix: str = "") -> str:
        value = raw.get(key)
        if value is None:
            self._wrong(prefix + key, " is missing: a text is needed")
        elif not isinstance(value, str) or not value:
            self._wrong(prefix + key, f" = {_shown(value)}: a text is allowed")
        elif not value.isprintable():
            self._wrong(prefix + key, f" = {_shown(value)}: a text of printable characters is allowed")
        else:
            return value
        return ""

    def _count(self, raw: Mapping[str, Any], key: str, least: int) -> int:
        value = raw.get(key)
        if value is None:
            self._wrong(key, f" is missing: a whole number of {least} or more is needed")
        elif not isinstance(value, int) or isinstance(value, bool) or value < least:
            self._wrong(key, f" = {_shown(value)}: a whole number of {least} or more is allowed")
        else:
            return value
        return least

    def _sources(self, raw: Mapping[str, Any]) -> tuple[Source, ...]:
        entries = raw.get("trained_on")
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            self._wrong("trained_on", f" = {_shown(entries)}: a list of {{name, licence, what}} is needed")
            return ()
        found = []
        for at, entry in enumerate(entries):
            prefix = f"trained_on[{at}]."
            self._known(entry, ("name", "licence", "what"), prefix)
            found.append(Source(*(self._text(entry, key, prefix) for key in ("name", "licence", "what"))))
        return tuple(found)

    def _files(self, raw: Mapping[str, Any]) -> dict[str, ModelFile]:
        tables = raw.get("files")
        if not isinstance(tables, dict) or not tables:
            self._wrong(
                "files", f" = {_shown(tables)}: one of [files.{'], [files.'.join(RUNTIMES)}] at least is needed"
            )
            return {}
        self._known(tables, RUNTIMES, "files.")
        found = {}
        for runtime in RUNTIMES:
            entry = tables.get(runtime)
            if entry is None:
                continue
            if not isinstance(entry, dict):
                self._wrong(f"files.{runtime}", f" = {_shown(entry)}: a table is needed")
                continue
            prefix = f"files.{runtime}."
            self._known(entry, _FILE_TEXTS, prefix)
            texts = {key: self._text(entry, key, prefix) for key in _FILE_TEXTS}
            if texts["path"] and (Path(texts["path"]).name != texts["path"] or texts["path"] == ".."):
                self._wrong(prefix + "path", f" = {_shown(texts['path'])}: a file of the same folder is allowed")
            if texts["sha256"] and not re.fullmatch("[0-9a-f]{64}", texts["sha256"]):
                self._wrong(prefix + "sha256", f" = {_shown(texts['sha256'])}: 64 lower-case hex digits are allowed")
            found[runtime] = ModelFile(self.folder / texts.pop("path"), **texts)
        return found

    def _sense(self, schema: object, values: Mapping[str, Any]) -> None:
        """What each key may be, some beside others. A key told wrong already is told once, and excuses the rest."""
        self._allowed("schema", schema, (SCHEMA,))
        for key, choices in (("kind", KINDS), ("rate_hz", (RATE_HZ,)), ("features", tuple(SIZES))):
            self._allowed(key, values[key], choices)
        if "files" not in self.wrong_keys:
            self._allowed("default_runtime", values["default_runtime"], tuple(values["files"]))
        if "features" not in self.wrong_keys:
            sizes = SIZES[values["features"]]
            for key in ("kind", "window_frames", "hop_frames", "input_size", "output_size"):
                self._allowed(key, values[key], (getattr(sizes, key),))
        if "hop_frames" not in self.wrong_keys:
            self._allowed("synthesis_frames", values["synthesis_frames"], (2 * values["hop_frames"],))
        if not self.wrong_keys & {"synthesis_frames", "lookahead_frames"}:
            latency = values["synthesis_frames"] + values["lookahead_frames"]
            self._allowed("algorithmic_latency_frames", values["algorithmic_latency_frames"], (latency,))

    def _allowed(self, key: str, value: object, choices: Sequence[object]) -> None:
        if key not in self.wrong_keys and value not in choices:
            self._wrong(key, f" = {_shown(value)}: allowed {', '.join(str(choice) for choice in choices)}")

    def _hashes(self, bundle: Bundle) -> None:
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
