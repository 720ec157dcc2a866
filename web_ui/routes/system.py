"""The routes of the machine: versions, log, diagnostics, backup, restart, power."""

import contextlib
import time
from dataclasses import asdict
from urllib.parse import urlsplit

from flask import Blueprint, Response, request

from web_ui.errors import Refused
from web_ui.limits import MAX_LOGS
from web_ui.ports.setup import SetupPort
from web_ui.ports.system import SystemPort
from web_ui.routes.bodies import attachment, confirmed, done, reply
from web_ui.visitors.phones import Phones
from web_ui.visitors.plain_text import parsed
from web_ui.visitors.slots import Slots, client_gone, takes_long

LOG_LINES = 300


def add_system_routes(api: Blueprint, port: SystemPort, setup: SetupPort, phones: Phones) -> None:
    """Below /api/v1/system. setup: the box's name is part of file names."""
    logs = Slots(MAX_LOGS, "{most} phones read the log, which takes the box a while: try again", may_be_lost=False)
    examining = Slots(1, "the box puts diagnostics together already: wait until they are there", may_be_lost=False)
    restoring = Slots(1, "another backup is being read or restored: wait until that is done", may_be_lost=False)

    @api.get("/system")
    def system() -> Response:
        return reply(asdict(port.view()))

    @api.get("/system/network")
    def network() -> Response:
        parts = urlsplit(request.host_url)
        return reply(asdict(port.network(parts.port or (443 if request.is_secure else 80))))

    @api.get("/system/about")
    def about() -> Response:
        return reply(asdict(port.about()))

    @api.get("/system/log")
    def log_lines() -> Response:
        slot = logs.take(phones.visitor())
        takes_long()
        try:
            return reply({"lines": list(port.log_lines(LOG_LINES))})
        finally:
            slot.release()

    @api.post("/system/diagnostics.zip")
    def diagnostics() -> Response:
        confirmed("make")
        slot = examining.take(phones.visitor())
        try:
            made = port.diagnostics(client_gone())
        finally:
            slot.release()
        answer = Response(made, mimetype="application/zip")
        return attachment(answer, setup.box_name.lower(), f"-diagnostics-{_day()}.zip")

    @api.get("/system/backup.json")
    def backup() -> Response:
        answer = Response(port.backup(), mimetype="application/json")
        return attachment(answer, setup.box_name.lower(), f"-backup-{_day()}.json")

    @api.post("/system/backup/look")
    def look_into_backup() -> Response:
        backup = _backup()
        slot = restoring.take(phones.visitor())
        try:
            return reply(asdict(port.look_into_backup(backup)))
        finally:
            slot.release()

    @api.put("/system/backup.json")
    def restore_backup() -> Response:
        backup = _backup()
        slot = restoring.take(phones.visitor())
        try:
            port.restore_backup(backup)
        finally:
            slot.release()
        return done()

    @api.post("/system/undo_restore")
    def undo_restore() -> Response:
        confirmed("undo")
        slot = restoring.take(phones.visitor())
        try:
            port.undo_restore()
        finally:
            slot.release()
        return done()

    @api.post("/system/keep_restore")
    def keep_restore() -> Response:
        confirmed("keep")
        port.keep_restore()
        return done()

    @api.post("/system/restart")
    def restart_box() -> Response:
        confirmed("restart")
        port.restart()
        return done()

    @api.post("/system/power_off")
    def power_off() -> Response:
        confirmed("power_off")
        port.power_off()
        return done()


def _backup() -> bytes:
    """The request's body. Raises Refused, also for text that is not plain."""
    if request.mimetype != "application/json":
        raise Refused(415, "the body has to be the backup itself (Content-Type: application/json)")
    backup = request.get_data(cache=False)
    with contextlib.suppress(ValueError):  # the port refuses anything but JSON, in its own words
        parsed(backup)
    return backup


def _day() -> str:
    return time.strftime("%Y-%m-%d")
