"""SystemBoxPort: the box as a machine, and its PIN, as the page sees them, over BoxSetup."""

import time
from collections.abc import Callable, Sequence

from firmware_app.kept.pin import PinError, PinWait
from firmware_app.setup.backup import BackupError
from firmware_app.setup.box import BoxSetup
from firmware_app.system import diagnostics, log_files, power, scrub
from firmware_app.system.power import PowerError
from firmware_app.system.versions import versions
from hw.board import health as board_health
from web_ui.ports.box import ControlRefused, PinRefused
from web_ui.ports.system import ANYBODY, Caller, PinView, SystemView

LOOKED_S = 2.0  # what the board says is asked for so often at most


class SystemBoxPort:
    """Implements web_ui's SystemPort. Any thread."""

    def __init__(self, box: BoxSetup, history: diagnostics.Meters, simulated: bool) -> None:
        """history: the meters of the last minutes. simulated: no board, so no PIN is missed."""
        self._box = box
        self._meters = history
        self._is_simulated = simulated

    def system(self) -> SystemView:
        health = board_health.read()
        return SystemView(
            versions=versions(self._box.version),
            health=health.words(),
            temperature_c=health.temperature_c,
            uptime_s=round(time.monotonic() - self._box.started),
            no_restart=power.why_no_restart(),
            no_power_off=power.why_no_power_off(),
        )

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

    def restore_backup(self, backup: bytes) -> None:
        try:
            self._box.restore(backup)
        except (BackupError, PowerError) as error:
            raise ControlRefused(str(error)) from None

    def restart_box(self) -> None:
        try:
            self._box.restart()
        except PowerError as error:
            raise ControlRefused(str(error)) from None

    def power_off(self) -> None:
        try:
            power.power_off()
        except PowerError as error:
            raise ControlRefused(str(error)) from None

    def pin(self) -> PinView:
        in_force = self._box.pin.is_set
        return PinView(in_force, not in_force and not self._is_simulated)

    def unlock(self, pin: str, who: Caller = ANYBODY) -> str:
        try:
            return self._box.pin.unlock(pin, who)
        except PinError as error:
            raise _refused(error) from None

    def knows_session(self, session: str) -> bool:
        return self._box.pin.knows(session)

    def lock(self, session: str) -> None:
        try:
            self._box.pin.lock(session)
        except PinError as error:
            raise ControlRefused(f"logged out until the next start only: {error}") from None

    def set_pin(self, pin: str, old: str, who: Caller = ANYBODY) -> str:
        try:
            if pin:
                return self._box.pin.set(pin, old, who)
            self._box.pin.remove(old, who)
        except PinError as error:
            raise _refused(error) from None
        finally:
            self._box.changed()
        return ""


def _refused(error: PinError) -> PinRefused:
    return PinRefused(str(error), error.seconds if isinstance(error, PinWait) else 0.0)
