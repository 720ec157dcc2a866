"""OwnTls: TLS for the page with the box's own certificate, which is looked after while the box runs."""

import ipaddress
import logging
import re
import time
from collections.abc import Callable, Iterable

from firmware_app.config.places import Places
from firmware_app.page.address import own_address
from firmware_app.page.certificate import Certificate, CertificateError, certificate
from web_ui.serving.tls import server_context

log = logging.getLogger(__name__)

LOOK_S = 3600.0
_LOOPBACK = ("127.0.0.1", "::1")
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
"""What a certificate can name. A phone that reaches the box by another name is warned."""


class OwnTls:
    """The context that serves the box's certificate. For the control process's main thread."""

    def __init__(self, places: Places, names: Callable[[], Iterable[str]]) -> None:
        """names(): that the page answers to. Raises CertificateError when there is nowhere to keep a certificate."""
        self._places = places
        self._names = names
        self._certificate = self._current()
        self._look_at_s = time.monotonic() + LOOK_S
        self.context = server_context(str(self._certificate.path))

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate in force: "AB:CD:…"."""
        return self._certificate.fingerprint

    def tick(self) -> bool:
        """Look after the certificate; call often, works every LOOK_S. True when there is a new one from now on.

        Phones that are connected go on with the old one.
        """
        now = time.monotonic()
        if now < self._look_at_s:
            return False
        self._look_at_s = now + LOOK_S
        try:
            found = self._current()
        except CertificateError as error:
            log.warning("%s", error)
            return False
        if found == self._certificate:
            return False
        self.context.load_cert_chain(found.path)
        self._certificate = found
        log.info("the page has a new certificate: SHA-256 %s", found.fingerprint)
        return True

    def _current(self) -> Certificate:
        """From the state folder; a box that cannot write there makes one that lasts until it is switched off."""
        names, addresses = set(filter(_NAME.fullmatch, self._names())), _own_addresses()
        try:
            return certificate(self._places.state, names, addresses)
        except CertificateError as error:
            log.warning("%s: this one lasts until the box is switched off", error)
            return certificate(self._places.runtime, names, addresses)


def _own_addresses() -> set[str]:
    found = {*_LOOPBACK, own_address("0.0.0.0"), own_address("::")}
    return {address for address in found if not ipaddress.ip_address(address).is_link_local}
