"""What every ControlPort does, the fake and the real one alike."""

import io
import json
import math
import time
import wave
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from firmware_app.config import places
from firmware_app.config.panel_keys import PanelConfig
from firmware_app.control.control import Control
from firmware_app.control.performer import Performer
from firmware_app.kept.factory import Presets
from firmware_app.kept.library import PresetLibrary, presets_file
from firmware_app.kept.param_table import PARAMS
from firmware_app.kept.scenes import Scenes
from firmware_app.kept.store import Store
from firmware_app.link.listen_ring import ListenRing
from firmware_app.page.box import BoxPort
from firmware_app.panel.setup import PanelSetup
from tests.rigs.panel_box import box_setup
from web_ui.fakes.box import FakeControlPort
from web_ui.ports.box import ControlPort, ControlRefused, NotThere
from web_ui.ports.sound import SPECTRUM_BANDS, CompareView
from web_ui.routes.presets import presets_json
from web_ui.routes.sound import history_json
from web_ui.views import compare_json, dumps, panel_json, param_json, presets_news_json, status_json, values_json


class _Sounding(BoxPort):
    """A real box whose audio process has played something, though none runs here."""

    def __init__(self, folder: Path) -> None:
        self.control = Control(PARAMS, Store(folder, PARAMS))
        presets = PresetLibrary(Presets(places.find().factory_presets, PARAMS), presets_file(folder), PARAMS)
        performer = Performer(self.control, presets, Scenes(folder, PARAMS))
        self.setup = PanelSetup(PanelConfig(pins="mock", midi=False), self.control, performer, folder)
        self.setup.bindings.start()
        super().__init__(box_setup(folder, self.control), self.control, self.setup, None, folder / "listen")
        ring = ListenRing(folder / "listen", 1, 128)
        for which in (0, 1):
            ring.write(which, np.zeros((48_000, 1), np.float32))

    def close(self) -> None:
        super().close()
        self.setup.bindings.close()
        self.control.close()


@pytest.fixture(params=["fake", "box"])
def port(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ControlPort]:
    if request.param == "fake":
        yield FakeControlPort()
        return
    box = _Sounding(tmp_path)
    yield box
    box.close()


def value_of(port: ControlPort, id: str) -> float:
    return next(view.value for view in port.params() if view.id == id)


def test_a_mute_is_kept_when_it_is_answered(port: ControlPort):
    assert port.set_param("box.mute", 1, "page") == 1
    assert port.not_kept("box.mute") == ""
    assert port.not_kept("denoise.amount_db") == ""
    assert port.not_kept() == ""


def test_it_has_a_name_and_a_version(port: ControlPort):
    assert port.box_name
    assert port.version


def test_parameters_are_well_formed(port: ControlPort):
    views = port.params()
    assert len({view.id for view in views}) == len(views) > 0
    for view in views:
        assert view.low < view.high
        assert view.low <= view.default <= view.high
        assert view.low <= view.value <= view.high
        assert view.label
        assert not view.choices or len(view.choices) == view.high - view.low + 1


def test_the_page_finds_bypass_and_amount(port: ControlPort):
    names = {view.id.split(".")[-1].split("_")[0] for view in port.params()}
    assert {"bypass", "amount", "mute"} <= names


def test_a_set_value_is_returned_listed_and_told(port: ControlPort):
    before = port.wait_for_change(-1, 0.0).seq
    for view in port.params():
        for value in (view.high, view.low):
            assert port.set_param(view.id, value, "page") == pytest.approx(value)
            assert value_of(port, view.id) == pytest.approx(value)
        assert next(v for v in port.params() if v.id == view.id).origin == "page"
    change = port.wait_for_change(before, 5.0)
    assert change.seq > before
    assert change.params == {view.id: pytest.approx(view.low) for view in port.params()}


def test_a_value_out_of_range_changes_nothing(port: ControlPort):
    for view in port.params():
        for value in (view.low - 1.0, view.high + 1.0, math.nan, math.inf):
            with pytest.raises(ControlRefused, match=view.id):
                port.set_param(view.id, value, "page")
        assert value_of(port, view.id) == view.value


def test_between_two_choices_there_is_nothing(port: ControlPort):
    switch = next(view for view in port.params() if view.choices)
    with pytest.raises(ControlRefused):
        port.set_param(switch.id, switch.low + 0.5, "page")


def test_an_unknown_parameter_is_not_there(port: ControlPort):
    with pytest.raises(NotThere, match=r"no\.such"):
        port.set_param("no.such", 1.0, "page")


def test_the_first_wait_returns_at_once_with_everything(port: ControlPort):
    change = port.wait_for_change(-1, 0.0)
    assert set(change.params) == {view.id for view in port.params()}


def test_a_wait_that_times_out_returns_the_newest_state(port: ControlPort):
    change = port.wait_for_change(2**60, 0.01)
    assert change.params
    assert change.status.state


def test_everything_can_be_said_in_json(port: ControlPort):
    change = port.wait_for_change(-1, 0.0)
    for value in (
        status_json(port.status()),
        values_json(change.params),
        [param_json(view) for view in port.params()],
        panel_json(port.simulated_panel()),
        presets_json(port.presets()),
        presets_news_json(port.presets_news()),
        compare_json(port.comparison()),
        history_json(port.history(0)),
    ):
        assert dumps(value)


def test_the_status_is_plausible(port: ControlPort):
    status = port.status()
    assert status.state in ("running", "waiting for device", "checking sound", "down")
    assert (status.state == "down") == (not status.audio_alive)
    assert min(status.xruns, status.late_hops, status.dry_hops) >= 0
    assert status.reduction_db >= 0.0


def test_controls_that_are_not_simulated_are_not_there(port: ControlPort):
    with pytest.raises(NotThere, match="no-such-pin"):
        port.press("no-such-pin", True)
    with pytest.raises(NotThere, match="no-such-pin"):
        port.turn("no-such-pin", 0.5)


def test_simulated_controls_are_well_formed_and_move(port: ControlPort):
    pins = port.simulated_panel()
    assert len({pin.name for pin in pins}) == len(pins)
    for pin in pins:
        assert pin.kind in ("switch", "knob", "encoder", "led", "rgb", "meter")
        assert 0.0 <= pin.position <= 1.0
        assert pin.label
        assert pin.does
        if pin.kind == "switch":
            port.press(pin.name, True)
            port.press(pin.name, False)
        if pin.kind == "knob":
            port.turn(pin.name, 1.0)
            for wrong in (-0.1, 1.1, math.nan):
                with pytest.raises(ControlRefused, match=pin.name):
                    port.turn(pin.name, wrong)


TOGGLE = {"do": "toggle", "param": "box.mute"}


def wait_for(port: ControlPort, true: Callable[[], bool]) -> None:
    until = time.monotonic() + 10.0
    while not true():
        assert time.monotonic() < until, port.learning()
        time.sleep(0.01)


def tap(port: ControlPort, name: str) -> None:
    """As long as a foot takes: less than the debounce time is no press."""
    port.press(name, True)
    time.sleep(0.05)
    port.press(name, False)


def mapped(port: ControlPort) -> dict[str, str]:
    return {m.key: m.does for m in port.panel_setup().mappings if not m.off}


def test_the_set_up_is_well_formed(port: ControlPort):
    setup = port.panel_setup()
    names = {c.name for c in setup.controls}
    assert {"footswitch", "amount", "status"} <= names
    assert mapped(port) == {"footswitch press": "Bypass on/off", "amount turn": "Noise reduction"}
    assert [pin.number for pin in setup.header] == list(range(1, 41))
    assert {pin.role for pin in setup.header} <= {"free", "wired", "power", "ground", "reserved"}
    assert setup.header[10].wired == "Footswitch"
    assert {"toggle", "set", "sweep", "tap_tempo"} <= {kind.do for kind in setup.action_kinds}
    assert setup.simulated
    assert setup.wiring
    assert dumps(asdict(setup))


def test_a_mapping_is_checked_set_replaced_and_brought_back(port: ControlPort):
    revision = port.panel_setup().revision
    assert [n.level for n in port.check_mapping("footswitch", "press", TOGGLE)] == ["replaces"]
    with pytest.raises(ControlRefused, match="Now there: Footswitch, press: Bypass on/off"):
        port.set_mapping("footswitch", "press", TOGGLE, False)
    port.set_mapping("footswitch", "press", TOGGLE, True)
    assert mapped(port)["footswitch press"] == "Mute on/off"
    assert port.panel_setup().revision > revision
    tap(port, "footswitch")
    wait_for(port, lambda: value_of(port, "box.mute") == 1.0)
    assert value_of(port, "box.bypass") == 0.0
    port.restore("mapping footswitch press")
    assert mapped(port)["footswitch press"] == "Bypass on/off"


def test_a_mapping_of_the_file_is_put_away_and_not_lost(port: ControlPort):
    port.remove_mapping("footswitch press")
    assert "footswitch press" not in mapped(port)
    assert [m.key for m in port.panel_setup().mappings if m.off] == ["footswitch press"]
    with pytest.raises(NotThere):
        port.remove_mapping("footswitch press")
    port.restore("mapping footswitch press")
    assert "footswitch press" in mapped(port)
    with pytest.raises(NotThere):
        port.restore("mapping footswitch press")


def test_a_double_press_says_what_it_costs(port: ControlPort):
    (note,) = port.check_mapping("footswitch", "double_press", {"do": "tap_tempo"})
    assert note.level == "costs"
    assert "300 ms" in note.text


@pytest.mark.parametrize(
    ("on", "gesture", "action", "said"),
    [
        ("no-such", "press", TOGGLE, "no-such"),
        ("status", "press", TOGGLE, ""),
        ("amount", "turn", TOGGLE, "take a"),
        ("footswitch", "press", {"do": "sweep", "param": "box.mute"}, "take a"),
        ("footswitch", "press", {"do": "togle", "param": "box.mute"}, "did you mean toggle"),
        ("footswitch", "press", {"do": "toggle"}, "toggle needs param"),
        ("footswitch", "press", {"do": "toggle", "param": "no.such"}, "no.such"),
    ],
)
def test_what_cannot_be_mapped_changes_nothing(
    port: ControlPort, on: str, gesture: str, action: dict[str, str], said: str
):
    before = mapped(port)
    with pytest.raises(ControlRefused) as caught:
        port.set_mapping(on, gesture, action, True)
    assert said in str(caught.value)
    assert mapped(port) == before


def test_a_press_is_learned_and_does_not_act(port: ControlPort):
    assert port.learning().state == "off"
    port.learn(TOGGLE)
    waiting = port.learning()
    assert (waiting.state, waiting.does) == ("waiting", "Mute on/off")
    assert 0 < waiting.seconds_left <= 30
    tap(port, "footswitch")
    wait_for(port, lambda: port.learning().state == "heard")
    heard = port.learning()
    assert (heard.on, heard.gesture, heard.where, heard.is_new) == ("footswitch", "press", "Footswitch", False)
    assert heard.gestures is not None
    assert set(heard.gestures) >= {"press", "long_press", "double_press"}
    assert [note.level for note in heard.notes] == ["replaces"]
    assert value_of(port, "box.bypass") == 0.0  # it did not act
    port.set_mapping(heard.on, "long_press", TOGGLE, False)
    assert port.learning().state == "off"
    assert mapped(port)["footswitch long_press"] == "Mute on/off"


def test_a_turn_is_learned_and_a_press_is_told_that_it_does_not_fit(port: ControlPort):
    port.learn({"do": "sweep", "param": "output.gain_db"})
    tap(port, "footswitch")
    wait_for(port, lambda: bool(port.learning().note))
    assert port.learning().state == "waiting"
    for position in (0.2, 0.9, 0.1):
        port.turn("amount", position)
        time.sleep(0.1)
    wait_for(port, lambda: port.learning().state == "heard")
    assert (port.learning().on, port.learning().gesture) == ("amount", "turn")
    port.cancel_learning()
    assert port.learning().state == "off"
    assert mapped(port)["amount turn"] == "Noise reduction"


def test_what_nothing_is_connected_to_is_learned_and_becomes_a_control(port: ControlPort):
    for wrong in ("gpio:17000", "gpio:x", "lasers:1", "gpio:40"):
        with pytest.raises(NotThere):
            port.touch(wrong, 1.0)
    port.learn(TOGGLE)
    port.touch("gpio:4", 1.0)
    wait_for(port, lambda: port.learning().state == "heard")
    port.touch("gpio:4", 0.0)
    heard = port.learning()
    assert (heard.on, heard.is_new, heard.notes) == ("switch-4", True, ())
    assert "GPIO4 (pin 7)" in heard.where
    port.set_mapping(heard.on, "press", TOGGLE, False)
    assert mapped(port)["switch-4 press"] == "Mute on/off"
    assert port.panel_setup().header[6].role == "wired"


def test_a_pedal_is_pressed_three_times_and_its_kind_is_said(port: ControlPort):
    port.learn(TOGGLE)
    for _ in range(3):
        assert port.learning().state == "waiting"
        port.touch("midi:simulated:cc:1:64", 1.0)
        assert "three times in a row" in port.learning().note or port.learning().state == "heard"
    wait_for(port, lambda: port.learning().state == "heard")
    heard = port.learning()
    assert (heard.on, heard.is_new) == ("cc-64", True)
    assert heard.found.startswith("It sends 127 at each press and never says that it was let go.")
    assert heard.gestures is not None
    assert "press" in heard.gestures
    assert "long_press" not in heard.gestures
    (note,) = port.check_mapping("cc-64", "long_press", TOGGLE)
    assert note.level == "refused"
    port.set_mapping("cc-64", "press", TOGGLE, False)
    assert mapped(port)["cc-64 press"] == "Mute on/off"


def test_a_wrong_action_is_not_learned(port: ControlPort):
    with pytest.raises(ControlRefused):
        port.learn({"do": "no-such"})
    assert port.learning().state == "off"


def test_a_control_is_added_mapped_and_removed(port: ControlPort):
    with pytest.raises(ControlRefused, match="GPIO17 is taken by Footswitch"):
        port.add_control("switches", {"name": "solo", "gpio": 17})
    with pytest.raises(ControlRefused):
        port.add_control("no-such", {})
    port.add_control("switches", {"name": "solo", "gpio": 5})
    assert port.panel_setup().header[28].wired == "Solo"
    port.set_mapping("solo", "press", TOGGLE, False)
    assert mapped(port)["solo press"] == "Mute on/off"
    port.remove_control("solo")
    assert "solo press" not in mapped(port)
    with pytest.raises(NotThere):
        port.remove_control("solo")


def test_scenes_are_kept_by_name(port: ControlPort):
    assert not port.presets().scenes["A"]
    port.keep_scene("A")
    assert port.presets().scenes == {"A": True, "B": False}
    with pytest.raises(NotThere):
        port.keep_scene("C")


def test_a_pedal_that_is_not_there_is_not_calibrated(port: ControlPort):
    with pytest.raises(NotThere, match="amount"):
        port.calibrate("amount", "start")


def test_an_encoder_that_is_not_there_is_not_turned(port: ControlPort):
    with pytest.raises(NotThere, match="amount"):
        port.step("amount", 1)


def test_before_and_after_are_as_long_as_each_other(port: ControlPort):
    shapes = set()
    for wav in port.listen_wavs():
        with wave.open(io.BytesIO(wav)) as sound:
            shapes.add((sound.getnframes(), sound.getframerate(), sound.getsampwidth(), sound.getnchannels()))
    assert len(shapes) == 1
    assert min(shapes.pop()) > 0


def names(port: ControlPort) -> list[str]:
    return [preset.name for preset in port.presets().presets]


def test_a_preset_is_saved_loaded_renamed_copied_moved_deleted_and_all_of_it_undone(port: ControlPort):
    factory = names(port)
    assert all(preset.factory for preset in port.presets().presets)
    port.set_param("denoise.amount_db", 7.0, "page")
    assert port.save_preset("  My   choir ", "wide") == "My choir"
    assert port.presets().current == "My choir"
    port.load_preset(factory[0])
    assert value_of(port, "denoise.amount_db") != 7.0
    port.load_preset("my choir")
    assert value_of(port, "denoise.amount_db") == 7.0
    assert port.rename_preset("My choir", "Chapel") == "Chapel"
    assert port.duplicate_preset(factory[1]) == f"{factory[1]} 2"
    assert names(port) == [*factory[:2], f"{factory[1]} 2", *factory[2:], "Chapel"]
    port.reorder_presets(list(reversed(names(port))))
    assert names(port)[0] == "Chapel"
    port.delete_preset("Chapel")
    assert "Chapel" not in names(port)
    words = []
    while port.presets().undo:
        words.append(port.undo_presets())
    assert words == ["delete Chapel", "change the order", f"duplicate {factory[1]}", "rename My choir",
                     "load My choir", f"load {factory[0]}", "save My choir"]  # fmt: skip
    assert names(port) == factory
    with pytest.raises(ControlRefused, match="nothing to undo"):
        port.undo_presets()


def test_undoing_a_loading_brings_back_what_was_heard_but_never_unmutes(port: ControlPort):
    port.set_param("denoise.amount_db", 7.0, "page")
    port.load_preset(names(port)[0])
    port.set_param("box.mute", 1.0, "page")
    port.undo_presets()
    assert value_of(port, "denoise.amount_db") == 7.0
    assert value_of(port, "box.mute") == 1.0


def test_next_and_previous_go_round(port: ControlPort):
    there = names(port)
    port.step_preset(1)
    assert port.presets_news().current == there[0]
    port.step_preset(-1)
    assert port.presets_news().current == there[-1]
    port.step_preset(1)
    assert port.presets_news().current == there[0]
    with pytest.raises(ControlRefused, match="by = 0"):
        port.step_preset(0)


def test_factory_presets_stay_as_they_are(port: ControlPort):
    before = port.presets().presets
    name = before[0].name
    for change in (
        lambda: port.save_preset(name.upper(), ""),
        lambda: port.rename_preset(name, "Mine"),
        lambda: port.delete_preset(name),
    ):
        with pytest.raises(ControlRefused, match="factory preset"):
            change()
    assert port.presets().presets == before


@pytest.mark.parametrize("name", ["", "   ", "x" * 41, "bell\x07", "turned\u202eround"])
def test_a_name_that_is_none_is_refused(port: ControlPort, name: str):
    with pytest.raises(ControlRefused, match="1 to 40 printable characters"):
        port.save_preset(name, "")


def test_presets_travel_as_a_file(port: ControlPort):
    port.set_param("denoise.amount_db", 7.0, "page")
    port.save_preset("Chapel", "")
    tree = json.loads(port.export_presets([]))
    assert [preset["name"] for preset in tree["presets"]] == ["Chapel"]
    assert list(port.import_presets(tree)) == ["Chapel 2"]
    port.load_preset("Chapel 2")
    assert value_of(port, "denoise.amount_db") == 7.0
    tree["presets"][0]["params"]["no.such"] = 1
    taken, note = port.import_presets(tree)
    assert taken == "Chapel 3"
    assert "no.such is not a parameter of this version; ignored" in note
    there = names(port)
    for bad in ({}, {"form": "hushbox presets 1", "presets": []}, {**tree, "presets": [{"name": "X", "params": {}}]}):
        with pytest.raises(ControlRefused):
            port.import_presets(bad)
    assert names(port) == there


def test_a_scene_is_recalled_and_an_empty_one_says_so(port: ControlPort):
    with pytest.raises(NotThere, match="is empty"):
        port.recall_scene("A")
    port.set_param("denoise.amount_db", 7.0, "page")
    port.keep_scene("A")
    port.set_param("denoise.amount_db", 30.0, "page")
    port.recall_scene("A")
    assert value_of(port, "denoise.amount_db") == 7.0
    assert port.presets_news().scene == "A"
    with pytest.raises(NotThere, match="there are A, B"):
        port.recall_scene("other")


def test_a_picture_of_the_spectrum_has_its_size(port: ControlPort):
    assert len(port.spectrum()) == 2 * SPECTRUM_BANDS


def test_history_goes_on_after_a_moment(port: ControlPort):
    view = port.history(0)
    assert all(moment.at_s <= view.now_s for moment in view.moments)
    numbers = [moment.number for moment in view.moments]
    assert numbers == sorted(numbers)
    assert not port.history(10**12).moments


def test_live_sound_is_mp3_and_only_what_there_is(port: ControlPort):
    with pytest.raises(NotThere, match="output, untouched, removed"):
        port.live("no-such")
    stream = port.live("output")
    sound = b"".join(stream.read() for _ in range(12))
    stream.close()
    assert sound[:3] == b"ID3" or sound[0] == 0xFF
    assert len(sound) > 96


def test_comparing_begins_and_ends_and_leaves_bypass_as_it_was(port: ControlPort):
    assert port.comparison() == CompareView(False, None, None, 0.0, 0.0)
    assert port.compare(True).on
    wait_for(port, lambda: port.comparison().on)
    assert not port.compare(False).on
    assert value_of(port, "box.bypass") == 0.0
    assert value_of(port, "box.match_db") == 0.0
