"""Limits that are written down more than once, because one side may not import the other: here they are held equal."""

import dataclasses
import json
import re
import tomllib
from typing import Any

import pytest

from dsp.inference import handed_in
from dsp.inference.bundle import list_bundles
from firmware_app.config import keys, panel_keys
from firmware_app.config import places as places_of_box
from firmware_app.config.keys import AudioConfig, BoxConfig, Config
from firmware_app.kept import kept_file, preset_files
from firmware_app.kept.factory import Preset
from firmware_app.kept.param_table import PARAMS
from firmware_app.kept.setup_notes import STEPS, WIZARD_STATES, check_name
from firmware_app.link.wire import SOUND_CHECK_HOLD_S
from hw.audio import agreement
from hw.controls.kinds import Gestures, PanelSpecError
from hw.controls.spec import PanelSpec
from tests.rigs.checkout import ROOT
from web_ui import limits as page_limits
from web_ui.fakes.presets import FACTORY
from web_ui.ports import limits
from web_ui.ports.takes import LONGEST_TAKE_NAME
from web_ui.visitors import plain_text

SCHEMAS = json.loads((ROOT / "web_ui" / "openapi.json").read_text())["components"]["schemas"]
JS = ROOT / "web_ui" / "static" / "js"


def schema(path: str) -> Any:
    """The part of openapi.json's schemas at "Name.property.property"; "[]" is a list's items."""
    name, *rest = path.split(".")
    found = SCHEMAS[name]
    for part in rest:
        found = found["items"] if part == "[]" else found["properties"][part]
    return found


def script(path: str, pattern: str) -> list[int]:
    """The numbers that a script has at `pattern`."""
    return [int(number) for number in re.findall(pattern, (JS / path).read_text())]


@pytest.mark.parametrize(
    ("path", "key", "number"),
    [
        ("SavePreset.name", "maxLength", limits.LONGEST_PRESET_NAME),
        ("SavePreset.about", "maxLength", limits.LONGEST_PRESET_ABOUT),
        ("RenamePreset.to", "maxLength", limits.LONGEST_PRESET_NAME),
        ("PresetFile.presets", "maxItems", limits.MOST_PRESETS),
        ("PresetFile.presets.[].name", "maxLength", limits.LONGEST_PRESET_NAME),
        ("Step.detents", "maximum", limits.MOST_DETENTS),
        ("Step.detents", "minimum", -limits.MOST_DETENTS),
        ("Touch.value", "maximum", limits.MOST_MIDI_VALUE),
        ("Wizard.state", "enum", list(WIZARD_STATES)),
        ("SetWizard.state", "enum", list(WIZARD_STATES)),
    ],
)
def test_the_description_of_the_api_has_the_box_s_limits(path: str, key: str, number: object):
    assert schema(path)[key] == number


def test_the_description_of_the_api_tells_how_long_a_pin_is():
    fewest, most = limits.PIN_DIGITS
    assert schema("SetPin.pin")["description"].startswith(f"{fewest} to {most} digits")
    assert json.loads((ROOT / "web_ui/texts/en/pin.json").read_text())["help"] == f"{fewest} to {most} digits."


@pytest.mark.parametrize(
    ("path", "pattern", "numbers"),
    [
        ("base/dialog.js", r"longest = (\d+)", [limits.LONGEST_PRESET_NAME]),
        ("takes/player.js", r"LONGEST_NAME = (\d+)", [LONGEST_TAKE_NAME]),
        ("setting_up/steps.js", r"maxLength: (\d+)", [limits.LONGEST_BOX_NAME]),
        ("views/setup/name.js", r"maxLength: (\d+)", [limits.LONGEST_BOX_NAME]),
        ("setting_up/pin_form.js", r"maxLength: (\d+)", [limits.PIN_DIGITS[1]]),
        ("front/control_sheet.js", r"maxLength: (\d+)", [panel_keys.LONGEST_NAME]),
    ],
)
def test_the_page_lets_nobody_type_more_than_the_box_takes(path: str, pattern: str, numbers: list[int]):
    assert script(path, pattern) == numbers


def test_the_page_offers_what_the_settings_allow():
    text = (JS / "views" / "setup" / "latency.js").read_text()
    allowed = {f.name: f.metadata["key"].check for f in dataclasses.fields(AudioConfig)}
    for name, pattern in (
        ("rate_hz", r"RATES = (\[.*?\])"),
        ("period_frames", r"PERIODS = (\[.*?\])"),
        ("periods", r"COUNTS = (\[.*?\])"),
    ):
        found = re.search(pattern, text)
        assert found is not None, pattern
        offered = json.loads(found[1])
        assert [value for value in offered if allowed[name](value)] == []
        assert allowed[name](offered[0] - 1)  # from the least …
        assert allowed[name](offered[-1] + 1)  # … to the most


def test_the_wizards_first_step_names_presets_and_models_that_are_shipped():
    script = (JS / "setting_up" / "purpose.js").read_text()
    places = places_of_box.find()
    presets = {tomllib.loads(path.read_text())["name"] for path in places.factory_presets.glob("*.toml")}
    named = re.findall(r'preset: "([^"]+)"', script)
    assert len(named) == 4
    assert set(named) <= presets
    models = {name for listed in re.findall(r"models: \[(.*?)\]", script) for name in re.findall(r'"([^"]+)"', listed)}
    assert {"denoise-instant", "denoise-studio", "stems-live"} <= models
    assert models <= {path.name for path in list_bundles(places.models)}


def test_the_wizard_has_the_steps_that_are_kept():
    found = re.search(r"STEPS = \{(.*?)\}", (JS / "setting_up" / "steps.js").read_text())
    assert found is not None
    assert [part.partition(":")[0].strip() for part in found[1].split(",")] == list(STEPS)


def test_the_page_renews_before_the_box_gives_up():
    (compare_ms,) = script("sound/hear.js", r"RENEW_MS = (\d+)")
    (check_ms,) = script("setting_up/sound_check.js", r"HOLD_MS = (\d+)")
    assert 2 * compare_ms <= limits.COMPARE_HOLD_S * 1000
    assert 2 * check_ms <= SOUND_CHECK_HOLD_S * 1000
    assert limits.SOUND_CHECK_HOLD_S == SOUND_CHECK_HOLD_S


def test_a_box_name_is_as_long_everywhere():
    assert limits.LONGEST_BOX_NAME == keys.LONGEST_BOX_NAME
    (name,) = (f for f in dataclasses.fields(BoxConfig) if f.name == "name")
    for length, fits in ((limits.LONGEST_BOX_NAME, True), (limits.LONGEST_BOX_NAME + 1, False)):
        assert (name.metadata["key"].check("x" * length) is None) == fits
        assert (check_name("x" * length) is None) == fits


def test_all_presets_of_a_box_fit_into_one_file_and_back():
    longest = [
        Preset(
            f"{n:03}".ljust(limits.LONGEST_PRESET_NAME, "𝄞"),
            "𝄞" * limits.LONGEST_PRESET_ABOUT,
            {id: spec.low if spec.choices else spec.low + (spec.high - spec.low) / 3 for id, spec in PARAMS.items()},
        )
        for n in range(limits.MOST_PRESETS)
    ]
    data = preset_files.export(longest, PARAMS)
    assert len(data) <= page_limits.max_body_bytes("POST", "/api/v1/presets/import")
    presets, notes = preset_files.read(json.loads(data), PARAMS)
    assert [preset.name for preset in presets] == [preset.name for preset in longest]
    assert notes == []
    names = json.dumps({"names": [preset.name for preset in longest]}, ensure_ascii=False).encode()
    assert len(names) <= page_limits.max_body_bytes("PUT", "/api/v1/presets/order")


def test_a_backup_may_be_as_long_as_the_page_lets_it_through():
    assert page_limits.max_body_bytes("PUT", "/api/v1/system/backup.json") == limits.LARGEST_BACKUP_BYTES
    assert kept_file.LARGEST_BYTES < limits.LARGEST_BACKUP_BYTES


def test_what_the_page_lets_through_is_no_deeper_than_what_the_box_reads():
    assert plain_text.MAX_DEPTH <= handed_in.DEEPEST


@pytest.mark.parametrize("key", ["debounce_ms", "lockout_ms", "chord_ms", "long_press_ms", "double_press_ms"])
def test_the_panel_takes_the_times_that_the_settings_allow(key: str):
    (field,) = (f for f in dataclasses.fields(Config().panel) if f.name == key)
    check = field.metadata["key"].check

    def opens(value: float) -> bool:
        try:
            if "press" in key:
                Gestures(**{key: value})
            else:
                PanelSpec(**{key: value})  # type: ignore[arg-type]
        except PanelSpecError:
            return False
        return True

    for value in (0.0, 0.5, 19.9, 20.0, 20.1, 49.0, 50.0, 199.0, 200.0, 201.0, 500.0, 501.0, 2000.0, 5000.0, 5001.0):
        if "press" in key and value == 0.0:
            continue  # off, which the file says by mapping nothing
        assert (check(value) is None) == opens(value), value


def test_the_interface_takes_the_periods_that_the_settings_allow():
    allowed = {f.name: f.metadata["key"].check for f in dataclasses.fields(AudioConfig)}
    for key, (low, high) in (("period_frames", agreement.PERIOD_FRAMES), ("periods", agreement.PERIODS)):
        assert [allowed[key](n) is None for n in (low - 1, low, high, high + 1)] == [False, True, True, False]


def test_the_fake_s_presets_are_ones_that_the_box_could_have():
    for preset in FACTORY:
        assert len(preset.name) <= limits.LONGEST_PRESET_NAME
        assert len(preset.about) <= limits.LONGEST_PRESET_ABOUT


def test_the_factory_s_presets_are_ones_that_a_player_could_keep():
    for path in (ROOT / "firmware_app" / "assets" / "presets").glob("*.toml"):
        tree = tomllib.loads(path.read_text())
        assert len(tree["name"]) <= limits.LONGEST_PRESET_NAME, path
        assert len(tree["about"]) <= limits.LONGEST_PRESET_ABOUT, path
