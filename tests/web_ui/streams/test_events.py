"""Event streams: the newest state only, heartbeats, a cap, and an end."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from web_ui.errors import Refused
from web_ui.fakes.box import FakeBox, fake_box
from web_ui.fakes.live import FakeLive
from web_ui.ports.live import Change
from web_ui.streams.events import EventStreams
from web_ui.streams.news import news_of
from web_ui.views import entry_json, status_json
from web_ui.visitors.phones import Rank, Visitor

SOMEBODY = Visitor(Rank.UNKNOWN, "192.0.2.1", lambda: None)


def never() -> bool:
    return False


def parse(chunk: bytes) -> dict[str, Any]:
    return {name: json.loads(data) for name, data in re.findall(r"event: (\w+)\ndata: (.*)\n\n", chunk.decode())}


@pytest.fixture
def still() -> FakeBox:
    """A box whose meters do not move: only changes are news."""
    box = fake_box()
    box.live.moving = False
    return box


def streams_of(box: FakeBox, max_streams: int = 3) -> EventStreams:
    return EventStreams(box.live, news_of(box), max_streams)


def opened(box: FakeBox) -> Iterator[bytes]:
    stream = streams_of(box).stream(never)
    assert next(stream) == b"retry: 1000\n\n"
    return stream


def test_a_new_page_gets_everything_at_once_and_status_last(still: FakeBox):
    first = next(opened(still))
    told = [
        "params",
        "panel",
        "learn",
        "undo",
        "presets",
        "compare",
        "recorder",
        "room",
        "setup",
        "stages",
        "stage_db",
        "status",
    ]
    assert re.findall(r"event: (\w+)", first.decode()) == told
    assert parse(first)["params"]["denoise.amount_db"] == 24.0


def test_a_stream_tells_its_own_phone_what_it_may_and_no_other(still: FakeBox):
    still.pairing.everybody = ""
    still.pairing.pair("owner")
    mine, other = still.pairing.pair("player", "Ben"), still.pairing.pair("player", "Cleo")
    own = {who: {"pairing": lambda who=who: entry_json(still.pairing.entry(who))} for who in (mine, other)}
    streams = {who: streams_of(still).stream(never, own[who]) for who in own}
    for stream in streams.values():
        next(stream)
        first = next(stream)
        assert first.startswith(b"event: pairing")
        assert parse(first)["pairing"]["role"] == "player"
        assert list(parse(first))[-1] == "status"
    ben = still.pairing.entry(mine).phone_id
    still.pairing.change(ben, role="engineer")
    told = {"role": "engineer", "phone_id": ben, "claimed": True, "open_play": False}
    assert parse(next(streams[mine])).get("pairing") == told
    assert "pairing" not in parse(next(streams[other]))
    assert "pairing" not in parse(next(streams[mine]))  # once


def test_params_and_panel_follow_only_when_they_changed(still: FakeBox):
    stream = opened(still)
    next(stream)
    assert set(parse(next(stream))) == {"status"}
    still.live.set_param("box.wet_percent", 50.0, "panel")
    news = parse(next(stream))
    assert set(news) == {"params", "undo", "status"}
    assert news["params"]["box.wet_percent"] == 50.0
    still.live.set_param("box.bypass", 1.0, "panel")
    assert set(parse(next(stream))) == {"params", "panel", "undo", "status"}  # the LED went out


def test_meters_of_stages_come_alone_and_what_they_are_only_when_it_changed():
    box = fake_box()  # its meters move
    at_s = [100.0]
    box.live.clock, box.live.started = lambda: at_s[0], 99.0
    stream = opened(box)
    first = parse(next(stream))
    whole = status_json(box.live.status())["stages"]
    assert [
        {**stage, "change_db": db} for stage, db in zip(first["stages"], first["stage_db"], strict=True)
    ] == whole, "together they are what the status tells"
    assert any(stage["says"] for stage in whole)
    assert "stages" not in first["status"]
    at_s[0] += 0.3
    news = next(stream)
    assert set(parse(news)) == {"stage_db", "status"}
    assert len(news) < 1500
    box.live.set_param("gate.on", 1.0 - box.live.value("gate.on"), "page")
    gate = next(stage for stage in parse(next(stream))["stages"] if stage["name"] == "gate")
    assert gate["on"] == bool(box.live.value("gate.on"))


def test_changes_between_two_events_arrive_as_one(still: FakeBox):
    stream = opened(still)
    next(stream)
    for amount in range(40):
        still.live.set_param("denoise.amount_db", float(amount), "panel")
    assert parse(next(stream))["params"]["denoise.amount_db"] == 39.0
    assert set(parse(next(stream))) == {"status"}


def test_a_page_that_did_not_read_gets_the_newest_state_not_a_backlog(still: FakeBox):
    stream = opened(still)
    next(stream)
    for xruns in range(100):
        still.live.set_status(xruns=xruns)
    assert parse(next(stream))["status"]["xruns"] == 99


def test_without_any_change_a_heartbeat_comes(still: FakeBox):
    still.live.set_status(audio_alive=False)
    stream = opened(still)
    for _ in range(3):
        assert parse(next(stream))["status"]["audio_alive"] is False


def test_a_stream_ends_when_the_client_is_gone(still: FakeBox):
    gone: list[bool] = []
    stream = streams_of(still).stream(lambda: bool(gone))
    next(stream)
    next(stream)
    gone.append(True)
    assert list(stream) == []


def test_closing_ends_streams_and_refuses_new_ones(still: FakeBox):
    streams = streams_of(still)
    stream = streams.stream(never)
    next(stream)
    next(stream)
    streams.close()
    assert list(stream) == []
    with pytest.raises(Refused, match="shutting down"):
        streams.take_slot(SOMEBODY)


def test_slots_are_limited_and_come_back():
    streams = streams_of(fake_box(), max_streams=2)
    slot = streams.take_slot(SOMEBODY)
    streams.take_slot(SOMEBODY)
    with pytest.raises(Refused, match="2 pages are open") as refused:
        streams.take_slot(SOMEBODY)
    assert refused.value.status == 503
    slot.release()
    slot.release()
    streams.take_slot(SOMEBODY)
    assert streams.slots.taken == 2


def test_events_come_without_a_simulated_panel_too():
    class Silent(FakeLive):
        def wait_for_change(self, after_seq: int, timeout_s: float) -> Change:
            change = super().wait_for_change(after_seq, 0.0)
            return Change(change.seq, change.status, {})

    stream = opened(fake_box(simulated=False, live=Silent()))
    assert parse(next(stream))["panel"] == []
