"""The box's own certificate: what phones ask of one, who may read it, when another is made."""

import datetime
import hashlib
import os
import ssl
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from firmware_app.page import certificate as module
from firmware_app.page.certificate import FILE, LONGEST_DAYS, RENEW_DAYS, CertificateError, certificate, read

NAMES = {"hushbox.local", "hushbox", "localhost"}


def parsed(folder: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / FILE).read_bytes())


def later(monkeypatch: pytest.MonkeyPatch, days: float) -> None:
    real = module.clock()
    monkeypatch.setattr(module, "clock", lambda: real + datetime.timedelta(days=days))


def test_it_is_what_apple_and_the_others_take(tmp_path: Path):
    made = certificate(tmp_path, NAMES, ["192.0.2.7", "2001:db8::7"])
    found = parsed(tmp_path)
    key = found.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.curve.name == "secp256r1"
    assert found.signature_hash_algorithm is not None
    assert found.signature_hash_algorithm.name == "sha256"
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(names.get_values_for_type(x509.DNSName)) == NAMES
    assert {str(address) for address in names.get_values_for_type(x509.IPAddress)} == {"192.0.2.7", "2001:db8::7"}
    usage = found.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert not found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert found.not_valid_after_utc - found.not_valid_before_utc < datetime.timedelta(days=LONGEST_DAYS)
    assert found.not_valid_before_utc < datetime.datetime.now(datetime.UTC) < found.not_valid_after_utc
    plain = made.fingerprint.replace(":", "").lower()
    assert plain == hashlib.sha256(ssl.PEM_cert_to_DER_cert(found.public_bytes(_pem()).decode())).hexdigest()


def _pem():  # type: ignore[no-untyped-def]
    from cryptography.hazmat.primitives.serialization import Encoding

    return Encoding.PEM


@pytest.mark.parametrize("mask", [0, 0o022])
def test_only_the_boxs_own_user_may_read_it(tmp_path: Path, mask: int):
    before = os.umask(mask)
    try:
        certificate(tmp_path, NAMES)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_it_stays_over_restarts_and_with_another_address(tmp_path: Path):
    first = certificate(tmp_path, NAMES, ["192.0.2.7"])
    assert certificate(tmp_path, NAMES, ["198.51.100.9"]) == first
    assert certificate(tmp_path, {"hushbox.local"}) == first


def test_another_is_made_for_a_name_that_it_lacks(tmp_path: Path):
    first = certificate(tmp_path, NAMES)
    second = certificate(tmp_path, {*NAMES, "studio.local"})
    assert second.fingerprint != first.fingerprint
    assert "studio.local" in second.names


@pytest.mark.parametrize(
    ("days", "renewed"), [(LONGEST_DAYS - RENEW_DAYS - 2, False), (LONGEST_DAYS - RENEW_DAYS, True)]
)
def test_it_is_renewed_before_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: int, renewed: bool):
    first = certificate(tmp_path, NAMES)
    later(monkeypatch, days)
    second = certificate(tmp_path, NAMES)
    assert (second.fingerprint != first.fingerprint) == renewed
    assert second.serves(NAMES, module.clock())


def test_a_board_without_a_clock_does_not_make_one_of_the_past(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    class Stopped(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:
            return datetime.datetime(1970, 1, 1, tzinfo=tz)

    monkeypatch.setattr(module.datetime, "datetime", Stopped)
    made = certificate(tmp_path, NAMES)
    assert made.ends.year >= 2028


@pytest.mark.parametrize(
    "damage", [b"", b"\x00\xff", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_a_damaged_one_is_made_anew(tmp_path: Path, damage: bytes):
    (tmp_path / FILE).write_bytes(damage)
    assert read(tmp_path / FILE) is None
    assert certificate(tmp_path, NAMES).names == NAMES


def test_a_key_of_another_certificate_counts_as_damage(tmp_path: Path):
    other = tmp_path / "other"
    other.mkdir()
    for folder in (tmp_path, other):
        certificate(folder, NAMES)
    mark = b"-----BEGIN CERTIFICATE-----"
    key = (other / FILE).read_bytes().partition(mark)[0]
    (tmp_path / FILE).write_bytes(key + mark + (tmp_path / FILE).read_bytes().partition(mark)[2])
    assert read(tmp_path / FILE) is None


def test_a_cut_while_it_is_written_leaves_the_old_one_or_the_new_one(tmp_path: Path):
    first = certificate(tmp_path, NAMES)
    (tmp_path / f"{FILE}.new").write_bytes(b"half of a k")
    assert certificate(tmp_path, NAMES) == first
    assert certificate(tmp_path, {*NAMES, "studio.local"}).names == {*NAMES, "studio.local"}


def test_a_link_in_its_place_is_not_written_through(tmp_path: Path):
    victim = tmp_path / "victim"
    victim.write_text("mine")
    state = tmp_path / "state"
    state.mkdir()
    (state / f"{FILE}.new").symlink_to(victim)
    certificate(state, NAMES)
    assert victim.read_text() == "mine"


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path):
    with pytest.raises(CertificateError, match=rf"{FILE}: the page's certificate cannot be kept"):
        certificate(tmp_path / "none", NAMES)
