"""The routes to look at and listen to the sound. Paths and bodies are in openapi.json."""

from typing import Any

from flask import Blueprint, Response, request

from web_ui.errors import Refused
from web_ui.limits import MAX_RECORDINGS
from web_ui.ports.sound import HistoryView, SoundPort
from web_ui.routes.bodies import bodies, flag, reply, shown
from web_ui.streams.sound import SoundStreams
from web_ui.streams.takes import Takes, fetched
from web_ui.views import compare_json
from web_ui.visitors.phones import Phones
from web_ui.visitors.slots import Slots, stream_over


def add_sound_routes(api: Blueprint, port: SoundPort, streams: SoundStreams, phones: Phones) -> None:
    """Below /api/v1: spectrum, live, listen, history, compare."""
    takes = Takes(port)
    recordings = Slots(MAX_RECORDINGS, "{most} recordings are being fetched, and the box sends no more: wait a moment")

    @api.get("/spectrum")
    def spectrum() -> Response:
        slot = streams.looks.take(phones.visitor())
        answer = Response(streams.pictures(stream_over(slot)), mimetype="application/octet-stream")
        answer.call_on_close(slot.release)
        return answer

    @api.get("/live/<which>.mp3")
    def live(which: str) -> Response:
        sound = port.live(which)
        try:
            slot = streams.listeners.take(phones.visitor())
        except Refused:
            sound.close()
            raise
        answer = Response(streams.sound(sound, stream_over(slot)), mimetype="audio/mpeg")
        answer.call_on_close(slot.release)
        answer.call_on_close(sound.close)
        return answer

    @api.get("/listen/<which>.wav")
    def listen(which: str) -> Response:
        slot = recordings.take(phones.visitor())
        try:
            return fetched(takes.wav(which, request.args.get("take", "")[:40]), "audio/wav", slot.release)
        except BaseException:
            slot.release()
            raise

    @api.get("/history")
    def history() -> Response:
        after = request.args.get("after", "0")
        if not after.isdecimal() or len(after) > 15:
            raise Refused(400, f"after = {shown(after)}: the number of a moment, 0 for all, is expected")
        return reply(history_json(port.history(int(after))))

    @api.get("/compare")
    def comparison() -> Response:
        return reply(compare_json(port.comparison()))

    @api.put("/compare")
    def compare() -> Response:
        return reply(compare_json(port.compare(flag(bodies("on"), "on"))))


def history_json(view: HistoryView) -> dict[str, Any]:
    """One list for each quantity: a third of the size of one object for each moment."""
    moments = view.moments
    return {
        "now_s": round(view.now_s, 2),
        "number": [m.number for m in moments],
        "at_s": [round(m.at_s, 2) for m in moments],
        "in_peak_db": [round(m.in_peak_db, 1) for m in moments],
        "out_peak_db": [round(m.out_peak_db, 1) for m in moments],
        "reduction_db": [round(m.reduction_db, 1) for m in moments],
        "load": [round(m.load, 3) for m in moments],
        "load_p99": [round(m.load_p99, 3) for m in moments],
        "xruns": [m.xruns for m in moments],
        "late_hops": [m.late_hops for m in moments],
        "dry_hops": [m.dry_hops for m in moments],
    }
