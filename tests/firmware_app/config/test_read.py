"""hushbox.toml: what it accepts, what it refuses, and how it says so."""

import dataclasses
import os
import re
import tomllib
from pathlib import Path

import pytest

from dsp.params import ParamSpec, switch, table
from firmware_app.config import example
from firmware_app.config import read as config
from firmware_app.config.keys import REPEATED, TABLES, Config
from firmware_app.config.read import ConfigError
from tests.rigs.checkout import ROOT

EXAMPLE = ROOT / "hushbox.toml.example"


def mistakes(text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        config.parse(text, Path("box.toml"))
    return caught.value.mistakes


def _knob(settings: str, led: int) -> str:
    return f"[[panel.knobs]]\nname='k'\nchannel=1\n{settings}\n[[panel.leds]]\nname='a'\ngpio={led}"


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    """No file of this machine takes part."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.delenv("HUSHBOX_CONFIG", raising=False)


def test_an_empty_file_is_the_default_and_so_is_none():
    assert config.parse("") == Config() == config.load()
    default = Config()
    assert [(s.gpio, s.does) for s in default.panel.switches] == [(17, "box.bypass")]
    assert [(k.channel, k.sets, k.takeover) for k in default.panel.knobs] == [(0, "denoise.amount_db", "pickup")]
    assert [(led.gpio, led.shows) for led in default.panel.leds] == [(27, "processing")]


def test_the_defaults_pass_their_own_checks():
    for cls in (*TABLES.values(), *REPEATED.values()):
        for f in dataclasses.fields(cls):
            if "key" in f.metadata and f.default is not dataclasses.MISSING:
                assert f.metadata["key"].check(f.default) is None, f"{cls.__name__}.{f.name}"


def test_the_example_is_rendered_from_the_declarations_and_means_the_default():
    text = EXAMPLE.read_text()
    assert text == example.render(), "run: python -m firmware_app.config.example > hushbox.toml.example"
    assert config.parse(text) == Config()


def test_the_example_documents_every_key():
    # An example has a # without a blank behind it; taken away, the whole must be read.
    lines = [line[1:] if re.match(r"#\S", line) else line for line in EXAMPLE.read_text().splitlines()]
    text = "\n".join(lines)
    tree = tomllib.loads(text)
    for section, cls in TABLES.items():
        assert set(tree[section]) == {f.name for f in dataclasses.fields(cls)}
    for dotted, cls in REPEATED.items():
        section, name = dotted.split(".")
        for f in dataclasses.fields(cls):
            assert f.name in tree[section][name][0] or f"# {f.name} = " in text
    config.parse(text)


def test_a_full_file_is_read():
    read = config.parse(
        """
        [audio]
        device = "hw:CARD=USB"
        period_frames = 64
        rate_hz = 96000
        input_channels = [1, 2]
        output_channels = [3, 4]
        [panel]
        pins = "lgpio"
        knobs = []
        [[panel.switches]]
        name = "mute"
        gpio = 5
        does = "mute"
        momentary = true
        [[panel.switches]]
        name = "bypass"
        gpio = 6
        does = "bypass"
        """
    )
    assert read.audio.period_frames == 64
    assert read.audio.output_channels == (3, 4)
    assert [(s.name, s.momentary) for s in read.panel.switches] == [("mute", True), ("bypass", False)]
    assert read.panel.knobs == ()
    assert read.panel.leds == Config().panel.leds


def test_every_mistake_is_reported_at_once_with_its_line():
    assert mistakes(
        """\
[audio]
perod_frames = 64
periods = 99
rate_hz = 48001
input_channels = []
[pagee]
port = 1
[page]
port = true
[[panel.leds]]
name = "one"
[[panel.switches]]
name = "one"
gpio = 40
"""
    ) == (
        "box.toml:6: [pagee]: no such section; did you mean page?",
        "box.toml:2: [audio] perod_frames: no such key; did you mean period_frames?",
        "box.toml:3: [audio] periods = 99: a whole number from 2 to 8 is allowed",
        "box.toml:4: [audio] rate_hz = 48001: allowed: 44100, 48000, 96000",
        "box.toml:5: [audio] input_channels = []: a list of 1 to 2 different channel numbers from 1 is allowed",
        "box.toml:9: [page] port = true: a whole number from 0 to 65535 is allowed",
        "box.toml:10: [[panel.leds]] needs gpio: Pin, by its BCM number.",
        "box.toml:14: [[panel.switches]] gpio = 40: a whole number from 0 to 27 is allowed",
    )


def test_mistakes_of_one_section_do_not_hide_what_another_says_together():
    assert mistakes("[audio]\nperiods = 1\n[[panel.leds]]\nname='a'\ngpio=17") == (
        "box.toml:2: [audio] periods = 1: a whole number from 2 to 8 is allowed",
        'box.toml:5: [[panel.leds]] gpio = 17: taken by "footswitch" already',
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[audio]\nperiod_frames = 31", "period_frames = 31: a whole number from 32 to 1024 is allowed"),
        ("[audio]\nperiod_frames = 64.0", "period_frames = 64.0: a whole number"),
        ("[audio]\nperiod_frames = '64'", 'period_frames = "64": a whole number'),
        ("[audio]\nsample_format = 's16_le'", 'allowed: "auto", "S16_LE", "S24_3LE", "S32_LE"'),
        (f"[model]\nbundle = '{'x' * 256}'", 'bytes in "quotes", 255 between two "/"'),
        (f"[update]\nsource = '{'ö' * 128}'", 'bytes in "quotes", 255 between two "/"'),
        ("[audio]\ndevice = ''", "a text of 1 to 255 printable characters"),
        ('[audio]\ndevice = "a\\u0000b"', "printable characters"),
        ("[audio]\ninput_channels = [1, 1]", "different channel numbers"),
        ("[audio]\ninput_channels = [0]", "input_channels = [0]: a list of 1 to 2"),
        ("[audio]\ninput_channels = 1", "input_channels = 1: a list of 1 to 2"),
        ("[audio]\ninput_channels = [true]", "input_channels = [true]: a list"),
        ("[audio]\ninput_channels=[1,2]\noutput_channels=[1]", "output_channels = [1]: two input_channels need two"),
        ("[page]\nport = 65536", "port = 65536: a whole number from 0 to 65535 is allowed"),
        ("[page]\nport = -1", "port = -1"),
        ("[page]\nallowed_hosts = ['a b']", "host names or addresses"),
        ("[box]\nname = 3", "[box] name = 3: a text"),
        ("[model]\nruntime = 'onxx'", 'allowed: "auto", "tflite", "tflite_runtime", "onnx"'),
        ("[panel.switches]\nname = 'x'", "[panel.switches] comes any number of times: write [[panel.switches]]"),
        ("[panel]\nleds = 3", "write [[panel.leds]], with two brackets"),
        ("[[panel.leds]]\nname='A'\ngpio=1", 'name = "A": a short name'),
        ("[[panel.leds]]\nname='a'\ngpio=17", '[[panel.leds]] gpio = 17: taken by "footswitch" already'),
        ("[[panel.leds]]\nname='amount'\ngpio=3", 'box.toml:2: [[panel.leds]] name = "amount": taken already'),
        ("[[panel.encoders]]\nname='e'\ngpio_a=5\ngpio_b=5", 'gpio_b = 5: taken by "e" already'),
        ("[[panel.meters]]\nname='m'\ngpios=[5, 17]", '[[panel.meters]] gpios = 17: taken by "footswitch" already'),
        ("[panel]\nrelay_gpio = 17", '[[panel.switches]] gpio = 17: taken by "relay_gpio" already'),
        (
            "[[panel.pedals]]\nname='p'\nchannel=1\ntoe=0.01",
            "heel = 0, toe = 0.01: allowed 0 to 1, at least 0.05 apart",
        ),
        ("[[panel.pedals]]\nname='p'\nchannel=0", '[[panel.pedals]] channel = 0: taken by "amount" already'),
        ("[[panel.hid_keys]]\nname='h'\ndevice='x'\nkey='a'", 'key = "a": a key such as "KEY_A" is allowed'),
        ("[[panel.mappings]]\non='footswitch'\ndo='togle'", 'do = "togle": allowed: "toggle", "momentary"'),
        (
            "[[panel.midi_switches]]\nname='a'\nchannel=1\nnumber=7\n"
            "[[panel.midi_knobs]]\nname='b'\nchannel=1\nnumber=7",
            '[[panel.midi_knobs]] number = 7: taken by "a" already',
        ),
        ("[[panel.leds]]\nname='a'\ngpio=9", "gpio = 9: the knobs' converter needs GPIO 8, 9, 10, 11"),
        (_knob("spi_device = 1", led=7), "gpio = 7: the knobs' converter needs GPIO 7, 9, 10, 11"),
        (_knob("chip = 'ads1115'", led=2), "gpio = 2: the knobs' converter needs GPIO 2, 3"),
        ("audio = 3", "audio = 3: write it as a section, [audio]"),
        ("[[audio]]\nperiods = 3", "write it as a section, [audio]"),
        ("period_frames = 64", "period_frames: this key belongs under [audio]"),
        ("colour = 'red'", "colour: no such key"),
        ("[audio\n", "box.toml:1: not TOML"),
        ("[audio]\nperiods = 3\nperiods = 4", "not TOML: Cannot overwrite a value"),
        ("x = " + "[" * 5000, "not TOML"),
    ],
)
def test_a_mistake_names_the_thing_the_value_and_what_is_allowed(text, said):
    found = mistakes(text)
    assert len(found) == 1, found
    assert said in found[0]


def test_overrides_win_and_are_checked_by_the_same_rules():
    assert config.parse("[page]\nport = 1", overrides={"page.port": 0}).page.port == 0
    with pytest.raises(
        ConfigError, match=r"^command line: page.port = 70000: a whole number from 0 to 65535 is allowed$"
    ):
        config.parse("", overrides={"page.port": 70000})


def test_the_search_order(tmp_path, monkeypatch):
    def put(path: Path, port: int) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"[page]\nport = {port}\n")
        return path

    put(tmp_path / "xdg/hushbox/hushbox.toml", 1)
    assert config.load().page.port == 1
    put(tmp_path / "hushbox.toml", 2)
    assert config.load().page.port == 2
    monkeypatch.setenv("HUSHBOX_CONFIG", str(put(tmp_path / "env.toml", 3)))
    assert config.load().page.port == 3
    named = put(tmp_path / "named.toml", 4)
    assert config.load(named).page.port == 4
    assert config.load(named).source == named


@pytest.mark.parametrize("by", ["--config", "$HUSHBOX_CONFIG"])
def test_a_file_named_on_purpose_has_to_be_there(by, tmp_path, monkeypatch):
    if by != "--config":
        monkeypatch.setenv("HUSHBOX_CONFIG", "no.toml")
    with pytest.raises(ConfigError) as caught:
        config.load("no.toml" if by == "--config" else None)
    assert str(caught.value) == f"no.toml: no such file (named by {by})"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe\x00", "not a text in UTF-8 (byte 0)"),
        (b"#" * 250_001, "is 250001 bytes long; at most 250000 are read"),
        (b"\x00", "not TOML"),
    ],
)
def test_a_file_that_is_no_text_is_refused(content, said, tmp_path):
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        config.load(path)
    assert said in str(caught.value)


def test_a_byte_order_mark_is_let_be(tmp_path):
    path = tmp_path / "bom.toml"
    path.write_bytes(b"\xef\xbb\xbf[page]\nport = 7\n")
    assert config.load(path).page.port == 7


def test_a_folder_in_place_of_the_file_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="is a folder, not a file"):
        config.load(tmp_path)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("kind", ["pipe", "device", "6 GB"])
def test_what_is_no_file_is_refused_unread(kind, tmp_path, monkeypatch):
    path = tmp_path / config.FILE_NAME
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        with open(path, "wb") as file:
            file.truncate(6_000_000_000)
    monkeypatch.chdir(tmp_path)  # found there, not named: it is not passed over as if there were none
    with pytest.raises(ConfigError, match=r"is a named pipe|is a device|is 6000000000 bytes long"):
        config.load()


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text",
    [
        "box = " + "[" * 100_000,
        "box." + ".".join("a" * 60_000) + " = 1",
        "box = " + "[" * 60 + "]" * 60,
        "[box]\nname = 0x" + "f" * 40_000,
        "[box]\nname = " + "9" * 40_000,
        "[[panel.switches]]\n" * 13_000,
        "".join(f"key_{n} = 1\n" for n in range(15_000)),
        "y" * 200_000 + " = 1",
    ],
    ids=["open", "dotted", "lists", "hex", "digits", "many tables", "many keys", "long key"],
)
def test_toml_that_nobody_has_written_by_hand_is_refused(text):
    """In a time and with a message that are to the point."""
    with pytest.raises(ConfigError) as caught:
        config.parse(text)
    assert len(caught.value.mistakes) <= 201
    assert max(map(len, caught.value.mistakes)) < 300


@pytest.mark.parametrize(("settings", "led"), [("spi_device = 1", 8), ("chip = 'ads1115'", 9)])
def test_a_converter_takes_the_pins_of_its_own_bus_only(settings: str, led: int):
    assert config.parse(_knob(settings, led)).panel.leds[0].gpio == led


def test_the_panel_is_held_against_the_parameters_there_are():
    specs = table([switch("box.bypass", "Bypass"), ParamSpec("denoise.amount_db", "dB", 0, 40, 24, "Noise reduction")])
    config.check_params(Config(), specs)
    wrong = config.parse(
        "[[panel.switches]]\nname='f'\ngpio=17\ndoes='bypas'\n"
        "[[panel.switches]]\nname='g'\ngpio=5\ndoes='denoise.amount_db'\n"
        "[[panel.knobs]]\nname='k'\nchannel=0\nsets='denoise.amount'\n"
    )
    with pytest.raises(ConfigError) as caught:
        config.check_params(wrong, specs)
    assert caught.value.mistakes == (
        "hushbox.toml: [[panel.switches]] does = 'box.bypas': no such on/off parameter; did you mean box.bypass?",
        "hushbox.toml: [[panel.switches]] does = 'denoise.amount_db': no such on/off parameter",
        "hushbox.toml: [[panel.knobs]] sets = 'denoise.amount': no such parameter; did you mean denoise.amount_db?",
    )


def test_music_and_stems_have_inputs_and_outputs_of_their_own():
    read = config.parse(
        """
        [audio]
        input_channels = [1]
        music_channels = [3, 4]
        [stems]
        vocals = [3, 4]
        bass = [5]
        """
    )
    assert read.audio.music_channels == (3, 4)
    assert read.stems.outputs == ((3, 4), (), (5,), ())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "[audio]\nmusic_channels = [2, 1]",
            "box.toml:2: [audio] music_channels = [2, 1]: input 1 is one of input_channels; "
            "leave music_channels empty when music comes on those",
        ),
        (
            "[audio]\nmusic_channels = [2, 3]\noutput_channels = [1]",
            "box.toml:3: [audio] output_channels = [1]: two music_channels need two of them",
        ),
        (
            "[stems]\nvocals = [2]",
            "box.toml:2: [stems] vocals = [2]: output 2 is taken by output_channels of [audio]",
        ),
        ("[stems]\nvocals = [3, 4]\nother = [4, 5]", "box.toml:3: [stems] other = [4, 5]: output 4 is taken by vocals"),
        ("[stems]\ndrums = [3, 4, 5]", "a list of 0 to 2 different channel numbers from 1 is allowed"),
        ("[stems]\ndrum = [3]", "box.toml:2: [stems] drum: no such key; did you mean drums?"),
    ],
)
def test_two_sounds_in_one_place_are_refused(text, says):
    (told,) = mistakes(text)
    assert says in told
