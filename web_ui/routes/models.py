"""The routes of the models. Paths and bodies are in openapi.json."""

from typing import Any

from flask import Blueprint, Response

from web_ui.limits import MAX_RECORDINGS
from web_ui.ports.models import ModelsPort, WorkView
from web_ui.routes.bodies import bodies, reply, text
from web_ui.streams.takes import fetched
from web_ui.visitors.phones import Phones
from web_ui.visitors.slots import Slots


def add_models_routes(api: Blueprint, port: ModelsPort, phones: Phones) -> None:
    """Below /api/v1/models."""
    recordings = Slots(MAX_RECORDINGS, "{most} try-outs are being fetched, and the box sends no more: wait a moment")

    @api.get("/models")
    def models() -> Response:
        return reply({"models": [dict(card) for card in port.cards()], "work": work_json(port.work())})

    @api.get("/models/work")
    def models_work() -> Response:
        return reply(work_json(port.work()))

    @api.put("/models/use")
    def use_model() -> Response:
        return reply({"problem": port.use(text(bodies("name"), "name"))})

    @api.put("/models/measure")
    def measure_model() -> Response:
        port.measure(text(bodies("name"), "name"))
        return reply(work_json(port.work()))

    @api.put("/models/try")
    def try_models() -> Response:
        tree = bodies("first", "second")
        port.try_out(text(tree, "first"), text(tree, "second"))
        return reply(work_json(port.work()))

    @api.get("/models/tried/<turn>.wav")
    def tried_model(turn: str) -> Response:
        slot = recordings.take(phones.visitor())
        try:
            return fetched(port.tried(turn), "audio/wav", slot.release)
        except BaseException:
            slot.release()
            raise


def work_json(view: WorkView) -> dict[str, Any]:
    """A WorkView as the page gets it."""
    tried = view.tried
    return {
        "doing": view.doing,
        "models": list(view.models),
        "why": view.why,
        "tried": None
        if tried is None
        else {"number": tried.number, "models": list(tried.models), "gain_db": [round(x, 1) for x in tried.gain_db]},
    }
