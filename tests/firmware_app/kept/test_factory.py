"""The factory presets and the command that lists them."""

import json

import pytest

from dsp.params import ParamSpec, switch, table
from dsp.rack.voice_stages import STAGES
from firmware_app import cli
from firmware_app.config import places
from firmware_app.kept.factory import Preset, PresetError, Presets
from firmware_app.kept.library import library_in
from firmware_app.kept.param_table import PARAMS

SPECS = table([ParamSpec("denoise.amount_db", "dB", 0, 40, 24, "Noise reduction"), switch("box.bypass", "Bypass")])


@pytest.fixture
def factory() -> Presets:
    return Presets(places.find().factory_presets, PARAMS)


def named(presets: Presets, name: str) -> Preset:
    return next(preset for preset in presets.list() if preset.name == name)


VOICE = [
    "Choir", "Conference", "Gentle", "In-ear", "Podcast", "Rap", "Rehearsal with bleed", "Singer live",
    "Singer studio", "Strong",
]  # fmt: skip
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
    # Not the limiter: how loud the box may be is of the place that it stands in.
    stages = {f"{name}." for name in STAGES if name != "limiter"}
    wanted = {VOICE[0]: stages, MUSIC[0]: {"stems."}, BOTH[0]: {"stems.", *stages}}[names[0]]
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
    allowed = ("stems.", "voice.", "music.", "box.chain", *(f"{name}." for name in STAGES if name != "limiter"))
    assert all(id.startswith(allowed) for preset in factory.list() for id in preset.params)


def test_a_preset_may_name_a_choice(tmp_path):
    (tmp_path / "a.toml").write_text('name = "A"\n[params]\n"box.bypass" = "on"\n')
    assert named(Presets(tmp_path, SPECS), "A").params == {"box.bypass": 1.0}


def test_a_preset_that_was_called_otherwise_is_still_found(tmp_path):
    """A box that was updated: what was loaded, its place in the list, and a switch that is mapped to it."""
    own = {"Mine": {"about": "", "params": {"denoise.amount_db": 3.0}}, "Rap": {"about": "", "params": {}}}
    body = {"own": own, "order": ["Singing", "Rap", "Mine", "Gentle"], "current": "Singing", "renamed": {}}
    (tmp_path / "presets.json").write_text(json.dumps({"schema": 1, "presets": body}))
    library = library_in(places.find().factory_presets, tmp_path, PARAMS)
    assert library.current == "Singer live"
    assert library.names[:4] == ["Singer live", "Rap 2", "Mine", "Gentle"]
    assert library.find("Singing").name == "Singer live"
    assert "Singing" in library.names_known
    assert "Singing" not in library.names
    library.keep("Singing", {"denoise.amount_db": 5.0})
    assert library.find("Singing").params == {"denoise.amount_db": 5.0}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = 3", "a preset has a name, about and [params], and may have formerly"),
        ('nam = "x"', "a preset has a name, about and [params], and may have formerly; nam is not known"),
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
