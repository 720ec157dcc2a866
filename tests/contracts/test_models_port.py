"""What every ModelsPort does, the fake and the real one."""

from web_ui.ports.box import Box
from web_ui.views import dumps


def test_each_model_has_its_card(box: Box):
    cards = box.models.cards()
    assert {card["runs"] for card in cards} == {"voice", "music"}
    for card in cards:
        assert {"name", "version", "summary", "licence", "trained_on", "card", "latency_ms"} <= set(card)
        assert card["latency_ms"] > 0.0
        assert min(card["parameters"], card["size_bytes"]) > 0
        assert dumps(dict(card))
