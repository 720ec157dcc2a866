"""What somebody may have meant."""

import pytest

from dsp.nearest import did_you_mean, nearest

PARAMS = ("box.bypass", "box.mute", "denoise.amount_db", "stems.vocals.mute", "stems.other.gain_db", "output.gain_db")
BUNDLES = ("denoise-instant", "denoise-live", "stems-live")


@pytest.mark.parametrize(
    ("name", "known", "meant"),
    [
        ("amount", PARAMS, "denoise.amount_db"),
        ("denoise.amount", PARAMS, "denoise.amount_db"),
        ("vocals", PARAMS, "stems.vocals.mute"),
        ("mute", PARAMS, "box.mute"),  # the fewest other words
        ("output gain", PARAMS, "output.gain_db"),
        ("box.mut", PARAMS, "box.mute"),
        ("ammount", PARAMS, "denoise.amount_db"),
        ("live", BUNDLES, "denoise-live"),  # the first
        ("Stems", BUNDLES, "stems-live"),
        ("denoise-instnat", BUNDLES, "denoise-instant"),
        ("foo", ("run", "process", "doctor", "models"), ""),
        ("proces", ("run", "process", "doctor", "models"), "process"),
        ("Café", ("Cafe noir", "Café Bleu"), "Café Bleu"),
        ("", PARAMS, ""),
        ("x" * 10_000, PARAMS, ""),
        ("anything", (), ""),
    ],
)
def test_whole_words_come_first_then_spelling_and_nothing_far_fetched(name, known, meant):
    assert nearest(name, known) == meant


def test_it_ends_a_message():
    assert did_you_mean("amount", PARAMS) == "; did you mean denoise.amount_db?"
    assert did_you_mean("foo", PARAMS) == ""
