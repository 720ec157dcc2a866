"""The licences of the Python packages that the box runs on, as their own metadata name them."""

import re
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution

_OWN = "hushbox"
_CLASSIFIER = "License :: OSI Approved :: "
_UNKNOWN = "see its own files"


@dataclass(frozen=True, slots=True)
class Package:
    """An installed package."""

    name: str
    version: str
    licence: str


@cache
def shipped() -> tuple[Package, ...]:
    """What Hushbox needs, and what that needs, by name. Empty when it runs from loose files."""
    found: dict[str, Package] = {}
    _gather(_OWN, found)
    found.pop(_OWN, None)
    return tuple(found[name] for name in sorted(found))


def _gather(name: str, found: dict[str, Package]) -> None:
    key = re.sub(r"[-_.]+", "-", name).lower()
    if key in found:
        return
    try:
        package = distribution(name)
    except PackageNotFoundError:  # for another machine or Python
        return
    found[key] = Package(package.metadata["Name"], package.version, licence_of(package))
    for requirement in package.requires or ():
        needed = re.match(r"[\w.-]+", requirement)
        if needed and "extra ==" not in requirement:
            _gather(needed[0], found)


def licence_of(package: Distribution) -> str:
    """Its licence in a few words: the newest kind of metadata that it has."""
    said = package.metadata.json
    lines = said.get("classifier", [])
    classified = [line.removeprefix(_CLASSIFIER) for line in lines if line.startswith(_CLASSIFIER)]
    named = str(said.get("license_expression") or said.get("license") or "").strip()
    if named and len(named) <= 60 and "\n" not in named:
        return named
    return ", ".join(classified) or _UNKNOWN
