"""What leaves the box: planted secrets of every shape, in every place that diagnostics and backup read."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from firmware_app.config.panel_keys import CONTROL_TABLES
from firmware_app.kept import pin as pin_file
from firmware_app.kept.param_table import PARAMS
from firmware_app.kept.scenes import Scenes
from firmware_app.kept.setup_notes import Measured, SetupNotesStore
from firmware_app.kept.shapes import SHAPES, chosen
from firmware_app.link.wire import InfoFrame
from firmware_app.setup.backup import Backups
from firmware_app.system import diagnostics, scrub

SECRET = "hunter2-Xyz9"  # in every shape below
SHAPES_OF_SECRETS = [
    f"psk={SECRET}",
    f"psk {SECRET}",
    f'psk="{SECRET}"',
    f"PSK: {SECRET}",
    f"wifi_psk = '{SECRET}'",
    f"wpa_passphrase={SECRET}",
    f"passphrase correct horse {SECRET}",
    f"password {SECRET}",
    f"the password is {SECRET}",
    f'{{"ssid":"Stage","psk":"{SECRET}","channel":6}}',
    f'{{"wifi":{{"password":["{SECRET}"]}}}}',
    f'{{\\"password\\":\\"{SECRET}\\"}}',
    f'wifi = {{ ssid = "Stage", password = "{SECRET}" }}',
    f"Cookie: hushbox_session={SECRET}; other=1",
    f"Set-Cookie: hushbox_session={SECRET}; Path=/",
    f"cookie hushbox_session={SECRET}",
    f"Authorization: Bearer {SECRET}",
    f"Authorization: Basic {SECRET}",
    f"-u admin:{SECRET}@nas.local",
    f"smb://admin:{SECRET}@nas.local/music",
    f"https://admin:p@ss{SECRET}@nas.local:8080/x",
    f"GET /login?user=a&token={SECRET}&x=1",
    f"X-CSRF-Token: {SECRET}",
    f"api_key={SECRET}",
    f"apiKey: {SECRET}",
    f"private-key = {SECRET}",
    f"key={SECRET}",
    f"<psk>{SECRET}</psk>",
    f"MyWifiPassword={SECRET}",
    f"wifiPsk={SECRET}",
    f"secret,{SECRET}",
    f"pass: {SECRET}",
    f"--pwd {SECRET}",
    f"client_secret2={SECRET}",
    f"session_id={SECRET}",
    f'[wifi] mode = "{SECRET}": "ap" or "station" is allowed',
]
OTHER_SECRETS = [
    ("pin=2468", "2468"),
    ("PIN: 135790", "135790"),
    ('{"pin":"2468"}', "2468"),
    ("http://192.0.2.7:8080/#pair=AB0CD-1EFGH", "AB0CD-1EFGH"),
    ("digest 3f1c9a0b7e5d4c2f8a6b1d0e9c7f5a3b", "3f1c9a0b7e5d4c2f8a6b1d0e9c7f5a3b"),
    ("blob aGVsbG8gd29ybGQgdGhpcyBpcyBhIHNlY3JldCBrZXkgMQ==", "aGVsbG8gd29ybGQgdGhpcyBpcyBhIHNlY3JldCBrZXkgMQ"),
]
HARMLESS = [
    "2026-01-01 12:00:00,123 control: firmware_app.control.control INFO box.bypass = 1, passes 3 of 4",
    "audio INFO Scarlett 2i2 USB (hw:CARD=USB,DEV=0): the only interface",
    "footswitch on GPIO17, pin 11: pressed for 1024 ms",
    "no such key, did you mean audio.device?",
    "/usr/lib/python3/dist-packages/firmware_app/system/versions_of_everything.py line 12",
    "models_quantized/denoise-live/bundle.toml: inside, resident 1.2.0",
    "48000 Hz, 128 frames x 3: load 0.19, xruns 0",
    "starting again, as the page asks",
]


@pytest.mark.parametrize("line", SHAPES_OF_SECRETS)
def test_a_secret_is_known_by_its_shape(line: str) -> None:
    assert SECRET not in scrub.text(line)
    assert SECRET not in scrub.text(f"2026-01-01 12:00:00,123 control: x INFO was told {line} and no more")
    assert SECRET not in json.dumps(scrub.tree({"a": [line], line: 1}))


@pytest.mark.parametrize(("line", "secret"), OTHER_SECRETS)
def test_a_pin_or_a_code_is_known_by_its_shape(line: str, secret: str) -> None:
    assert secret not in scrub.text(f"INFO was told {line} and more")


@pytest.mark.parametrize("line", HARMLESS)
def test_what_helps_stays(line: str) -> None:
    assert scrub.text(line) == line


def test_a_key_over_several_lines_is_left_out_whole() -> None:
    key = [
        "one",
        "x -----BEGIN OPENSSH PRIVATE KEY-----",
        "b3BlbnNz",
        "aC1r",
        "-----END OPENSSH PRIVATE KEY-----",
        "two",
    ]
    assert scrub.lines(key) == ["one", "x (left out)", "two"]
    assert "b3BlbnNz" not in json.dumps(scrub.tree({"x": "\n".join(key)}))


def test_what_lies_under_a_name_that_says_secret_is_left_out() -> None:
    tree = {"wifi": {"psk": SECRET, "passwords": [SECRET, {"a": SECRET}], "key": SECRET, "channel": 6}}
    cleaned = scrub.tree(tree)
    assert SECRET not in json.dumps(cleaned)
    assert cleaned["wifi"]["channel"] == 6


def plant(value: Any, line: str) -> Any:
    """The same tree with secrets under names that nobody knows, at every depth."""
    if isinstance(value, dict):
        planted = {name: plant(inner, line) for name, inner in value.items()}
        return {**planted, "wifi": {"psk": line}, "psk": line, "note": line, "code": 24681357}
    if isinstance(value, list):
        return [*(plant(inner, line) for inner in value), {"psk": line}, [line]]
    return value


def state_of_a_box() -> dict[str, Any]:
    """What the box itself keeps, with something under every key."""
    values = {id: spec.default for id, spec in PARAMS.items()}
    controls = [{"table": table, "name": "x"} for table in CONTROL_TABLES]
    return {
        "state.json": values,
        "scenes.json": {"A": values, "B": {}},
        "presets.json": {
            "own": {"Mine": {"about": "for the choir", "params": values}},
            "order": ["Mine"], "current": "Mine", "renamed": {"Old": "Mine"},
        },
        "panel.json": {
            "controls": controls, "off": ["control footswitch"], "unread": [],
            "mappings": [{"on": "x", "gesture": "press", "do": "toggle", "param": "box.mute"}],
        },
        "audio.json": {"device": "hw:CARD=USB", "rate_hz": 48000, "input_channels": [1, 2]},
        "models.json": {"bundle": "denoise-studio", "stems_bundle": "/home/me/my-stems"},
        "setup.json": {
            "name": "Left wing", "wizard": "done", "step": "sound",
            "measured": [{"frames": 512, "device": "USB", "rate_hz": 48000, "period_frames": 128, "periods": 3}],
        },
    }  # fmt: skip


def lay_out(folder: Path, bodies: dict[str, Any]) -> None:
    folder.mkdir(exist_ok=True)
    for name, body in bodies.items():
        (folder / name).write_text(json.dumps({"schema": 1, SHAPES[name][0]: body}))


def backup_of(folder: Path) -> dict[str, Any]:
    made = Backups(folder, "1", lambda folder: {}).make()
    files: dict[str, Any] = json.loads(made)["files"]
    return files


def test_what_the_box_keeps_is_in_a_backup_whole(tmp_path: Path) -> None:
    bodies = state_of_a_box()
    assert set(bodies) == set(SHAPES)
    lay_out(tmp_path, bodies)
    assert backup_of(tmp_path) == {name: {"schema": 1, SHAPES[name][0]: body} for name, body in bodies.items()}


def test_what_the_stores_write_is_in_a_backup_whole(tmp_path: Path) -> None:
    scenes = Scenes(tmp_path, PARAMS)
    scenes.keep("A", {id: spec.default for id, spec in PARAMS.items()})
    assert scenes.save_job.save()
    store = SetupNotesStore(tmp_path)
    store.change(name="Left wing", wizard="done")
    store.remember(Measured(512, "USB", 48000, 128, 3))
    assert store.save_job.save()
    for name in ("scenes.json", "setup.json"):
        assert backup_of(tmp_path)[name] == json.loads((tmp_path / name).read_text())


def test_nothing_else_is_in_a_backup(tmp_path: Path) -> None:
    lay_out(tmp_path, {name: plant(body, SECRET) for name, body in state_of_a_box().items()})
    pin_file.Pin(tmp_path).set("2468")
    for name in ("wifi.json", "restore.json", "x.json"):
        (tmp_path / name).write_text(json.dumps({"schema": 1, "wifi": {"psk": SECRET}}))
    files = backup_of(tmp_path)
    assert SECRET not in json.dumps(files)
    assert "24681357" not in json.dumps(files)
    assert set(files) == set(SHAPES)
    assert files["state.json"]["params"] == state_of_a_box()["state.json"]


TOML = """
# wifi_password = "{secret}"
top = '''{line}'''
[box]
name = "Left wing"
psk = "{secret}"
[audio]
device = "demo"
period_frames = "{secret}"
wifi = {{ ssid = "x", psk = "{secret}" }}
[page]
port = 8080
[wifi]
psk = '''{line}'''
[[wifi.networks]]
password = "{secret}"
[[panel.switches]]
name = "footswitch"
gpio = 17
note = '''{line}'''
"""


@pytest.mark.parametrize("line", SHAPES_OF_SECRETS)
def test_no_planted_secret_is_in_the_diagnostics(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bodies = {name: plant(body, line) for name, body in state_of_a_box().items()}
    bodies["presets.json"]["own"]["Mine"]["about"] = line
    bodies["setup.json"]["measured"][0]["device"] = line
    bodies["panel.json"]["off"] = [line]
    lay_out(tmp_path, bodies)
    (tmp_path / "wifi.json").write_text(json.dumps({"schema": 1, "wifi": {"psk": SECRET}}))
    config = tmp_path / "hushbox.toml"
    config.write_text(TOML.format(secret=SECRET, line=line))
    said = json.dumps({"findings": [{"check": "settings", "text": line, "mend": line, "psk": SECRET}]})
    # The doctor itself is tried once, below: it takes seconds.
    monkeypatch.setattr(diagnostics, "_doctor", lambda arguments, gone: diagnostics._answer(said, ""))
    made = diagnostics.bundle(
        state=tmp_path, config_file=config, doctor_arguments=(), versions={"System": line},
        info=InfoFrame(device=line, message=line), history=[{"at_s": 1.0}], log=[f"control: {line}", "all is well"],
    )  # fmt: skip
    with zipfile.ZipFile(io.BytesIO(made)) as pack:
        texts = {name.removeprefix("hushbox-diagnostics/"): pack.read(name).decode() for name in pack.namelist()}
    for name, text in texts.items():
        assert SECRET not in text, name
        assert "24681357" not in text, name
    assert set(texts) == {
        "versions.json", "what-runs.json", "meters.json", "doctor.json", "settings.json", "log.txt",
        *(f"state/{name}" for name in SHAPES),
    }  # fmt: skip
    settings = json.loads(texts["settings.json"])
    assert settings["settings"]["box"] == {"name": "Left wing"}
    assert settings["settings"]["audio"] == {"device": "demo"}
    assert settings["settings"]["panel"]["switches"] == [{"name": "footswitch", "gpio": 17}]
    assert settings["left out"] == 6
    assert json.loads(texts["state/state.json"])["params"] == state_of_a_box()["state.json"]
    assert "all is well" in texts["log.txt"]


def test_a_file_that_is_no_toml_and_a_damaged_one_are_said_and_not_shown(tmp_path: Path) -> None:
    config = tmp_path / "hushbox.toml"
    config.write_text(f'psk = "{SECRET}\n')
    assert diagnostics.settings(config) == {"file": str(config), "cannot be read": "not TOML; the doctor says where"}
    (tmp_path / "state.json").write_text(f'{{"psk": "{SECRET}"')
    (tmp_path / "panel.json").write_text(json.dumps({"schema": 1, "panel": [SECRET]}))
    assert diagnostics._state(tmp_path) == {
        "state.json": {"cannot be read": "it is damaged"},
        "panel.json": {"cannot be read": "it is shaped otherwise"},
    }


def test_the_doctors_own_words_about_a_wrong_setting_say_no_value(tmp_path: Path) -> None:
    config = tmp_path / "hushbox.toml"
    config.write_text(f'[page]\nport = "{SECRET}"\n[audio]\nperiods = ["{SECRET}"]\nwifi = {{ psk = "{SECRET}" }}\n')
    arguments = ["--config", str(config), "--state-dir", str(tmp_path / "state")]
    said = diagnostics._doctor(arguments, bool)
    assert SECRET in json.dumps(said)  # so that the owner sees it
    assert "[page] port = (left out): a whole number" in json.dumps(scrub.tree(said))
    assert SECRET not in json.dumps(scrub.tree(said))


def test_a_shape_is_known_for_each_file_of_a_backup() -> None:
    assert chosen("pin.json", {"schema": 1, "pin": {}}) is None
    assert chosen("state.json", {"schema": 1, "other": {}}) is None
