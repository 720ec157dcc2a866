"""Packs a version's folder (packaging/tree.sh lays it) into the archive that boxes install, with its description:

    python3 packaging/updates/archive.py FOLDER/opt/hushbox/versions/1.2.0 OUT --machine arm64 --python 3.11

OUT/hushbox-1.2.0-arm64-py3.11.tar.xz holds folders and regular files only. The same tree gives the same bytes: names in
order, no owners, one time for all. It needs Python alone.
"""

import argparse
import datetime
import json
import lzma
import os
import re
import sys
import tarfile
from pathlib import Path


def changes_of(changelog: str, version: str) -> list[str]:
    """What CHANGELOG.md says about a version, one line each; that of "Unreleased" where it has no part of its own."""
    parts = re.split(r"^## +", changelog, flags=re.MULTILINE)[1:]
    wanted = [part for part in parts if re.match(rf"\[?{re.escape(version)}\b", part)]
    text = (wanted or parts or [""])[0].partition("\n")[2]
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("- "):
            lines.append(line[2:].strip())
        elif line.startswith("  ") and lines:
            lines[-1] += " " + line.strip()
    return lines


def pack(folder: Path, archive: Path, when: int) -> tuple[int, int]:
    """Write the archive. Returns (files and folders, bytes of all files)."""
    count = size = 0
    with (
        lzma.open(archive, "wb", preset=6) as out,
        tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        for path in [folder, *sorted(folder.rglob("*"))]:
            if path.is_symlink():
                continue  # .venv/bin/python: the installer makes it
            info = tarfile.TarInfo(str(path.relative_to(folder.parent)))
            info.mtime = when
            count += 1
            if path.is_dir():
                info.type, info.mode = tarfile.DIRTYPE, 0o755
                tar.addfile(info)
                continue
            info.size, info.mode = path.stat().st_size, 0o755 if os.access(path, os.X_OK) else 0o644
            size += info.size
            with path.open("rb") as file:
                tar.addfile(info, file)
    return count, size


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--machine", required=True, choices=("amd64", "arm64"))
    parser.add_argument("--python", required=True)
    parser.add_argument("--least", default="0.0.0", help="the oldest version that may go to this one")
    args = parser.parse_args()
    version = args.folder.name
    made = (args.folder / "made").read_text().strip()
    when = int(datetime.datetime.strptime(made, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.UTC).timestamp())
    args.out.mkdir(parents=True, exist_ok=True)
    archive = args.out / f"hushbox-{version}-{args.machine}-py{args.python}.tar.xz"
    count, size = pack(args.folder, archive, when)
    changes = changes_of((args.folder / "CHANGELOG.md").read_text(), version)
    described = {
        "version": version, "machine": args.machine, "python": args.python, "least": args.least, "made": made,
        "changes": changes[:200], "unpacked_bytes": size, "files": count,
    }  # fmt: skip
    archive.with_name(archive.name + ".json").write_text(json.dumps(described, indent=1) + "\n")
    print(f"{archive}: {archive.stat().st_size / 1e6:.1f} MB, unpacked {size / 1e6:.1f} MB, {count} files")
    return 0


if __name__ == "__main__":
    sys.exit(main())
