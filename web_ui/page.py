"""The page: one HTML document with all views, its manifest, and the printable wiring diagram."""

from functools import partial

from flask import Flask, Response, render_template, request

from web_ui import texts
from web_ui.bundle import page_files
from web_ui.docs_pages import add_docs
from web_ui.ports.box import Box
from web_ui.ports.pairing import ENGINEER, PLAYER
from web_ui.views import dumps, param_json
from web_ui.visitors.gate import RoleGate, session_of_request
from web_ui.visitors.roles import may

VIEWS = ("play", "look", "presets", "setup")
LANGUAGE_COOKIE = "hushbox-language"  # what a phone has chosen under Set up (js/views/setup/phone.js)
ICON_SIZES = (192, 512)
GROUND = "#0e1012"


def add_pages(app: Flask, box: Box, roles: RoleGate, token: str, trial: texts.Language | None = None) -> None:
    """The routes that answer with HTML. trial: a language that only ?lang=<its code> shows, see create_app."""

    def rendered(template: str, **values: object) -> str:
        language = trial if trial and request.args.get("lang") == trial.code else _language()
        return render_template(
            template,
            box_name=box.setup.box_name,
            version=box.system.version,
            token=token,
            language=language,
            languages=texts.languages(),
            language_choice=_chosen(),
            t=language.say,
            **values,
        )

    @app.get("/")
    def page() -> str:
        # Within the document: fetching them would cost the phone another round trip.
        may_play = roles.allows(session_of_request(), PLAYER)
        params = [param_json(view) for view in box.live.params()] if may_play else []
        # Once the box has an owner, the wizard opens only for those who may set it up.
        entry = box.pairing.entry(session_of_request())
        first_visit = box.setup.view().wizard.first and (not entry.claimed or may(entry.role, ENGINEER))
        return rendered("page.html", views=VIEWS, files=page_files(), params=params, first_visit=first_visit)

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


def _language() -> texts.Language:
    """What this phone has chosen, else the first of its own languages that there is, else English."""
    wanted = [tag.lower().partition("-")[0] for tag in request.accept_languages.values()]  # the dearest first
    there = [code for code in wanted if code in texts.languages()]
    return texts.language(_chosen() or next(iter(there), texts.HOME))


def _chosen() -> str:
    code = request.cookies.get(LANGUAGE_COOKIE, "")
    return code if code in texts.languages() else ""
