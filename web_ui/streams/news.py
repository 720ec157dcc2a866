"""What every open page is told as it changes, beside parameters and status: one event a subject."""

from collections.abc import Callable, Mapping
from dataclasses import asdict

from web_ui.ports.box import Box
from web_ui.views import compare_json, learn_json, panel_json, presets_news_json, setup_news_json, undo_news_json

News = Mapping[str, Callable[[], object]]


def news_of(box: Box) -> News:
    """By the event's name, what makes its JSON. Called up to 20 times a second: small, and at once."""
    return {
        "panel": lambda: panel_json(box.simulator.pins()),
        "learn": lambda: learn_json(box.panel.learning()),
        "undo": lambda: undo_news_json(box.live.steps()),
        "presets": lambda: presets_news_json(box.presets.news()),
        "compare": lambda: compare_json(box.sound.comparison()),
        "recorder": lambda: asdict(box.takes.news()),
        "room": lambda: asdict(box.room.news()),
        "setup": lambda: setup_news_json(box.setup.news()),
    }
