"""The page: one HTML document with all views, its manifest, and the printable wiring diagram."""

from functools import partial

from flask import Flask, Response, render_template, request

from web_ui import texts
from web_ui.bundle import page_files
from web_ui.docs_pages import add_docs
from web_ui.ports.box import Box
from web_ui.views import dumps, param_json
from web_ui.visitors.languages import Languages, chosen

VIEWS = ("play", "look", "presets", "setup")
ICON_SIZES = (192, 512)
GROUND = "#0e1012"


def add_pages(app: Flask, box: Box, token: str, languages: Languages) -> None:
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
        # Within the document: fetching them would cost the phone another round trip.
        params = [param_json(view) for view in box.live.params()]
        # Behind a PIN the wizard waits: it opens for those who may set the box up.
        first_visit = box.setup.view().wizard.first and not box.pin.view().in_force
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
