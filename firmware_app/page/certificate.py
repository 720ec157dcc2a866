"""The box's own certificate, for [page] tls = "on": made on the box, renewed by itself, told by its fingerprint.

No authority signs it: nobody can have a public certificate for a name that ends in .local or for a private address. A
phone warns once, and its owner compares the fingerprint with the one on the box's terminal or in its link.

ECDSA with P-256 and SHA-256, which every phone takes. It is valid for LONGEST_DAYS: Apple's systems refuse a longer
one even from an authority that the user has added (support.apple.com/103769, which also asks for serverAuth and for
names in the SAN). A new one has another fingerprint, so one is made only when the old ends or lacks a name. An address
that the router has changed is no reason: the phone warns about the certificate either way.

File: private key and certificate in one PEM file, so that they are always of a pair; only the box's own user may read
it. It is no part of a backup: a box that is restored elsewhere is another box.
"""

import datetime
import hashlib
import ipaddress
import os
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from firmware_app.errors import AppError

FILE = "page-certificate.pem"  # in the state folder
LONGEST_DAYS = 825
RENEW_DAYS = 30  # before its end
MOST_NAMES = 60


class CertificateError(AppError, OSError):
    """The certificate can neither be read nor made."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate in a file. fingerprint: SHA-256 of it, as browsers show it: "AB:CD:…", 32 bytes."""

    path: Path
    fingerprint: str
    names: frozenset[str]
    ends: datetime.datetime  # UTC

    def serves(self, names: Iterable[str], now: datetime.datetime) -> bool:
        """Whether it has all these names and does not end soon."""
        return self.names >= set(names) and now < self.ends - datetime.timedelta(days=RENEW_DAYS)


def certificate(state: Path, names: Iterable[str], addresses: Iterable[str] = ()) -> Certificate:
    """The box's certificate, made anew if need be. Raises CertificateError.

    names: that the page answers to; a phone that asks for another one is warned. addresses: for a new certificate.
    """
    wanted = sorted(set(names))[:MOST_NAMES]
    path = state / FILE
    try:
        found = read(path)
        if found is None or not found.serves(wanted, clock()):
            _write(path, _made(wanted, sorted(set(addresses))[:MOST_NAMES]))
            found = read(path)
    except OSError as error:
        raise CertificateError(f"{path}: the page's certificate cannot be kept: {error.strerror}") from None
    if found is None:
        raise CertificateError(f"{path}: the page's certificate cannot be read back")
    return found


def read(path: Path) -> Certificate | None:
    """The certificate in this file; None when there is none, or a damaged one. Raises OSError for a file kept shut."""
    from cryptography import x509

    try:
        pem = path.read_bytes()
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(path)  # what serves it is the check of the key
        found = x509.load_pem_x509_certificate(pem)
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (FileNotFoundError, ssl.SSLError, ValueError, x509.ExtensionNotFound):
        return None
    fingerprint = hashlib.sha256(ssl.PEM_cert_to_DER_cert(_certificate_of(pem))).hexdigest().upper()
    return Certificate(
        path,
        ":".join(fingerprint[place : place + 2] for place in range(0, len(fingerprint), 2)),
        frozenset(names.get_values_for_type(x509.DNSName)),
        found.not_valid_after_utc,
    )


def clock() -> datetime.datetime:
    """Now; at least the day this program was made. A board without a clock starts in the past."""
    made_s = Path(__file__).stat().st_mtime
    return max(datetime.datetime.now(datetime.UTC), datetime.datetime.fromtimestamp(made_s, datetime.UTC))


def _made(names: list[str], addresses: list[str]) -> bytes:
    """A new key and its certificate, as PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Hushbox")])
    begins = clock() - datetime.timedelta(days=1)  # a phone's clock may be late
    alternatives: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
    alternatives += [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + datetime.timedelta(days=LONGEST_DAYS) - datetime.timedelta(seconds=1))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + made.public_bytes(serialization.Encoding.PEM)


def _certificate_of(pem: bytes) -> str:
    text = pem.decode("ascii", "replace")
    return text[text.index("-----BEGIN CERTIFICATE-----") :]


def _write(path: Path, pem: bytes) -> None:
    """Whole or not at all, and never readable for others, not for a moment. Raises OSError."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(descriptor)
    os.replace(fresh, path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
