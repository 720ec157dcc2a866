"""RealSystem: the box as a machine, over BoxSetup."""

import time
from collections.abc import Callable, Sequence

from firmware_app.page import address
from firmware_app.setup.backup import BackupError
from firmware_app.setup.box import BoxSetup
from firmware_app.system import diagnostics, docs, licences, log_files, power, scrub
from firmware_app.system.power import PowerError
from firmware_app.system.versions import versions
from hw.board import health as board_health
from web_ui.ports.errors import ControlRefused, NotThere
from web_ui.ports.system import AboutView, BackupView, NetworkView, PackageView, ReplacedView, SystemView

OWN_LICENCE = "Apache-2.0"


class RealSystem:
    """Implements SystemPort. Any thread."""

    def __init__(self, box: BoxSetup, meters: diagnostics.Meters) -> None:
        """meters: those of the last minutes, for the diagnostics."""
        self._box = box
        self._meters = meters

    @property
    def version(self) -> str:
        return self._box.version

    def view(self) -> SystemView:
        health = board_health.read()
        return SystemView(
            versions=versions(self._box.version),
            health=health.words(),
            temperature_c=health.temperature_c,
            uptime_s=round(time.monotonic() - self._box.started),
            no_restart=power.why_no_restart(),
            no_power_off=power.why_no_power_off(),
            restored=self._box.backups.before(),
        )

    def network(self, port: int) -> NetworkView:
        tls = self._box.config.page.tls == "on"
        url = address.url_of("", port, tls)
        if address.this_machine_only(url):
            return NetworkView((url,))
        fingerprint = self._box.page_fingerprint()
        code = address.qr_rows(address.with_fingerprint(url, fingerprint))
        host = self._box.network.host
        return NetworkView((url, f"{'https' if tls else 'http'}://{host}.local:{port}/"), code, fingerprint)

    def about(self) -> AboutView:
        packages = tuple(PackageView(each.name, each.version, each.licence) for each in licences.shipped())
        return AboutView(OWN_LICENCE, packages, (self._box.places.docs / docs.FIRST).is_file())

    def docs_page(self, name: str) -> str:
        try:
            return docs.page(self._box.places.docs, name)
        except docs.NoSuchDocError as error:
            raise NotThere(str(error)) from None

    def docs_picture(self, name: str) -> bytes:
        try:
            return docs.picture(self._box.places.docs, name)
        except docs.NoSuchDocError as error:
            raise NotThere(str(error)) from None

    def log_lines(self, most: int) -> Sequence[str]:
        return scrub.lines(log_files.last_lines(self._box.places.runtime, most))

    def diagnostics(self, gone: Callable[[], bool] = bool) -> bytes:
        box = self._box
        source = box.config.source
        arguments = ["--state-dir", str(box.places.state)] + (["--config", str(source)] if source else [])
        try:
            return diagnostics.bundle(
                state=box.places.state,
                config_file=source,
                doctor_arguments=arguments,
                versions=versions(box.version),
                info=box.control.latest.info,
                history=self._meters(),
                log=log_files.last_lines(box.places.runtime, 2000),
                gone=gone,
            )
        except diagnostics.GivenUp as error:
            raise ControlRefused(str(error)) from None

    def backup(self) -> bytes:
        self._box.flush()
        return self._box.backups.make()

    def look_into_backup(self, backup: bytes) -> BackupView:
        self._box.flush()
        try:
            found = self._box.backups.look(backup)
        except BackupError as error:
            raise ControlRefused(str(error)) from None
        replaces = tuple(ReplacedView(each.what, each.now, each.then) for each in found.replaced)
        return BackupView(found.made_at, found.made_by, replaces)

    def undo_restore(self) -> None:
        try:
            self._box.undo_restore()
        except (BackupError, PowerError) as error:
            raise ControlRefused(str(error)) from None

    def keep_restore(self) -> None:
        self._box.keep_restore()

    def restore_backup(self, backup: bytes) -> None:
        try:
            self._box.restore(backup)
        except (BackupError, PowerError) as error:
            raise ControlRefused(str(error)) from None

    def restart(self) -> None:
        try:
            self._box.restart()
        except PowerError as error:
            raise ControlRefused(str(error)) from None

    def power_off(self) -> None:
        try:
            self._box.power_off()
        except PowerError as error:
            raise ControlRefused(str(error)) from None
