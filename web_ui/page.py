"""The page itself: one HTML document with every view in it, and the files that it needs at once."""

import re
from functools import cache, partial
from pathlib import Path

from flask import Flask, Response, render_template, request

from web_ui import texts
from web_ui.control_port import ControlPort
from web_ui.views import dumps

VIEWS = ("play", "look", "presets", "setup")
SHEETS = ("base", "shell", "controls", "sections", "panel_setup")
ICON_SIZES = (192, 512)
GROUND = "#121315"
STATIC = Path(__file__).resolve().with_name("static")
_IMPORT = re.compile(r'^import [^"]*"(\.{1,2}/[\w./]+\.js)";', re.MULTILINE)


def add_pages(app: Flask, port: ControlPort, token: str) -> None:
    """The routes that answer with HTML."""

    def shown(template: str, **values: object) -> str:
        language = request.accept_languages.best_match(texts.languages()) or texts.HOME
        return render_template(
            template,
            box_name=port.box_name,
            version=port.version,
            token=token,
            language=language,
            texts=texts.texts(language),
            t=partial(texts.say, language),
            **values,
        )

    @app.get("/")
    def page() -> str:
        return shown("page.html", views=VIEWS, sheets=_sheets(), modules=first_modules())

    @app.get("/manifest.webmanifest")
    def manifest() -> Response:
        icons = [{"src": f"/static/icons/icon-{size}.png", "sizes": f"{size}x{size}", "type": "image/png",
                  "purpose": "any maskable"} for size in ICON_SIZES]  # fmt: skip
        tree = {
            "name": port.box_name,
            "short_name": port.box_name[:12],
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
        return shown("wiring.html")


@cache
def _sheets() -> tuple[str, ...]:
    """Style sheets in the order in which they count: the general ones, then a file a view or section."""
    parts = sorted(path.relative_to(STATIC).as_posix() for path in (STATIC / "css").glob("*/**/*.css"))
    return (*(f"css/{name}.css" for name in SHEETS), *parts)


@cache
def first_modules() -> tuple[str, ...]:
    """Every module that main.js needs at the start, so that the browser fetches them side by side, not one by one."""
    found: list[Path] = []
    waiting = [STATIC / "js" / "main.js"]
    while waiting:
        module = waiting.pop(0)
        if module not in found:
            found.append(module)
            text = module.read_text(encoding="utf-8")
            waiting += [(module.parent / name).resolve() for name in _IMPORT.findall(text)]
    return tuple(module.relative_to(STATIC).as_posix() for module in found[1:])
