"""The box's English sentences, looked up in a table of another language."""

import pytest

from web_ui import texts
from web_ui.texts.sentences import Sentences

GERMAN = Sentences(
    {
        "0.5": "0,5",
        "'…'": "„…“",
        "and": "und",
        "or": "oder",
        "nothing to undo": "nichts zurückzunehmen",
        "it does not record": "es nimmt nicht auf",
        "The sound starts.": "Der Ton läuft an.",
        "Mute": "Stumm",
        "press": "Druck",
        "{id} = {value:g}{unit}: allowed {low:g} to {high:g}": "{id} = {value}{unit}: Erlaubt ist {low} bis {high}",
        "no preset {name!r}{hint}": "kein Preset {name}{hint}",
        "; did you mean {near}?": "; meintest du {near:list}?",
        "{name} is off: {why}": "{name} ist aus: {why}",
        "{label} on/off": "{label} an/aus",
        "Now there: {words}.": "Dort liegt jetzt: {words}.",
        "{where} and {other}": "{where} und {other}",
        "between {where} and {other}.": "zwischen {where} und {other}.",
        "the body has to be {{{wanted}}}": "die Anfrage muss {{{wanted}}} sein",
        "{name} uses {name} twice": "{name} zweimal",
        "save {name}": "{name:name} speichern",
    }
)


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("nothing to undo", "nichts zurückzunehmen"),
        ("the same words within others: nothing to undone", "the same words within others: nothing to undone"),
        ("a.b = 60.5 dB: allowed 0 to 40", "a.b = 60,5 dB: Erlaubt ist 0 bis 40"),
        ("a.b = x: allowed 0 to 40", "a.b = x: allowed 0 to 40"),  # no number: another sentence
        ("no preset 'Mute'", "kein Preset „Mute“"),  # somebody's word, not the box's
        ('no preset "It\'s"', "kein Preset „It's“"),
        ("no preset 'nothing to undo'", "kein Preset „nothing to undo“"),
        ("no preset 'A'; did you mean 'B' or 'C'?", "kein Preset „A“; meintest du „B“ oder „C“?"),
        ("hw:2 is off: it does not record", "hw:2 ist aus: es nimmt nicht auf"),  # a sentence within one
        ("hw:2: it does not record; The sound starts.", "hw:2: es nimmt nicht auf; Der Ton läuft an."),
        ("The sound starts. nothing to undo.", "Der Ton läuft an. nichts zurückzunehmen."),  # with a stop behind it
        ("Now there: Left, press: Mute on/off.", "Dort liegt jetzt: Left, Druck: Stumm an/aus."),
        # What translates more counts: not "{where} and {other}", which fits too.
        ("Left: between 1 and 2.", "Left: zwischen 1 und 2."),
        ('the body has to be {"on": …}', 'die Anfrage muss {"on": …} sein'),
        ("pin uses pin twice", "pin zweimal"),
        ("pin uses pan twice", "pin uses pan twice"),
        ("save Mute", "Mute speichern"),  # a name too, without quotes
        ("192.168.0.12", "192.168.0.12"),
        ("", ""),
        ("Was the box never says.", "Was the box never says."),
    ],
)
def test_a_sentence_is_said_in_another_language(english: str, german: str):
    assert GERMAN.say(english) == german
    assert GERMAN.say(english) == german  # kept


@pytest.mark.parametrize(
    "hostile", ["a: b, " * 60, "no preset " * 90, ", and to " * 100, "= " * 400, "x" * 100_000, "'" * 900]
)
def test_whatever_text_somebody_sends_there_are_few_ways_to_read_it(hostile: str):
    own = Sentences(texts.said("de"))
    own.say(hostile)
    assert len(own._kept) < 400  # each is compared with the table once


def test_what_is_kept_does_not_grow():
    own = Sentences({"{count:g} pages are open": "{count} Seiten sind offen"})
    for count in range(10_000):
        assert own.say(f"{count} pages are open") == f"{count} Seiten sind offen"
    assert len(own._kept) <= 4000


def test_a_text_that_is_longer_than_any_sentence_stays():
    assert GERMAN.say("nothing to undo" + " " * 1000) == "nothing to undo" + " " * 1000
