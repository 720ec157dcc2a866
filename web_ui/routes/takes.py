"""The routes of takes. Paths and bodies are in openapi.json."""

from collections.abc import Callable, Iterator
from dataclasses import asdict

from flask import Blueprint, Response, request, send_file

from web_ui.errors import Refused
from web_ui.limits import MAX_TAKES_FETCHED
from web_ui.ports.takes import LONGEST_PIECE, MOST_MARKS, TakesPort
from web_ui.routes.bodies import attachment, bodies, confirmed, done, flag, number, reply, some_of, text, whole_number
from web_ui.visitors.phones import Phones
from web_ui.visitors.slots import Slots, stream_over

MOST_POINTS = 4000


def add_takes_routes(api: Blueprint, port: TakesPort, phones: Phones) -> None:
    """Below /api/v1: recorder, takes, take_jobs."""
    fetched = Slots(MAX_TAKES_FETCHED, "{most} takes are being fetched, and the box sends no more: wait a moment")

    @api.get("/recorder")
    def recorder() -> Response:
        return reply(asdict(port.news()))

    @api.post("/recorder/record")
    def record() -> Response:
        if flag(bodies("on"), "on"):
            port.record()
        else:
            port.end()
        return done()

    @api.post("/recorder/keep")
    def keep_take() -> Response:
        confirmed("keep")
        port.keep()
        return done()

    @api.post("/recorder/mark")
    def mark_take() -> Response:
        port.mark(text(bodies("name"), "name"))
        return done()

    @api.put("/recorder/settings")
    def set_recorder() -> Response:
        tree = some_of("minutes", "what", "format", "heard_db", "silence_s")
        if "minutes" in tree:
            port.set_minutes(whole_number(tree, "minutes", "a whole number is expected"))
        if "what" in tree:
            what = tree["what"]
            if not isinstance(what, list) or not all(isinstance(each, str) for each in what):
                raise Refused(400, "what: a list of names is expected")
            port.set_what(tuple(what))
        if "format" in tree:
            port.set_format(text(tree, "format"))
        if "heard_db" in tree or "silence_s" in tree:
            now = port.news()
            tree = {"heard_db": now.heard_db, "silence_s": now.silence_s, **tree}
            port.set_heard(number(tree, "heard_db"), number(tree, "silence_s"))
        return done()

    @api.post("/recorder/arm")
    def arm_recorder() -> Response:
        port.set_armed(flag(bodies("on"), "on"))
        return done()

    @api.put("/recorder/place")
    def set_place() -> Response:
        port.set_place(text(bodies("id"), "id"))
        return done()

    @api.post("/recorder/place/remove")
    def remove_place() -> Response:
        port.remove_safely(text(bodies("id"), "id"))
        return done()

    @api.put("/recorder/quota")
    def set_quota() -> Response:
        port.set_quota(whole_number(bodies("megabytes"), "megabytes", "a whole number is expected"))
        return done()

    @api.get("/takes")
    def takes() -> Response:
        return reply(asdict(port.listed()))

    @api.put("/takes/<id>")
    def change_take(id: str) -> Response:
        tree = some_of("name", "star", "trim_s", "marks")
        if "name" in tree:
            port.rename(id, text(tree, "name"))
        if "star" in tree:
            port.star(id, flag(tree, "star"))
        if "trim_s" in tree:
            trim = tree["trim_s"]
            if not isinstance(trim, list) or len(trim) != 2:
                raise Refused(400, "trim_s: two numbers of seconds are expected, [0, 0] for the whole take")
            ends = dict(zip(("from_s", "to_s"), trim, strict=True))
            port.trim(id, number(ends, "from_s"), number(ends, "to_s"))
        if "marks" in tree:
            port.set_marks(id, _marks(tree["marks"]))
        return done()

    @api.post("/takes/<id>/bin")
    def bin_take(id: str) -> Response:
        if flag(bodies("on"), "on"):
            port.put_into_bin(id)
        else:
            port.take_out_of_bin(id)
        return done()

    @api.post("/takes/bin/empty")
    def empty_bin() -> Response:
        tree = bodies("id", "for_good")
        if tree["for_good"] is not True:
            raise Refused(400, "for_good has to be true: what is deleted from the bin cannot come back")
        return reply({"freed_megabytes": port.empty_bin(text(tree, "id"))})

    @api.get("/takes/<id>/outline")
    def take_outline(id: str) -> Response:
        points = _from_address("points", 0, MOST_POINTS)
        lane = request.args.get("lane", "")[:60]
        return Response(port.outline(id, lane, points), mimetype="application/octet-stream")

    @api.get("/takes/<id>/<lane>/part")
    def take_part(id: str, lane: str) -> Response:
        first, frames = _from_address("from", 0, 2**40), _from_address("frames", 48_000, LONGEST_PIECE)
        return Response(port.piece(id, lane, first, frames), mimetype="audio/wav")

    @api.get("/takes/<id>/<lane>.wav")
    def take_sound(id: str, lane: str) -> Response:
        path = port.sound(id, lane)
        slot = fetched.take(phones.visitor())
        try:
            kind = "audio/flac" if path.suffix == ".flac" else "audio/wav"
            answer = send_file(path, mimetype=kind, conditional=True, max_age=0)
        except BaseException:
            slot.release()
            raise
        answer.call_on_close(slot.release)
        return answer

    @api.get("/takes/<id>.zip")
    def take_packed(id: str) -> Response:
        return sent(port.packed(id), "application/zip", f"take-{id}", ".zip")

    @api.get("/takes/<id>.stem.mp4")
    def take_stem_file(id: str) -> Response:
        return sent(port.stem_file(id), "audio/mp4", f"take-{id}", ".stem.mp4")

    def sent(pieces: Iterator[bytes], kind: str, stem: str, suffix: str) -> Response:
        slot = fetched.take(phones.visitor())
        answer = Response(_until(pieces, stream_over(slot)), mimetype=kind)
        answer.call_on_close(slot.release)
        return attachment(answer, stem, suffix)

    @api.post("/takes/<id>/versions")
    def retry_take(id: str) -> Response:
        return reply({"job": port.retry(id, text(bodies("preset"), "preset"))})

    @api.post("/takes/<id>/versions/drop")
    def drop_version(id: str) -> Response:
        port.drop_version(id, text(bodies("version"), "version"))
        return done()

    @api.get("/takes/<id>/beside/<other>")
    def compare_takes(id: str, other: str) -> Response:
        return reply(asdict(port.compare(id, other)))

    @api.get("/take_jobs")
    def take_jobs() -> Response:
        return reply({"jobs": [asdict(each) for each in port.jobs()]})

    @api.post("/take_jobs/cancel")
    def cancel_take_job() -> Response:
        port.cancel(text(bodies("job"), "job"))
        return done()


def _marks(value: object) -> tuple[tuple[float, str], ...]:
    """[[seconds, name], …]. Raises Refused."""
    if not isinstance(value, list) or len(value) > MOST_MARKS:
        raise Refused(400, f"marks: a list of at most {MOST_MARKS} is expected, each [seconds, name]")
    found = []
    for each in value:
        if not isinstance(each, list) or len(each) != 2:
            raise Refused(400, f"marks: a list of at most {MOST_MARKS} is expected, each [seconds, name]")
        mark = dict(zip(("at_s", "name"), each, strict=True))
        found.append((number(mark, "at_s"), text(mark, "name")))
    return tuple(found)


def _from_address(name: str, otherwise: int, most: int) -> int:
    """A whole number of the address. Raises Refused."""
    said = request.args.get(name, str(otherwise))
    if not (said.isascii() and said.isdigit() and len(said) < 16 and int(said) <= most):
        raise Refused(400, f"{name} = {said[:40]!r}: a whole number from 0 to {most} is expected")
    return int(said)


def _until(pieces: Iterator[bytes], gone: Callable[[], bool]) -> Iterator[bytes]:
    for piece in pieces:
        if gone():
            return
        yield piece
