"""The record of the newest update: how far it is, and what came of it. The installer writes it, everybody reads it."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from firmware_app.kept.kept_file import KeptFile
from firmware_app.update.version_name import is_version

PHASES = ("", "check", "copy", "unpack", "compile", "stop", "trial", "going_back", "done")
RESULTS = ("", "installed", "back", "refused")


@dataclass(frozen=True, slots=True)
class Record:
    """id: of the request. result: what came of it ("" while it runs). code: why it went back or was refused."""

    id: str = ""
    version: str = ""
    old: str = ""
    phase: str = ""
    result: str = ""
    code: str = ""
    words: str = ""  # the same for a terminal or a log, in English
    values: Mapping[str, str] = field(default_factory=dict)  # what stands in the page's sentence for `code`
    ended_s: float = 0.0  # time.time()
    boot: str = ""  # the kernel's id of the boot that it began in
    silent_s: float = 0.0  # how long the sound was away when a version was last changed; 0: never yet

    @property
    def running(self) -> bool:
        return bool(self.id) and not self.result


CUT_OFF = "the update was cut off; nothing was changed"


class RecordFile:
    """`record.json`. One process writes: the installer, or the guard when there is none."""

    def __init__(self, keep: Path) -> None:
        self._file = KeptFile(keep, "record.json", 1, "update", "update's record")

    def load(self) -> Record:
        """The newest record, empty when there is none; a bad file is left where it is."""
        return self._file.load_as(_read, look_only=True)[0]

    def seen(self) -> Record:
        """The same for readers: what a power cut left unfinished does not look as if it went on."""
        record = self.load()
        if record.running and record.boot != _boot():
            return replace(record, phase="done", result="refused", code="cut", words=CUT_OFF)
        return record

    def change(self, **changes: Any) -> Record:
        """Keep it with these changes. A disk that is full does not end an update."""
        fresh = replace(self.load(), **changes)
        self._file.save({**asdict(fresh), "values": dict(fresh.values)})
        return fresh

    def begin(self, id: str, version: str, old: str) -> None:
        self.change(
            id=id,
            version=version,
            old=old,
            phase="check",
            result="",
            code="",
            words="",
            values={},
            ended_s=0.0,
            boot=_boot(),
        )

    def phase(self, name: str) -> None:
        self.change(phase=name)

    def end(self, result: str, code: str = "", words: str = "", **changes: Any) -> None:
        self.change(phase="done", result=result, code=code, words=words, ended_s=time.time(), **changes)


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return "unknown"


def _read(body: dict[str, object]) -> Record:
    """Raises anything for a content that no version of Hushbox has written."""
    record = Record(**{name: body[name] for name in body if name in Record.__slots__})  # type: ignore[arg-type]
    texts = (
        record.id, record.version, record.old, record.phase, record.result, record.code, record.words, record.boot
    )  # fmt: skip
    if not all(isinstance(text, str) for text in texts) or record.phase not in PHASES or record.result not in RESULTS:
        raise ValueError("a text is missing")
    if any(version and not is_version(version) for version in (record.version, record.old)):
        raise ValueError("a version is none")
    values = {str(key): str(value) for key, value in dict(record.values).items()}
    return replace(record, values=values, ended_s=float(record.ended_s), silent_s=float(record.silent_s))
