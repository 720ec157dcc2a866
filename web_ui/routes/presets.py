"""The routes of presets and scenes. Paths and bodies are in openapi.json."""

from flask import Blueprint, Response, request

from web_ui.errors import Refused
from web_ui.ports.live import LivePort
from web_ui.ports.presets import PresetsPort, PresetsView
from web_ui.routes.bodies import attachment, bodies, confirmed, done, reply, shown, text, whole_number


def add_presets_routes(api: Blueprint, port: PresetsPort, live: LivePort) -> None:
    """Below /api/v1/presets and /api/v1/scenes. live: knows whether a mute is on disk."""

    @api.get("/presets")
    def presets() -> Response:
        return reply(presets_json(port.view()))

    @api.post("/presets/load")
    def load_preset() -> Response:
        port.load(text(bodies("name"), "name"))
        return _when_kept(live)

    @api.post("/presets/step")
    def step_preset() -> Response:
        port.step(whole_number(bodies("by"), "by", "1 or -1 is allowed"))
        return _when_kept(live)

    @api.post("/presets/save")
    def save_preset() -> Response:
        tree = bodies("name", "about")
        return reply({"name": port.save(text(tree, "name"), text(tree, "about"))})

    @api.post("/presets/rename")
    def rename_preset() -> Response:
        tree = bodies("name", "to")
        return reply({"name": port.rename(text(tree, "name"), text(tree, "to"))})

    @api.post("/presets/duplicate")
    def duplicate_preset() -> Response:
        return reply({"name": port.duplicate(text(bodies("name"), "name"))})

    @api.post("/presets/delete")
    def delete_preset() -> Response:
        port.delete(text(bodies("name"), "name"))
        return done()

    @api.put("/presets/order")
    def reorder_presets() -> Response:
        names = bodies("names")["names"]
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise Refused(400, f"names = {shown(names)}: a list of names is expected")
        port.reorder(names)
        return done()

    @api.post("/presets/undo")
    def undo_presets() -> Response:
        confirmed("undo")
        return reply({"undone": port.undo(), "problem": live.not_kept()})

    @api.get("/presets/export")
    def export_presets() -> Response:
        names = request.args.getlist("name")
        answer = Response(port.export(names), mimetype="application/json")
        return attachment(answer, names[0] if len(names) == 1 else "hushbox-presets", ".json")

    @api.post("/presets/import")
    def import_presets() -> Response:
        tree = bodies("form", "presets")
        return reply({"taken_in": list(port.take_in(tree))})

    @api.post("/scenes/keep")
    def keep_scene() -> Response:
        port.keep_scene(text(bodies("scene"), "scene"))
        return done()

    @api.post("/scenes/recall")
    def recall_scene() -> Response:
        port.recall_scene(text(bodies("scene"), "scene"))
        return _when_kept(live)


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


def _when_kept(live: LivePort) -> Response:
    """For a change that may mute: wait until the mute would outlive a power cut, or say why it would not."""
    problem = live.not_kept()
    return reply({"problem": problem}) if problem else done()
