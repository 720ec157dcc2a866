"""Makes and signs the repository of updates (docs/updates.md). Run with the development environment:

    .venv/bin/python packaging/updates/repository.py key KEYS/root-1
    .venv/bin/python packaging/updates/repository.py init REPO --root KEYS/root-1 KEYS/root-2 KEYS/root-3 \
        --targets KEYS/targets --online KEYS/online
    .venv/bin/python packaging/updates/repository.py add REPO dist/hushbox-1.2.0-arm64-py3.11.tar.xz \
        --targets KEYS/targets --online KEYS/online
    .venv/bin/python packaging/updates/repository.py refresh REPO --online KEYS/online
    .venv/bin/python packaging/updates/repository.py rotate REPO --signers KEYS/root-1 KEYS/root-2 \
        --root KEYS/root-2 KEYS/root-3 KEYS/root-4 --targets KEYS/targets --online KEYS/online

    .venv/bin/python packaging/updates/repository.py ready REPO --targets KEYS/targets \
        --online KEYS/online --trusts ROOT
    .venv/bin/python packaging/updates/repository.py check REPO dist/hushbox-1.2.0-arm64-py3.11.tar.xz --trusts ROOT

`ready` says before a release whether it can be signed, `check` after it whether a box takes it.

A key is an Ed25519 key in PKCS 8, encrypted where HUSHBOX_KEY_PASSWORD is set or a password is typed. `root` and
`targets` stay offline; `online` signs snapshot and timestamp.
"""

import argparse
import datetime
import getpass
import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp

from firmware_app.update.layout import ROOT_NAME, Layout, UpdateError
from firmware_app.update.source import FolderSource
from firmware_app.update.trust import Trust

DAYS = {"root": 730, "targets": 365, "snapshot": 90, "timestamp": 90}
THRESHOLD = 2  # of the root keys
PASSWORD = "HUSHBOX_KEY_PASSWORD"


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0)


def make_key(path: Path) -> None:
    """A new key; the public half goes beside it (.pub), for the papers of the ceremony."""
    password = os.environ.get(PASSWORD)
    if password is None and sys.stdin.isatty():
        password = getpass.getpass(f"password for {path} (empty: none): ")
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password:
        encryption = serialization.BestAvailableEncryption(password.encode())
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
    public = CryptoSigner(key).public_key
    path.with_suffix(".pub").write_text(json.dumps({"keyid": public.keyid, **public.to_dict()}, indent=1) + "\n")
    print(f"{path}: {public.keyid}")


def signer(path: Path) -> CryptoSigner:
    """A key by its file. Raises SystemExit for a wrong password or file."""
    data = path.read_bytes()
    password: str | None = None
    if b"ENCRYPTED" in data:
        password = os.environ.get(PASSWORD) or getpass.getpass(f"password for {path}: ")
    try:
        key = serialization.load_pem_private_key(data, password.encode() if password else None)
    except ValueError as error:
        raise SystemExit(f"repository: {path}: {error}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise SystemExit(f"repository: {path}: not an Ed25519 key")
    return CryptoSigner(key)


class Repository:
    """The folder that boxes read: metadata/ and targets/. With consistent snapshots: a copy at any moment is whole."""

    def __init__(self, folder: Path) -> None:
        self.metadata = folder / "metadata"
        self.targets = folder / "targets"

    def newest(self, role: str) -> Metadata[Any]:
        """The newest list of a role. Raises SystemExit when there is none."""
        found = [int(path.name.split(".")[0]) for path in self.metadata.glob(f"[0-9]*.{role}.json")]
        if not found:
            raise SystemExit(f"repository: {self.metadata} has no {role}: make it with init")
        return Metadata.from_file(str(self.metadata / f"{max(found)}.{role}.json"))

    def write(self, role: str, made: Metadata[Any], signers: Sequence[CryptoSigner]) -> None:
        """Give it a new end, sign it, write it under its version; the timestamp also under its plain name."""
        if role != "root":
            self._belong(role, signers)
        made.signed.expires = now() + datetime.timedelta(days=DAYS[role])
        made.signatures.clear()
        for each in signers:
            made.sign(each, append=True)
        name = "timestamp.json" if role == "timestamp" else f"{made.signed.version}.{role}.json"
        self.metadata.mkdir(parents=True, exist_ok=True)
        fresh = self.metadata / f".{name}"
        made.to_file(str(fresh))
        os.replace(fresh, self.metadata / name)

    def _belong(self, role: str, signers: Sequence[CryptoSigner]) -> None:
        """Raises SystemExit for a key that boxes do not know for this role: they would refuse the whole repository."""
        root = self.newest("root").signed
        for each in signers:
            if each.public_key.keyid not in root.roles[role].keyids:
                words = f"the key {each.public_key.keyid[:12]} is none of those that {root.version}.root.json has"
                raise SystemExit(f"repository: {words} for {role}")

    def ready(self, targets: Sequence[Path], online: Path, trusts: Path) -> None:
        """Raises SystemExit unless a release can be signed: with these keys, for boxes that trust this root."""
        self._belong("targets", [signer(path) for path in targets])
        self._belong("snapshot", [signer(online)])
        self._trusted(trusts)

    def check(self, archives: Sequence[Path], trusts: Path) -> None:
        """Look at the repository as a box that trusts this root. Raises SystemExit unless it offers all of these."""
        self._trusted(trusts)
        with tempfile.TemporaryDirectory() as folder:
            layout = Layout(Path(folder) / "home", Path(folder) / "keep")
            layout.home.mkdir()
            shutil.copyfile(trusts, layout.home / ROOT_NAME)
            (layout.home / "made").write_text(f"{now():%Y-%m-%dT%H:%M:%SZ}\n")
            try:
                offers = Trust(layout, layout.keep, layout.home).look(FolderSource(self.metadata.parent))
            except UpdateError as error:
                raise SystemExit(f"repository: a box would refuse this: {error}") from None
        known = {each.path: each for each in offers}
        for archive in archives:
            with archive.open("rb") as file:
                hashed = f"{hashlib.file_digest(file, 'sha256').hexdigest()}.{archive.name}"
            if archive.name not in known or known[archive.name].hashed != hashed:
                raise SystemExit(f"repository: a box would not find {archive.name}")
            if not (self.targets / hashed).exists():
                raise SystemExit(f"repository: {self.targets / hashed} is not there")
            print(f"{archive.name}: a box takes it")

    def _trusted(self, trusts: Path) -> None:
        if not trusts.exists():
            raise SystemExit(f"repository: {trusts} is not there: no box that is built now would take any update")
        if trusts.read_bytes() not in [path.read_bytes() for path in self.metadata.glob("[0-9]*.root.json")]:
            raise SystemExit(f"repository: boxes would trust {trusts}, which is none of the roots of {self.metadata}")

    def init(self, root: Sequence[Path], targets: Sequence[Path], online: Path) -> None:
        if (self.metadata / "1.root.json").exists():
            raise SystemExit(f"repository: {self.metadata} has a root already: rotate changes its keys")
        self.targets.mkdir(parents=True, exist_ok=True)
        self._write_root(Root(consistent_snapshot=True), root, root, targets, online)
        self.write("targets", Metadata(Targets()), [signer(path) for path in targets])
        snapshot = Snapshot(meta={"targets.json": MetaFile(1)})
        self.write("snapshot", Metadata(snapshot), [signer(online)])
        self.write("timestamp", Metadata(Timestamp(snapshot_meta=MetaFile(1))), [signer(online)])

    def rotate(self, signers: Sequence[Path], root: Sequence[Path], targets: Sequence[Path], online: Path) -> None:
        """A new root, signed by enough of the old keys and of the new ones; everything else is signed again."""
        made = self.newest("root")
        made.signed.version += 1
        fresh = Root(made.signed.version, consistent_snapshot=True)
        self._write_root(fresh, root, list(dict.fromkeys([*signers, *root])), targets, online)
        lists = self.newest("targets")
        lists.signed.version += 1
        self.write("targets", lists, [signer(path) for path in targets])
        self.refresh(online)

    def _write_root(
        self, root: Root, keys: Sequence[Path], signers: Sequence[Path], targets: Sequence[Path], online: Path
    ) -> None:
        if len(keys) < THRESHOLD:
            raise SystemExit(f"repository: {len(keys)} root key: {THRESHOLD} have to sign, so more are needed")
        for path in keys:
            root.add_key(signer(path).public_key, "root")
        root.roles["root"].threshold = THRESHOLD
        for path in targets:
            root.add_key(signer(path).public_key, "targets")
        for role in ("snapshot", "timestamp"):
            root.add_key(signer(online).public_key, role)
        self.write("root", Metadata(root), [signer(path) for path in signers])

    def add(self, archives: Sequence[Path], targets: Sequence[Path], online: Path) -> None:
        """Put versions into the list. Beside each archive lies its description (NAME.json), which version.sh makes."""
        signers = [signer(path) for path in targets]
        self._belong("targets", signers)
        self._belong("snapshot", [signer(online)])
        lists = self.newest("targets")
        for archive in archives:
            described = json.loads(archive.with_name(archive.name + ".json").read_text())
            info = TargetFile.from_file(archive.name, str(archive), ["sha256"])
            info.unrecognized_fields["custom"] = {"hushbox": described}
            lists.signed.targets[archive.name] = info
            shutil.copyfile(archive, self.targets / f"{info.hashes['sha256']}.{archive.name}")
        lists.signed.version += 1
        self.write("targets", lists, signers)
        self.refresh(online)

    def refresh(self, online: Path) -> None:
        """New snapshot and timestamp: what is there stays valid for another while."""
        snapshot = self.newest("snapshot")
        snapshot.signed.version += 1
        snapshot.signed.meta["targets.json"] = MetaFile(self.newest("targets").signed.version)
        self.write("snapshot", snapshot, [signer(online)])
        timestamp = Metadata[Timestamp].from_file(str(self.metadata / "timestamp.json"))
        timestamp.signed.version += 1
        timestamp.signed.snapshot_meta = MetaFile(snapshot.signed.version)
        self.write("timestamp", timestamp, [signer(online)])

    def show(self) -> None:
        """What it offers, and until when."""
        for role in ("root", "targets", "snapshot"):
            made = self.newest(role).signed
            print(f"{role} {made.version}: valid until {made.expires:%Y-%m-%d}")
        for name, info in sorted(self.newest("targets").signed.targets.items()):
            stored = self.targets / f"{info.hashes['sha256']}.{name}"
            with stored.open("rb") as file:
                right = hashlib.file_digest(file, "sha256").hexdigest() == info.hashes["sha256"]
            print(f"{name}: {info.length / 1e6:.1f} MB{'' if right else ', DAMAGED'}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, options in {
        "key": (), "init": ("root", "targets", "online"), "add": ("targets", "online"), "refresh": ("online",),
        "rotate": ("signers", "root", "targets", "online"), "show": (),
        "ready": ("targets", "online", "trusts"), "check": ("trusts",),
    }.items():  # fmt: skip
        command = commands.add_parser(name)
        command.add_argument("where", type=Path, help="the key's file" if name == "key" else "the repository's folder")
        if name in ("add", "check"):
            command.add_argument("archives", type=Path, nargs="+")
        for option in options:
            command.add_argument(
                f"--{option}", type=Path, required=True, nargs=None if option in ("online", "trusts") else "+"
            )
    args = vars(parser.parse_args())
    command_name, where = args.pop("command"), args.pop("where")
    if command_name == "key":
        make_key(where)
    else:
        getattr(Repository(where), command_name)(**args)
    return 0


if __name__ == "__main__":
    sys.exit(main())
