"""What every ModelsPort does, the fake and the real one."""

import io
import time
import wave
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from firmware_app.models.installed import Loaded, leave
from firmware_app.page.models import RealModels
from web_ui.ports.box import Box
from web_ui.ports.errors import ControlRefused, NotThere
from web_ui.views import dumps


@pytest.fixture
def models(box: Box) -> Box:
    """A box whose audio process has loaded every model."""
    if isinstance(box.models, RealModels):
        cards = box.models.cards()
        names = {sound: tuple(c["name"] for c in cards if c["runs"] == sound) for sound in ("voice", "music")}
        leave(box.models._box.places.runtime, Loaded(names["voice"], names["music"]))
    return box


def cards(box: Box) -> dict[str, Mapping[str, Any]]:
    return {card["name"]: card for card in box.models.cards()}


def voices(box: Box) -> tuple[str, str]:
    """(the one in use, another one)."""
    found = [card for card in box.models.cards() if card["runs"] == "voice"]
    return next(c["name"] for c in found if c["in_use"]), next(c["name"] for c in found if not c["in_use"])


def finished(box: Box) -> None:
    until = time.monotonic() + 120.0  # a process of the real one, on a machine that does much else
    while box.models.work().doing:
        assert time.monotonic() < until
        time.sleep(0.05)


def test_each_model_has_its_card(box: Box):
    cards = box.models.cards()
    assert {card["runs"] for card in cards} == {"voice", "music"}
    for sound in ("voice", "music"):
        assert [card["in_use"] for card in cards if card["runs"] == sound].count(True) == 1
    for card in cards:
        assert {"name", "version", "summary", "licence", "trained_on", "card", "latency_ms", "load"} <= set(card)
        assert card["best_for"]
        assert card["latency_ms"] > 0.0
        assert min(card["parameters"], card["size_bytes"]) > 0
        assert dumps(dict(card))


def test_another_model_is_used_and_stays(models: Box):
    old, new = voices(models)
    assert models.models.use(new) == ""
    now = cards(models)
    assert (now[new]["in_use"], now[old]["in_use"]) == (True, False)
    models.models.use(old)
    assert cards(models)[old]["in_use"]


def test_a_model_that_is_not_there_or_not_loaded_is_refused(box: Box):
    with pytest.raises(NotThere, match="there are"):
        box.models.use("gone")
    with pytest.raises(NotThere):
        box.models.measure("../gone")
    old, new = voices(box)
    if isinstance(box.models, RealModels):
        leave(box.models._box.places.runtime, Loaded((old,), failed={new: "its file is damaged"}))
    else:
        box.models.not_loaded[new] = "its file is damaged"  # type: ignore[attr-defined]
    assert cards(box)[new]["why_not"] == "its file is damaged"
    with pytest.raises(ControlRefused, match=f"{new}: its file is damaged"):
        box.models.use(new)
    assert cards(box)[old]["in_use"]


@pytest.mark.bundle
def test_a_load_is_measured_on_demand(box: Box):
    _, name = voices(box)
    assert cards(box)[name]["load"] is None
    begun = time.time()
    box.models.measure(name)
    finished(box)
    assert box.models.work().why == ""
    load = cards(box)[name]["load"]
    assert load["period_frames"] == 128
    assert 0.0 < load["p50"] <= load["p99"]
    assert load["at_s"] >= begun - 1.0


@pytest.mark.bundle
def test_two_models_are_tried_on_the_same_sound(box: Box):
    first, second = voices(box)
    with pytest.raises(NotThere, match="no models have been tried yet"):
        box.models.tried("first")
    box.models.try_out(first, second)
    finished(box)
    work = box.models.work()
    assert (work.doing, work.models, work.why) == ("", (first, second), "")
    assert work.tried is not None
    assert work.tried.models == (first, second)
    assert max(work.tried.gain_db) == 0.0
    lengths = set()
    for turn in ("first", "second"):
        with wave.open(io.BytesIO(box.models.tried(turn))) as wav:
            lengths.add(wav.getnframes())
            assert np.frombuffer(wav.readframes(wav.getnframes()), np.int16).size
    assert len(lengths) == 1
    with pytest.raises(NotThere, match="there are first and second"):
        box.models.tried("third")


def test_only_two_models_for_the_same_sound_are_tried(box: Box):
    voice, _ = voices(box)
    stems = next(card["name"] for card in box.models.cards() if card["runs"] == "music")
    for other in (voice, stems):
        with pytest.raises(ControlRefused, match="two different models for the same sound are expected"):
            box.models.try_out(voice, other)
