"""The factory presets and the command that lists them."""

import json

import pytest

from dsp.params import ParamSpec, switch, table
from firmware_app import cli
from firmware_app.config import places
from firmware_app.kept.factory import Preset, PresetError, Presets
from firmware_app.kept.param_table import PARAMS

SPECS = table([ParamSpec("denoise.amount_db", "dB", 0, 40, 24, "Noise reduction"), switch("box.bypass", "Bypass")])


@pytest.fixture
def factory() -> Presets:
    return Presets(places.find().factory_presets, PARAMS)


def named(presets: Presets, name: str) -> Preset:
    return next(preset for preset in presets.list() if preset.name == name)


VOICE = ["Gentle", "Podcast", "Singing", "Strong"]
MUSIC = ["A cappella", "Bass practice", "Drummer's seat", "Karaoke"]
BOTH = ["Voice over music"]
ALL = VOICE + MUSIC + BOTH


def test_the_factory_presets_are_all_of_this_box(factory):
    assert [preset.name for preset in factory.list()] == ALL
    assert all(preset.about and preset.params for preset in factory.list())


@pytest.mark.parametrize("names", [VOICE, MUSIC, BOTH])
def test_each_preset_says_all_of_its_chain_so_that_switching_leaves_nothing_behind(factory, names):
    assert len({tuple(sorted(named(factory, name).params)) for name in names}) == 1
    assert len({named(factory, name).params["box.chain"] for name in names}) == 1
    wanted = {"denoise."} if names is VOICE else {"stems."}
    for start in wanted:
        told = {id for id in named(factory, names[0]).params if id.startswith(start)}
        left_out = {id for id in PARAMS if id.startswith(start)} - told
        assert left_out <= {"denoise.listen"}


def test_the_chain_changes_last_so_that_no_stem_is_heard_before_it_is_muted(factory):
    for name in ALL:
        assert list(named(factory, name).params)[-1] == "box.chain"


@pytest.mark.parametrize(
    ("name", "muted"),
    [
        ("Karaoke", ["vocals"]),
        ("Drummer's seat", ["drums"]),
        ("Bass practice", ["bass"]),
        ("A cappella", ["drums", "bass", "other"]),
        ("Voice over music", ["vocals"]),
    ],
)
def test_the_music_presets_mute_what_the_player_plays(factory, name, muted):
    params = named(factory, name).params
    assert [id.split(".")[1] for id, value in params.items() if id.endswith(".mute") and value] == muted


def test_no_preset_touches_mute_bypass_or_levels_of_the_box(factory):
    allowed = ("denoise.", "stems.", "voice.", "music.", "box.chain")
    assert all(id.startswith(allowed) for preset in factory.list() for id in preset.params)


def test_a_preset_may_name_a_choice(tmp_path):
    (tmp_path / "a.toml").write_text('name = "A"\n[params]\n"box.bypass" = "on"\n')
    assert named(Presets(tmp_path, SPECS), "A").params == {"box.bypass": 1.0}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = 3", "a preset has a name, about and [params]"),
        ('nam = "x"', "a preset has a name, about and [params]; nam is not known"),
        ("=", "is not TOML"),
        (
            'name = "A"\n[params]\n"denoise.amount" = 3',
            "no parameter 'denoise.amount'; did you mean denoise.amount_db?",
        ),
        ('name = "A"\n[params]\n"denoise.amount_db" = 60', "denoise.amount_db = 60 dB: allowed 0 to 40"),
    ],
)
def test_a_wrong_preset_is_refused_with_its_file(text, said, tmp_path):
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    with pytest.raises(PresetError) as caught:
        Presets(tmp_path, SPECS)
    assert f"{path}: " in str(caught.value)
    assert said in str(caught.value)


def test_the_command_lists_them(capsys):
    assert cli.main(["presets"]) == 0
    assert "A quiet room" in capsys.readouterr().out
    assert cli.main(["presets", "--json"]) == 0
    assert [p["name"] for p in json.loads(capsys.readouterr().out)] == ALL
