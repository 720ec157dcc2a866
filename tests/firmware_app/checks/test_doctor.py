"""`hushbox doctor`: each check against a small tree of the system's files, and the whole on this machine."""

import fcntl
import json
import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from firmware_app import cli
from firmware_app.checks import Finding, Level, box, panel, sound, system
from firmware_app.config import places
from firmware_app.config.keys import AudioConfig, PageConfig
from firmware_app.config.panel_keys import (
    HidKeyConfig,
    KnobConfig,
    MappingConfig,
    MidiKnobConfig,
    PanelConfig,
    SwitchConfig,
)
from firmware_app.config.places import Places
from firmware_app.config.read import parse
from firmware_app.kept.mutes import MutesFile
from firmware_app.kept.saver import leave_trouble
from hw.audio.devices import Interface
from hw.audio.probe import PcmCaps
from tests.rigs.checkout import ROOT

CAPS = PcmCaps(("S16_LE",), (48_000,), (1, 2))
USB = Interface("USB", "Scarlett", "hw:CARD=USB,DEV=0", True, "usb-1", "", CAPS, CAPS, True, "")


@pytest.fixture
def here(tmp_path) -> Places:
    (tmp_path / "models").mkdir()
    return Places(tmp_path / "models", tmp_path, tmp_path / "state", tmp_path / "run")


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("HUSHBOX_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("HUSHBOX_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.delenv("HUSHBOX_CONFIG", raising=False)


def put(root: Path, path: str, text: str) -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def level(findings, check: str) -> Level:
    return next(f.level for f in findings if f.check == check)


# --- the whole ---


def test_the_whole_runs_here_and_every_finding_says_how_to_mend_it(capsys):
    code = cli.main(["doctor", "--json"])
    document = json.loads(capsys.readouterr().out)
    assert code == (1 if document["problems"] else 0)
    assert not [f for f in document["findings"] if "the check itself failed" in f["text"]]
    assert {"settings", "state folder", "runtime folder", "page", "pins", "real-time priority", "clock"} <= {
        f["check"] for f in document["findings"]
    }
    for finding in document["findings"]:
        assert (finding["level"] == "ok") == (finding["mend"] == ""), finding


def test_what_does_the_work_of_a_hop_is_told():
    from dsp import native

    with native.switched(False):
        found = box.native_part()
    assert found[0].level is Level.ADVICE
    assert "NumPy" in found[0].text
    if native.in_use():
        assert box.native_part()[0].level is Level.OK


def test_wrong_settings_are_problems_and_the_rest_is_still_checked(capsys):
    Path("hushbox.toml").write_text('[page]\nport = 70000\n[[panel.switches]]\nname="f"\ngpio=17\ndoes="bypas"\n')
    assert cli.main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "problem  settings: hushbox.toml:2: [page] port = 70000: a whole number" in out
    assert "         to mend: hushbox.toml.example shows every key" in out
    assert "clock: " in out
    Path("hushbox.toml").write_text('[[panel.switches]]\nname="f"\ngpio=17\ndoes="bypas"\n')
    assert cli.main(["doctor"]) == 1
    assert "no such on/off parameter; did you mean box.bypass?" in capsys.readouterr().out


def test_an_unknown_bundle_is_a_problem(capsys):
    Path("hushbox.toml").write_text('[model]\nbundle = "nothing"\n')
    assert cli.main(["doctor"]) == 1
    assert "problem  model nothing: " in capsys.readouterr().out


# --- models ---


def test_a_whole_model_runs(here, tiny):
    (finding,) = box.models(here, tiny)
    assert finding.level is Level.OK
    assert finding.text == "0.0.1, whole, and runs on tflite"


def test_a_damaged_model_is_a_problem_only_if_it_is_the_one_in_use(here, tiny):
    (here.models / "odd").mkdir()
    (here.models / "odd" / "bundle.toml").write_text("=")
    assert level(box.models(here, tiny), "model odd") is Level.ADVICE
    assert level(box.models(here, "odd"), "model odd") is Level.PROBLEM


# --- folders ---


def test_folders_that_are_fine_are_left_as_they_were(here):
    assert [f.level for f in box.folders(here)] == [Level.OK, Level.OK]
    assert list(here.state.iterdir()) == []


def test_a_state_folder_that_cannot_be_is_a_problem(here):
    here.state.write_text("")
    state, _ = box.folders(here)
    assert state.level is Level.PROBLEM
    assert "settings are lost at the end" in state.text


def test_a_runtime_folder_open_to_others_is_a_problem(here):
    here.runtime.mkdir()
    here.runtime.chmod(0o777)
    _, runtime = box.folders(here)
    assert (runtime.level, runtime.check) == (Level.PROBLEM, "runtime folder")


def test_what_could_not_be_saved_is_a_problem(here):
    here.make_runtime()
    leave_trouble(here.runtime, "settings are kept in memory only: no room")
    _, saving, _ = box.folders(here)
    assert (saving.level, saving.text) == (Level.PROBLEM, "settings are kept in memory only: no room")
    leave_trouble(here.runtime, "")
    MutesFile(here.state).save([], ["presets"])  # after a power cut: the disk itself tells
    _, saving, _ = box.folders(here)
    assert (saving.level, saving.text) == (Level.PROBLEM, "not saved when the box ended: presets")
    MutesFile(here.state).save([])
    assert len(box.folders(here)) == 2


def test_a_state_folder_open_to_others_is_advice(here):
    here.make_state()
    here.state.chmod(0o755)
    state, _ = box.folders(here)
    assert (state.level, state.mend) == (Level.ADVICE, f"chmod 700 {here.state}")


# --- page ---


def test_a_free_port_and_any_port_are_fine(here):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        free = other.getsockname()[1]
    assert box.page(PageConfig("127.0.0.1", free), here)[0].level is Level.OK
    assert box.page(PageConfig("127.0.0.1", 0), here)[0].text == "a free port will be taken"


def test_a_port_that_is_taken_is_a_problem_unless_by_this_box(here):
    here.make_runtime()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        config = PageConfig("127.0.0.1", other.getsockname()[1])
        (finding,) = box.page(config, here)
        assert finding.level is Level.PROBLEM
        assert "cannot be used: Address already in use" in finding.text
        with open(here.runtime / "hushbox.lock", "w") as lock:
            lock.write("4711")
            lock.flush()
            fcntl.flock(lock, fcntl.LOCK_EX)
            (finding,) = box.page(config, here)
            assert finding.level is Level.OK
            assert "served by the Hushbox that runs (process 4711)" in finding.text


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host"])
def test_an_address_that_is_not_here_is_a_problem(host, here):
    (finding,) = box.page(PageConfig(host, 0), here)
    assert finding.level is Level.PROBLEM
    assert "set page.host" in finding.mend


# --- sound ---


def test_no_interface_is_advice_and_a_named_one_that_is_gone_a_problem(tmp_path):
    found = sound.sound(AudioConfig(), tmp_path, list)
    assert level(found, "audio interface") is Level.ADVICE
    found = sound.sound(AudioConfig(device="hw:CARD=Nowhere"), tmp_path, list)
    assert level(found, "audio interface") is Level.PROBLEM
    found = sound.sound(AudioConfig(device="demo"), tmp_path, list)
    assert level(found, "audio interface") is Level.OK


def test_an_interface_that_fits_is_fine(tmp_path):
    assert {f.level for f in sound.sound(AudioConfig(), tmp_path, lambda: [USB])} == {Level.OK}


@pytest.mark.parametrize(
    ("config", "usb", "said"),
    [
        (AudioConfig(input_channels=(3,)), USB, "only 2 inputs: the microphone is on 1, not on 3"),
        (AudioConfig(rate_hz=96_000), USB, "no 96000 Hz: another rate"),
        (AudioConfig(sample_format="S32_LE"), USB, "no S32_LE: another format"),
        (
            AudioConfig(),
            replace(USB, playback=PcmCaps(("S16_LE",), (48_000,), (1,))),
            "only 1 output: sound is on 1, not on 1 and 2",
        ),
        (
            AudioConfig(),
            replace(USB, capture=PcmCaps(("S16_LE",), (16_000,), (2,))),
            "it runs at 16 kHz: nothing above 8 kHz is heard",
        ),
    ],
)
def test_what_the_box_takes_where_the_settings_do_not_fit_is_said(config, usb, said, tmp_path):
    finding = next(f for f in sound.sound(config, tmp_path, lambda: [usb]) if f.check == "audio settings")
    assert (finding.level, finding.text) == (Level.ADVICE, f"Scarlett: {said}")
    only_44100 = replace(
        USB, capture=PcmCaps(("S16_LE",), (44_100,), (2,)), playback=PcmCaps(("S16_LE",), (44_100,), (2,))
    )
    assert {f.level for f in sound.sound(AudioConfig(), tmp_path, lambda: [only_44100])} == {Level.OK}


def test_sound_servers_are_named(tmp_path):
    put(tmp_path, "proc/12/comm", "pipewire\n")
    put(tmp_path, "proc/13/comm", "bash\n")
    finding = next(f for f in sound.sound(AudioConfig(), tmp_path, list) if f.check == "sound servers")
    assert (finding.level, finding.text) == (
        Level.ADVICE,
        "pipewire: may take the interface before the box does",
    )


def as_nobody(code: str, *args: object) -> str:
    """Run `code` as a user for whom file permissions count."""
    head = "import os, sys\nfrom pathlib import Path\nfrom firmware_app.checks import panel, sound, system\n"
    drop = "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n" if os.getuid() == 0 else ""
    command = [sys.executable, "-B", "-c", head + drop + code, *map(str, args)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def open_root(tmp_path_factory):
    """A folder that nobody may look into, unlike pytest's own."""
    import shutil
    import tempfile

    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_sound_devices_that_this_user_may_not_use_are_a_problem(open_root):
    put(open_root, "dev/snd/pcmC0D0p", "").chmod(0o600)
    out = as_nobody("print(sound._permission(Path(sys.argv[1])))", open_root)
    assert "PROBLEM" in out
    assert "this user may not use pcmC0D0p" in out
    assert "sudo usermod -aG audio" in out


# --- pins ---


def said(findings: list[Finding], check: str) -> list[tuple[str, str]]:
    return [(f.level.value, f.text) for f in findings if f.check == check]


def test_pins_simulated_off_and_broken(tmp_path):
    assert all(f.level is Level.OK for f in panel.panel(PanelConfig(pins="mock"), tmp_path))
    assert all(f.level is Level.OK for f in panel.panel(PanelConfig(pins="off"), tmp_path))
    simulated = panel.panel(PanelConfig(), tmp_path)
    assert "simulated on the page" in said(simulated, "pins")[0][1]
    assert said(simulated, "board") == [("ok", "simulated Raspberry Pi 4")]
    broken = panel.panel(PanelConfig(pins="rpigpio"), tmp_path)
    (finding,) = [f for f in broken if f.check == "pins"]
    assert finding.level is Level.PROBLEM
    assert "sudo usermod -aG gpio" in finding.mend


def test_every_control_is_told_with_its_place_and_what_it_does(tmp_path):
    config = PanelConfig(
        pins="mock",
        switches=(SwitchConfig("foot", 17, "bypass"), SwitchConfig("hat", 0)),
        mappings=(MappingConfig("foot", "tap_tempo", "long_press"), MappingConfig("fot", "tap_tempo")),
    )
    found = panel.panel(config, tmp_path)
    assert said(found, "foot") == [("ok", "GPIO17 (pin 11): press: Bypass on/off; long press: Tap tempo")]
    assert said(found, "amount") == [("ok", "MCP3008 channel 0: turn: Noise reduction")]
    assert said(found, "status") == [("ok", "GPIO27 (pin 13): shows processing")]
    ((level, text),) = said(found, "hat")
    assert level == "problem"
    assert "identity chip" in text
    ((level, text),) = said(found, "panel")
    assert (level, text.startswith("no control 'fot'")) == ("problem", True)


def test_what_the_page_added_is_told_and_a_bad_file_left_alone(tmp_path):
    here = replace(places.find(), state=tmp_path)
    solo = {"table": "switches", "name": "solo", "gpio": 4}
    (tmp_path / "panel.json").write_text(json.dumps({"schema": 1, "panel": {"controls": [solo]}}))
    found = panel.panel(PanelConfig(pins="mock"), tmp_path, here)
    assert said(found, "solo") == [("ok", "GPIO4 (pin 7): nothing yet")]
    (tmp_path / "panel.json").write_text("{")
    found = panel.panel(PanelConfig(pins="mock"), tmp_path, here)
    assert "is damaged" in said(found, "panel")[0][1]
    assert (tmp_path / "panel.json").read_text() == "{"


def test_midi_ports_there_missing_and_forbidden(open_root):
    config = PanelConfig(pins="off", midi_knobs=(MidiKnobConfig("fader", 1, port="FCB1010"),))
    found = said(panel.panel(config, open_root), "MIDI")
    assert found == [("advice", "fader waits for MIDI port FCB1010")]
    put(open_root, "proc/asound/card2/id", "FCB1010")
    device = put(open_root, "dev/snd/midiC2D0", "")
    assert said(panel.panel(config, open_root), "MIDI") == [("ok", "FCB1010 is there")]
    device.chmod(0o600)
    code = (
        "from firmware_app.config.panel_keys import PanelConfig\n"
        "print(panel.panel(PanelConfig(pins='off'), Path(sys.argv[1])))"
    )
    out = as_nobody(code, open_root)
    assert "this user may not use FCB1010" in out
    assert "sudo usermod -aG audio" in out
    assert said(panel.panel(PanelConfig(pins="off", midi=False), open_root), "MIDI") == [
        ("ok", "switched off in the settings")
    ]


def test_usb_footswitches_that_are_mapped(open_root):
    config = PanelConfig(pins="off", hid_keys=(HidKeyConfig("left", "1a86-e026", "KEY_A"),))
    assert said(panel.panel(config, open_root), "USB footswitch") == [("advice", "1a86-e026 is not plugged in")]
    put(
        open_root,
        "proc/bus/input/devices",
        "I: Bus=0003 Vendor=1a86 Product=e026 Version=0110\nH: Handlers=sysrq kbd event3\n\n",
    )
    put(open_root, "dev/input/event3", "")
    assert said(panel.panel(config, open_root), "USB footswitch") == [("ok", "1a86-e026 is there")]


def test_i2c_is_asked_for_only_where_a_knob_is_on_it(open_root):
    plan = panel._plan(PanelConfig(knobs=(KnobConfig("amount", 0, chip="ads1115"),)), None)[0]
    (finding,) = panel._spi_devices(plan, open_root)
    assert "so the knobs on the ADS1115 cannot be read" in finding.text
    assert "do_i2c 0" in finding.mend
    device = put(open_root, "dev/i2c-1", "")
    assert [f.level for f in panel._spi_devices(plan, open_root)] == [Level.OK]
    device.chmod(0o600)
    assert "this user may not use i2c-1" in as_nobody("print(panel._i2c(Path(sys.argv[1])))", open_root)


def test_spi_missing_forbidden_and_there(open_root):
    assert "it is switched off" in panel._spi(open_root)[0].text
    device = put(open_root, "dev/spidev0.0", "")
    assert panel._spi(open_root)[0].level is Level.OK
    device.chmod(0o600)
    assert "this user may not use spidev0.0" in as_nobody("print(panel._spi(Path(sys.argv[1])))", open_root)


# --- system ---


def test_limits_of_a_user_without_rights_are_advice(open_root):
    put(open_root, "proc/self/status", "CapEff:\t0000000000000000\n")
    code = (
        "import resource\n"
        "resource.setrlimit(resource.RLIMIT_RTPRIO, (0, 0))\n"
        "resource.setrlimit(resource.RLIMIT_MEMLOCK, (65536, 65536))\n"
        "print([(f.level.value, f.text) for f in system.real_time(Path(sys.argv[1]))])"
    )
    out = as_nobody(code, open_root)
    assert "allowed up to 0, the audio process asks for 70" in out
    assert "allowed up to 0 MB, 512 MB are enough" in out
    assert out.count("'advice'") == 2


def test_capabilities_are_as_good_as_limits(tmp_path):
    put(tmp_path, "proc/self/status", "CapEff:\t0000000000804000\n")
    assert [f.level for f in system.real_time(tmp_path)] == [Level.OK, Level.OK]


def test_the_governor(tmp_path):
    assert system.processor(tmp_path)[0].level is Level.OK
    file = put(tmp_path, "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "ondemand\n")
    finding = system.processor(tmp_path)[0]
    assert finding.level is Level.ADVICE
    assert "governor ondemand" in finding.text
    file.write_text("performance\n")
    assert system.processor(tmp_path)[0].level is Level.OK


@pytest.mark.parametrize(
    ("flags", "level", "said"),
    [
        ("0x0", Level.OK, "no low voltage"),
        ("0x50005", Level.PROBLEM, "too low at this moment"),
        ("0x4", Level.PROBLEM, "being slowed down"),
        ("0x10000", Level.ADVICE, "was too low since the start"),
        ("0x40000", Level.ADVICE, "was slowed down since the start"),
    ],
)
def test_the_power_supply(flags, level, said, tmp_path, monkeypatch):
    put(tmp_path, "bin/vcgencmd", f"#!/bin/sh\necho throttled={flags}\n").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    (finding,) = system.power_and_heat(tmp_path)
    assert finding.level is level
    assert said in finding.text


def test_a_vcgencmd_that_fails_says_nothing(tmp_path, monkeypatch):
    put(tmp_path, "bin/vcgencmd", "#!/bin/sh\necho VCHI initialization failed\n").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    assert system.power_and_heat(tmp_path) == []


def test_the_temperature(tmp_path):
    file = put(tmp_path, "sys/class/thermal/thermal_zone0/temp", "48312\n")
    assert system.power_and_heat(tmp_path)[0].text == "48 °C"
    file.write_text("83000\n")
    assert system.power_and_heat(tmp_path)[0].level is Level.ADVICE


def test_a_clock_that_was_never_set(monkeypatch):
    assert system.clock()[0].level is Level.OK
    monkeypatch.setattr("time.time", lambda: 1000.0)
    assert system.clock()[0].level is Level.ADVICE


@pytest.mark.parametrize(
    ("board", "bundle", "period", "said"),
    [
        ("Raspberry Pi 4 Model B Rev 1.4", "denoise-live", 128, True),
        ("Raspberry Pi 4 Model B Rev 1.4", "denoise-live", 256, False),
        ("Raspberry Pi 4 Model B Rev 1.4", "denoise-studio", 128, True),
        ("Raspberry Pi 4 Model B Rev 1.4", "denoise-light", 64, False),
        ("Raspberry Pi 5 Model B Rev 1.0", "denoise-live", 128, False),
    ],
)
def test_a_denoiser_too_large_for_a_pi_4_is_pointed_out(here, tmp_path, board, bundle, period, said):
    put(tmp_path, "proc/device-tree/model", board)
    config = parse(f'[audio]\nperiod_frames = {period}\n[model]\nbundle = "{bundle}"')
    found = box.fitting_model(here, config, tmp_path)
    assert [f.level for f in found] == [Level.ADVICE] * said
    assert all(bundle in f.text and "denoise-light" in f.mend for f in found)
