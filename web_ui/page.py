"""The page: one HTML document with all views, or a paired box's door; its manifest, the printable wiring diagram."""

from functools import partial

from flask import Flask, Response, render_template, request

from web_ui import texts
from web_ui.bundle import DOOR, page_files
from web_ui.docs_pages import add_docs
from web_ui.ports.box import Box
from web_ui.ports.pairing import ENGINEER, PLAYER
from web_ui.views import dumps, entry_json, param_json
from web_ui.visitors.gate import RoleGate, session_of_request
from web_ui.visitors.languages import Languages, chosen
from web_ui.visitors.roles import may

VIEWS = ("play", "look", "takes", "presets", "setup")
ICON_SIZES = (192, 512)
GROUND = "#0e1012"


def add_pages(app: Flask, box: Box, roles: RoleGate, token: str, languages: Languages) -> None:
    """The routes that answer with HTML."""

    def rendered(template: str, **values: object) -> str:
        languages.remember_trial()
        language = languages.of_request()
        return render_template(
            template,
            box_name=box.setup.box_name,
            version=box.system.version,
            token=token,
            language=language,
            languages=texts.languages(),
            language_choice=chosen(request),
            t=language.say,
            **values,
        )

    @app.get("/")
    def page() -> str:
        entry = box.pairing.entry(session_of_request())
        told = entry_json(entry)
        if not roles.allows(session_of_request(), PLAYER):  # nothing of the box but its name
            return rendered("door.html", files=page_files(DOOR), entry=told)
        # Within the document: fetching them would cost the phone another round trip.
        params = [param_json(view) for view in box.live.params()]
        # Once the box has an owner, the wizard opens only for those who may set it up.
        first_visit = box.setup.view().wizard.first and (not entry.claimed or may(entry.role, ENGINEER))
        files = page_files()
        return rendered("page.html", views=VIEWS, files=files, params=params, first_visit=first_visit, entry=told)

    @app.get("/manifest.webmanifest")
    def manifest() -> Response:
        icons = [{"src": f"/static/icons/icon-{size}.png", "sizes": f"{size}x{size}", "type": "image/png",
                  "purpose": "any maskable"} for size in ICON_SIZES]  # fmt: skip
        tree = {
            "name": box.setup.box_name,
            "short_name": box.setup.box_name[:12],
            "start_url": "/",
            "display": "standalone",
            "orientation": "any",
            "background_color": GROUND,
            "theme_color": GROUND,
            "icons": icons,
        }
        return Response(dumps(tree), mimetype="application/manifest+json")

    @app.get("/wiring")
    def wiring() -> str:
        return rendered("wiring.html")

    add_docs(app, box.system, partial(rendered, files=page_files()))
