"""What every RoomPort does, the fake and the real one."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dsp.block import RATE_HZ
from firmware_app.link.listen_ring import ListenRing
from firmware_app.page.room import RealRoom
from tests.contracts.hands import value_of, wait_for
from web_ui.ports.box import Box
from web_ui.ports.errors import NotThere
from web_ui.ports.room import STATES
from web_ui.ports.sound import SPECTRUM_BANDS
from web_ui.routes.room import room_json
from web_ui.views import dumps


@pytest.fixture(autouse=True)
def hissing(box: Box, tmp_path: Path) -> Iterator[None]:
    """A real box hears hiss and hum; a fake one knows a room by itself. Both are patient for a short time only."""
    if not isinstance(box.room, RealRoom):
        box.room.quiet_s = 0.5
        yield
        return
    box.room._learner._quiet_s = 1.0
    ring, stop = ListenRing(tmp_path / "listen", 1, 0), threading.Event()
    times = np.arange(RATE_HZ) / RATE_HZ
    hum = sum(10 ** (-50 / 20) * np.sin(2 * np.pi * 50 * number * times) for number in (1, 2, 3))
    sound = (hum + 10 ** (-60 / 20) * np.random.default_rng(0).standard_normal(RATE_HZ)).astype(np.float32)[:, None]

    def play() -> None:
        began, frames = time.monotonic(), 0
        while not stop.wait(0.005):
            while frames < (time.monotonic() - began) * RATE_HZ:
                block = sound[frames % RATE_HZ :][:480]
                for which in (0, 1):
                    ring.write(which, block)
                frames += len(block)

    thread = threading.Thread(target=play, daemon=True)
    thread.start()
    yield
    stop.set()
    thread.join()


def learned(box: Box) -> int:
    box.room.learn(on=True)
    assert box.room.news().state == "listening"
    assert box.room.news().seconds_left > 0
    wait_for(box, lambda: box.room.news().state != "listening")
    assert box.room.news().problem == ""
    return box.room.news().number


def test_nothing_is_known_before_anything_was_learned(box: Box):
    news, room = box.room.news(), box.room.room()
    assert (news.state, news.number, news.problem, news.used) == ("nothing", 0, "", False)
    assert (room.number, list(room.curve), list(room.proposals)) == (0, [], [])
    with pytest.raises(NotThere, match="learning 0"):
        box.room.use(0)


def test_a_room_is_learned_and_learned_again_and_sets_nothing(box: Box):
    before = {view.id: view.value for view in box.live.params()}
    assert (learned(box), learned(box)) == (1, 2)
    room = box.room.room()
    assert room.number == 2
    assert len(room.curve) == SPECTRUM_BANDS
    assert room.hum_hz == pytest.approx(50.0, abs=0.5)
    assert -70.0 < room.floor_db < -40.0
    assert {view.id: view.value for view in box.live.params()} == before
    assert list(box.live.steps()) == []
    assert box.room.news().state in STATES


def test_cancelling_leaves_what_was_learned(box: Box):
    number = learned(box)
    box.room.learn(on=True)
    box.room.learn(on=False)
    assert (box.room.news().state, box.room.news().number) == ("learned", number)
    time.sleep(1.6)
    assert box.room.news().number == number


def test_what_it_proposes_is_set_as_one_step_and_taken_back_at_once(box: Box):
    number = learned(box)
    proposed = {each.id: each.value for each in box.room.room().proposals}
    known = {view.id for view in box.live.params()}
    assert set(proposed) <= known
    assert all(each.why for each in box.room.room().proposals)
    before = {id: value_of(box, id) for id in proposed}
    with pytest.raises(NotThere, match="learning 99"):
        box.room.use(99)
    box.room.use(number)
    assert {id: value_of(box, id) for id in proposed} == pytest.approx(proposed)
    assert box.room.news().used
    if before != proposed:
        (step,) = box.live.steps()
        assert step.kind == "room"
        box.live.undo(step.number)
        assert {id: value_of(box, id) for id in proposed} == pytest.approx(before)
        assert not box.room.news().used


def test_every_view_can_be_sent_as_json(box: Box):
    learned(box)
    assert dumps(room_json(box.room.room()))
