"""Names of versions: three numbers, "1.12.0". They become names of folders, so nothing else is a version."""

import re

from firmware_app.errors import AppError

_FORM = re.compile(r"(0|[1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,3})", re.ASCII)


class VersionNameError(AppError, ValueError):
    """A text that is no version."""


def parsed(name: str) -> tuple[int, int, int]:
    """The three numbers, to be compared. Raises VersionNameError."""
    found = _FORM.fullmatch(name) if isinstance(name, str) else None
    if found is None:
        raise VersionNameError(f"version = {str(name)[:40]!r}: three numbers are expected, such as 1.12.0")
    return int(found[1]), int(found[2]), int(found[3])


def is_version(name: object) -> bool:
    return isinstance(name, str) and _FORM.fullmatch(name) is not None
