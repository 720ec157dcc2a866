"""What a package of the box is made of, as CycloneDX 1.6.

It lists the Python packages, our part in C, the models with the recordings that they were made from, and the Debian
packages that it needs or that an image has.

    .venv-bom/bin/python packaging/bill_of_materials.py TREE FILE [--machine aarch64] [--dpkg STATUS]

TREE: a package's tree (packaging/deb.sh leaves it in build/), of any machine: nothing of it is run. STATUS: dpkg's list
of an image (/var/lib/dpkg/status). The same tree gives the same file. OWASP's own library writes and checks it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import License
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

NEEDED = ("python3", "libasound2", "libc6", "systemd", "udev")  # of debian/control, without their versions
licence = LicenseFactory()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", type=Path)
    parser.add_argument("file", type=Path)
    parser.add_argument("--machine", default="x86_64")
    parser.add_argument("--dpkg", type=Path)
    args = parser.parse_args()
    site = next(args.tree.glob("opt/hushbox/.venv/lib/python3.*/site-packages"), None)
    if site is None:
        print(f"bill of materials: {args.tree}: no tree of a package: make deb first", file=sys.stderr)
        return 1
    made = bill(site, args.machine, args.dpkg)
    text = JsonV1Dot6(made).output_as_string(indent=2)
    if wrong := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        print(f"bill of materials: not CycloneDX: {str(wrong)[:300]}", file=sys.stderr)
        return 1
    args.file.write_text(stable(text))
    print(f"bill of materials: {args.file}, {len(made.components)} parts")
    return 0


def bill(site: Path, machine: str, dpkg: Path | None) -> Bom:
    """Of the tree with this folder of Python packages."""
    packages = list(python_packages(site))
    own = next(part for part in packages if part.name == "hushbox")
    packages.remove(own)
    own.properties.add(Property(name="hushbox:machine", value=machine))
    made = Bom(metadata=BomMetaData(component=own))
    parts = [*packages, *native(site, str(own.version)), *models(site)]
    parts += debian_image(dpkg) if dpkg else [Component(name=name, type=ComponentType.LIBRARY, bom_ref=f"deb:{name}",
              purl=PackageURL("deb", "debian", name)) for name in NEEDED]  # fmt: skip
    made.components.update(parts)
    made.register_dependency(own, parts)
    return made


def python_packages(site: Path) -> Iterator[Component]:
    """Every distribution, and what its maker has put into it (setuptools' vendored ones are not used by the box)."""
    for each in distributions(path=[str(site)]):
        name, said = each.metadata["Name"], each.metadata.json
        words = str(said.get("license_expression") or said.get("license") or "").strip()
        if not words or "\n" in words or len(words) > 100:
            kinds = [line.split(" :: ")[-1] for line in said.get("classifier", []) if line.startswith("License ::")]
            words = ", ".join(kinds) or "see LICENCES.txt"
        record = hashlib.sha256((each.read_text("RECORD") or "").encode()).hexdigest()
        yield Component(
            name=name,
            version=each.version,
            type=ComponentType.APPLICATION if name == "hushbox" else ComponentType.LIBRARY,
            bom_ref=f"pypi:{name.lower()}",
            purl=PackageURL("pypi", None, re.sub(r"[-_.]+", "-", name).lower(), each.version),
            licenses=[licence.make_from_string(words)],
            properties=[Property(name="hushbox:sha256-of-RECORD", value=record)],
        )


def native(site: Path, version: str) -> Iterator[Component]:
    """Our part in C, as it was compiled for this machine."""
    for path in sorted((site / "dsp/native").glob("*.so")):
        yield Component(
            name="dsp/native", version=version, type=ComponentType.LIBRARY, bom_ref="file:dsp/native",
            description="the hop in C", licenses=[licence.make_from_string("Apache-2.0")], hashes=[sha256(path)],
        )  # fmt: skip


def models(site: Path) -> Iterator[Component]:
    """Every bundle; each recording that it was made from is a part of it, of the type data."""
    for file in sorted((site / "models_quantized").glob("*/bundle.toml")):
        tree: dict[str, Any] = tomllib.loads(file.read_text())
        name, version = tree["name"], tree["version"]
        data = [
            Component(
                name=each["name"], type=ComponentType.DATA, bom_ref=f"data:{name}:{index}", description=each["what"],
                licenses=[free_licence(each["licence"])],
            )
            for index, each in enumerate(tree.get("trained_on", ()))
        ]  # fmt: skip
        files = [
            Component(
                name=path.name, type=ComponentType.FILE, bom_ref=f"file:{name}/{path.name}", hashes=[sha256(path)]
            )
            for path in sorted(file.parent.iterdir())
            if path.suffix in (".tflite", ".onnx", ".toml")
        ]
        yield Component(
            name=name, version=version, type=ComponentType.MACHINE_LEARNING_MODEL, bom_ref=f"model:{name}",
            description=tree["summary"], licenses=[licence.make_from_string(tree["licence"])],
            components=[*data, *files],
        )  # fmt: skip


def debian_image(status: Path) -> Iterator[Component]:
    """The Debian packages that are installed there. Their licences are in /usr/share/doc of that image."""
    for block in status.read_text(errors="replace").split("\n\n"):
        said = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line and line[0] != " ")
        if said.get("Status", "").endswith(" installed"):
            name, version, arch = said["Package"], said["Version"], said["Architecture"]
            yield Component(
                name=name, version=version, type=ComponentType.LIBRARY, bom_ref=f"deb:{name}:{arch}",
                purl=PackageURL("deb", "debian", name, version, {"arch": arch}),
            )  # fmt: skip


def free_licence(words: str) -> License:
    """A data set's licence may be several, by file: then it is told in its own words."""
    made = licence.make_from_string(words)
    return made if isinstance(made, License) and "/" not in words else licence.make_with_name(words)


def sha256(path: Path) -> HashType:
    return HashType(alg=HashAlgorithm.SHA_256, content=hashlib.sha256(path.read_bytes()).hexdigest())


def stable(text: str) -> str:
    """Without the time and the random number that would make each run another file."""
    tree = json.loads(text)
    tree.pop("serialNumber", None)
    tree["metadata"].pop("timestamp", None)
    return json.dumps(tree, indent=2) + "\n"


if __name__ == "__main__":
    sys.exit(main())
