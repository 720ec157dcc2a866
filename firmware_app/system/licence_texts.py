"""The licences of everything that the box is made of, in one text: `hushbox licences`, and LICENCES.txt of a package.

A package's own texts are taken from where its maker put them. Where a maker has put none into the wheel, the text is in
`assets/licences/`, taken from the package's source.
"""

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

from firmware_app.config import places as places_of_box
from firmware_app.config.places import Places
from firmware_app.errors import AppError
from firmware_app.system.licences import licence_of

OWN = "hushbox"
_TEXT = re.compile(r"(licen[cs]e|copying|copyright|notice|thirdparty)[^/]*$", re.IGNORECASE)
_NO_TEXT = (".py", ".pyc", ".pyi", ".so")
_APACHE = ("flatbuffers",)  # Apache-2.0, whose text is the box's own
_RULE = "=" * 100


class LicenceError(AppError, ValueError):
    """Something would be shipped without its licence."""


@dataclass(frozen=True, slots=True)
class Part:
    """Something that is shipped: its name with the version, its licence in a few words, and the text."""

    name: str
    licence: str
    text: str


def whole(places: Places, packages: Iterable[Distribution]) -> str:
    """All of it. Raises LicenceError, which names every part without a text."""
    parts = [_own(places), *models(places), *sounds(places), *_packages(places, packages)]
    lacking = [part.name for part in parts if not part.text.strip()]
    if lacking:
        raise LicenceError(f"no text of the licence of {', '.join(lacking)}: put one into assets/licences")
    return "\n".join(f"{_RULE}\n{part.name}: {part.licence}\n{_RULE}\n{part.text.strip()}\n" for part in parts)


def models(places: Places) -> Iterator[Part]:
    """Each bundle, with the recordings that it was made from."""
    for file in sorted(places.models.glob("*/bundle.toml")):
        tree: dict[str, Any] = tomllib.loads(file.read_text())
        used = [f"{each['name']}: {each['licence']} ({each['what']})" for each in tree.get("trained_on", ())]
        text = "\n".join(used) or "Made without recordings."
        yield Part(f"model {tree['name']} {tree['version']}", tree["licence"], f"Made from:\n{text}")


def sounds(places: Places) -> Iterator[Part]:
    """The demo's sounds."""
    text = (places.assets / "licences" / "demo_sounds.txt").read_text()
    yield Part("demo sounds", "Apache-2.0, CC0-1.0 and public domain", text)


def _own(places: Places) -> Part:
    text = next((path.read_text() for path in _apache(places) if path.is_file()), "")
    return Part("hushbox, its page and its part in C", "Apache-2.0", text)


def _apache(places: Places) -> Iterator[Path]:
    """Where the box's own licence may lie: beside a checkout, or in the wheel's metadata."""
    root = places.assets.parents[1]
    yield root / "LICENSE"
    yield from root.glob("hushbox-*.dist-info/licenses/LICENSE")
    yield places.assets / "licences" / "hushbox.txt"


def _packages(places: Places, packages: Iterable[Distribution]) -> Iterator[Part]:
    found = {package.metadata["Name"].lower(): package for package in packages}
    for name in sorted(found):
        if name == OWN:
            continue
        package = found[name]
        text = "\n\n".join(_texts(package)) or _kept_here(places, name)
        yield Part(f"{package.metadata['Name']} {package.version}", licence_of(package), text)


def _texts(package: Distribution) -> Iterator[str]:
    """Each different text that the package has. A file that is not there any more counts as none."""
    seen = set()
    for file in sorted(package.files or (), key=str):
        if _TEXT.search(str(file)) and not str(file).endswith(_NO_TEXT):
            path = Path(str(package.locate_file(file)))
            text = path.read_text(errors="replace").strip() if path.is_file() else ""
            if text and text not in seen:
                seen.add(text)
                yield text


def _kept_here(places: Places, name: str) -> str:
    if name in _APACHE:
        return _own(places).text
    path = places.assets / "licences" / f"{name}.txt"
    return path.read_text() if path.is_file() else ""


def main() -> int:
    """`python -m firmware_app.system.licence_texts SITE`: of the packages in that folder, for a package of the box."""
    try:
        sys.stdout.write(whole(places_of_box.find(), distributions(path=[sys.argv[1]])))
    except LicenceError as error:
        print(f"licences: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
