"""What every TakesPort does: the fake one, and the real one with a recorder process and files of its own."""

import io
import time
import wave
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from firmware_app.config.panel_keys import PanelConfig
from firmware_app.control.recording import Recording
from firmware_app.kept.takes import TakeSettingsStore
from firmware_app.takes.wire import SOCKET
from tests.rigs.panel_box import PanelParts, ports_of
from tests.rigs.take_box import take_box
from web_ui.fakes.box import fake_box
from web_ui.ports.box import Box
from web_ui.ports.errors import ControlRefused, NotThere
from web_ui.ports.takes import LONGEST_PIECE, RecorderView, TakesPort
from web_ui.views import dumps


@pytest.fixture(params=["fake", "real"])
def port(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TakesPort]:
    if request.param == "fake":
        yield fake_box().takes
        return
    parts = PanelParts(tmp_path / "state", PanelConfig(pins="mock", midi=False))
    with take_box(tmp_path) as box:
        recording = Recording(box.runtime / SOCKET, parts.control, TakeSettingsStore(box.state), lambda: "Singing")
        recording.start()
        made = ports_of(box.state, parts.control, parts.setup, recording=recording).takes
        wait(made, lambda news: news.can and news.kept_s > 0)
        yield made
        recording.stop()
    parts.close()


def wait(port: TakesPort, wanted: Callable[[RecorderView], bool]) -> RecorderView:
    until = time.monotonic() + 60
    while not wanted(port.news()):
        assert time.monotonic() < until, port.news()
        time.sleep(0.02)
    return port.news()


def recorded(port: TakesPort) -> str:
    """The id of a take that was just recorded."""
    done = port.news().done
    port.record()
    wait(port, lambda news: news.recording and news.seconds > 0.5)
    port.end()
    wait(port, lambda news: news.done > done and not news.recording)
    return port.listed().takes[0].id


def test_a_take_is_recorded_and_listed(port: TakesPort):
    assert port.listed().takes == ()
    id = recorded(port)
    [take] = port.listed().takes
    assert (take.id, take.state, take.how, take.preset, take.lanes) == (
        id,
        "whole",
        "pressed",
        "Singing",
        ("dry", "wet"),
    )
    assert take.seconds > 0.4
    assert take.megabytes > 0
    assert take.trim_s == (0.0, take.seconds)
    assert port.listed().free_megabytes > 0


def test_what_was_just_played_can_be_kept(port: TakesPort):
    port.keep()
    wait(port, lambda news: news.done == 1)
    assert port.listed().takes[0].how == "kept"
    port.set_minutes(0)
    wait(port, lambda news: news.kept_s == 0)
    with pytest.raises(ControlRefused, match="nothing to keep"):
        port.keep()


def test_what_cannot_be_done_now_is_refused(port: TakesPort):
    for refused in (port.end, lambda: port.mark("Chorus")):
        with pytest.raises(ControlRefused, match="no take is being recorded"):
            refused()
    port.record()
    wait(port, lambda news: news.recording)
    port.mark("Chorus")
    with pytest.raises(ControlRefused, match="already"):
        port.record()


def test_a_take_is_named_starred_and_trimmed(port: TakesPort):
    id = recorded(port)
    port.rename(id, " Second  verse ")
    port.star(id, True)
    port.trim(id, 0.1, 0.3)
    [take] = port.listed().takes
    assert (take.name, take.star, take.trim_s) == ("Second verse", True, (0.1, 0.3))
    port.trim(id, 0.0, 0.0)
    assert port.listed().takes[0].trim_s == (0.0, take.seconds)
    for wrong in ((0.3, 0.1), (0.0, 900.0), (-1.0, 0.2)):
        with pytest.raises(ControlRefused, match="trim"):
            port.trim(id, *wrong)
    with pytest.raises(ControlRefused, match="name"):
        port.rename(id, "x" * 130)


def test_the_bin_gives_a_take_back_until_it_is_emptied(port: TakesPort):
    id = recorded(port)
    port.put_into_bin(id)
    view = port.listed()
    assert (view.takes, [each.id for each in view.bin]) == ((), [id])
    port.take_out_of_bin(id)
    assert [each.id for each in port.listed().takes] == [id]
    port.put_into_bin(id)
    assert port.empty_bin("") > 0
    assert port.listed().bin == ()
    assert port.empty_bin("") == 0


def test_its_sounds_its_outline_and_all_of_it_can_be_fetched(port: TakesPort):
    id = recorded(port)
    assert port.sound(id, "wet").read_bytes()[:4] == b"RIFF"
    outline = port.outline(id)
    assert len(outline) % 4 == 0
    assert any(outline)
    with zipfile.ZipFile(io.BytesIO(b"".join(port.packed(id)))) as packed:
        assert packed.testzip() is None
        assert {Path(name).name for name in packed.namelist()} >= {"dry.wav", "wet.wav"}
    with pytest.raises(NotThere, match="no sound 'vocals'"):
        port.sound(id, "vocals")


def test_a_player_fetches_it_in_pieces_and_its_outline_as_narrow_as_it_draws_it(port: TakesPort):
    id = recorded(port)
    [take] = port.listed().takes
    whole = b"".join(samples(port.piece(id, "dry", first, 480)) for first in range(0, 2400, 480))
    assert samples(port.piece(id, "dry", 0, 2400)) == whole
    assert len(whole) == 2400 * 2
    assert any(whole)
    assert len(samples(port.piece(id, "dry", 0, 10**9))) <= 2 * LONGEST_PIECE
    assert samples(port.piece(id, "dry", round(48_000 * take.seconds) + 48_000, 480)) == b""
    wide, narrow = port.outline(id), port.outline(id, "", 5)
    assert len(narrow) == 5 * 2 * len(take.lanes)
    assert max(memoryview(narrow).cast("b")) == max(memoryview(wide).cast("b"))
    with pytest.raises(NotThere, match="no sound 'vocals'"):
        port.piece(id, "vocals", 0, 480)


def samples(piece: bytes) -> bytes:
    with wave.open(io.BytesIO(piece)) as sound:
        assert (sound.getframerate(), sound.getsampwidth()) == (48_000, 2)
        return sound.readframes(sound.getnframes())


def test_places_are_marked_afterwards(port: TakesPort):
    id = recorded(port)
    port.set_marks(id, ((0.3, "Chorus"), (0.1, " First  verse ")))
    assert port.listed().takes[0].marks == ((0.1, "First verse"), (0.3, "Chorus"))
    with pytest.raises(ControlRefused, match="allowed are 0 to"):
        port.set_marks(id, ((900.0, "Coda"),))
    port.set_marks(id, ())
    assert port.listed().takes[0].marks == ()


@pytest.mark.parametrize("id", ["nobody's", "..", ".bin", ""])
def test_a_take_that_is_not_there_is_not_there(port: TakesPort, id: str):
    for asked in (
        lambda: port.rename(id, "x"), lambda: port.star(id, True), lambda: port.trim(id, 0.0, 0.0),
        lambda: port.put_into_bin(id), lambda: port.outline(id), lambda: port.sound(id, "dry"),
        lambda: port.packed(id), lambda: port.piece(id, "dry", 0, 480), lambda: port.set_marks(id, ()),
    ):  # fmt: skip
        with pytest.raises(NotThere, match="there is no take"):
            asked()
    with pytest.raises(ControlRefused, match="in the bin"):
        port.take_out_of_bin(id)


def test_what_the_next_take_holds_is_chosen(port: TakesPort):
    port.set_what(("wet",))
    assert port.news().what == ("wet",)
    for wrong in ((), ("drums",)):
        with pytest.raises(ControlRefused, match="allowed are"):
            port.set_what(wrong)
    for minutes in (-1, 31):
        with pytest.raises(ControlRefused, match="minutes"):
            port.set_minutes(minutes)


def test_a_take_that_begins_by_itself_is_set(port: TakesPort):
    assert not port.news().armed
    port.set_armed(True)
    port.set_heard(-40.0, 4.0)
    now = wait(port, lambda news: news.armed)
    assert (now.heard_db, now.silence_s) == (-40.0, 4.0)
    for wrong in ((0.0, 8.0), (200.0, 8.0)):
        with pytest.raises(ControlRefused, match="heard_db"):
            port.set_heard(*wrong)
    with pytest.raises(ControlRefused, match="silence_s"):
        port.set_heard(20.0, 0.5)


def test_where_takes_go_and_how_they_are_kept(port: TakesPort):
    now = wait(port, lambda news: bool(news.places))
    assert (now.places[0].id, now.place) == ("internal", "internal")
    assert now.places[0].total_megabytes > now.places[0].free_megabytes > 0
    port.set_place(now.places[-1].id)
    port.set_format("flac")
    port.set_quota(500)
    assert (port.news().place, port.news().format) == (now.places[-1].id, "flac")
    assert port.listed().quota_megabytes == 500
    for refused, words in (
        (lambda: port.set_place("nobody's"), "there is no place"), (lambda: port.remove_safely("nobody's"), "no place"),
        (lambda: port.remove_safely("internal"), "cannot be removed"),
        (lambda: port.set_format("mp3"), "format"), (lambda: port.set_quota(5), "quota"),
    ):  # fmt: skip
        with pytest.raises(ControlRefused, match=words):
            refused()
    id = recorded(port)
    assert port.listed().used_megabytes > 0
    assert port.listed().takes[0].id == id


def test_without_a_recorder_nothing_is_recorded_and_it_says_so(box: Box):
    """The fake is told so; the real box of these tests has none."""
    if not box.takes.news().there:
        with pytest.raises(ControlRefused, match="recorder is not there"):
            box.takes.record()
    assert box.takes.listed().takes == ()


def test_what_it_answers_is_json(port: TakesPort):
    recorded(port)
    dumps(asdict(port.listed()))
    dumps(asdict(port.news()))


def test_other_settings_wait_for_their_turn_and_may_be_cancelled(port: TakesPort):
    id = recorded(port)
    job = port.retry(id, "Gentle")
    [view] = port.jobs()
    assert (view.id, view.take, view.preset, view.version) == (job, id, "Gentle", "")
    assert view.state in ("waiting", "running")
    assert 0.0 <= view.progress < 1.0
    port.cancel(job)
    assert [each.state for each in port.jobs()] == ["cancelled"]
    assert port.listed().takes[0].versions == ()
    for asked in (
        lambda: port.retry(id, "nobody's"), lambda: port.retry("nobody's", ""), lambda: port.cancel(job),
        lambda: port.drop_version(id, "v1"), lambda: port.compare(id, "nobody's"), lambda: port.outline(id, "v1"),
    ):  # fmt: skip
        with pytest.raises(NotThere):
            asked()
    with pytest.raises(ControlRefused, match="not with itself"):
        port.compare(id, id)
    with pytest.raises(ControlRefused, match="it has no stems"):
        port.stem_file(id)
    dumps([asdict(each) for each in port.jobs()])
