"""The routes of presets and scenes. Paths and bodies are in openapi.json."""

from flask import Blueprint, Response, request

from web_ui.errors import Refused
from web_ui.ports.box import ControlPort
from web_ui.ports.presets import PresetsView
from web_ui.routes.bodies import bodies, reply, shown, text


def add_preset_routes(api: Blueprint, port: ControlPort) -> None:
    @api.get("/presets")
    def presets() -> Response:
        return reply(presets_json(port.presets()))

    @api.post("/presets/load")
    def load_preset() -> Response:
        port.load_preset(text(bodies("name"), "name"))
        return _heard(port)

    @api.post("/presets/step")
    def step_preset() -> Response:
        by = bodies("by")["by"]
        if isinstance(by, bool) or not isinstance(by, int):
            raise Refused(400, f"by = {shown(by)}: 1 or -1 is allowed")
        port.step_preset(by)
        return _heard(port)

    @api.post("/presets/save")
    def save_preset() -> Response:
        tree = bodies("name", "about")
        return reply({"name": port.save_preset(text(tree, "name"), text(tree, "about"))})

    @api.post("/presets/rename")
    def rename_preset() -> Response:
        tree = bodies("name", "to")
        return reply({"name": port.rename_preset(text(tree, "name"), text(tree, "to"))})

    @api.post("/presets/duplicate")
    def duplicate_preset() -> Response:
        return reply({"name": port.duplicate_preset(text(bodies("name"), "name"))})

    @api.post("/presets/delete")
    def delete_preset() -> Response:
        port.delete_preset(text(bodies("name"), "name"))
        return _done()

    @api.put("/presets/order")
    def reorder_presets() -> Response:
        names = bodies("names")["names"]
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise Refused(400, f"names = {shown(names)}: a list of names is expected")
        port.reorder_presets(names)
        return _done()

    @api.post("/presets/undo")
    def undo_presets() -> Response:
        if bodies("undo")["undo"] is not True:
            raise Refused(400, "undo: true is expected")
        return reply({"undone": port.undo_presets(), "problem": port.not_kept()})

    @api.get("/presets/export")
    def export_presets() -> Response:
        answer = Response(port.export_presets(request.args.getlist("name")), mimetype="application/json")
        answer.headers["Content-Disposition"] = 'attachment; filename="hushbox-presets.json"'
        return answer

    @api.post("/presets/import")
    def import_presets() -> Response:
        tree = bodies("form", "presets")
        return reply({"taken_in": list(port.import_presets(tree))})

    @api.post("/scenes/keep")
    def keep_scene() -> Response:
        port.keep_scene(text(bodies("scene"), "scene"))
        return _done()

    @api.post("/scenes/recall")
    def recall_scene() -> Response:
        port.recall_scene(text(bodies("scene"), "scene"))
        return _heard(port)


def presets_json(view: PresetsView) -> dict[str, object]:
    """A PresetsView as the page gets it."""
    presets = [{"name": p.name, "about": p.about, "factory": p.factory, "params": dict(p.params)} for p in view.presets]
    return {
        "revision": view.revision,
        "current": view.current,
        "undo": view.undo,
        "presets": presets,
        "scenes": dict(view.scenes),
        "problem": view.problem,
    }


def _heard(port: ControlPort) -> Response:
    """What may have muted something is answered when that would outlive a power cut, or with why it would not."""
    problem = port.not_kept()
    return reply({"problem": problem}) if problem else _done()


def _done() -> Response:
    return Response(status=204)
