"""`hushbox network` asks the running box, and prints no password but the card's."""

import json
from pathlib import Path

import pytest

from firmware_app import cli
from firmware_app.page import address
from tests.conftest import MakeUsb
from tests.rigs.running_box import RunningBox
from web_ui.app import create_app
from web_ui.fakes.box import FakeBox, fake_box
from web_ui.serving.server import PageServer


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A served fake box, which the command finds by its note."""
    monkeypatch.setenv("HUSHBOX_RUNTIME_DIR", str(tmp_path))
    made = fake_box()
    server = PageServer(create_app(made), "127.0.0.1", 0)
    address.leave(tmp_path, tmp_path, "127.0.0.1", server.start())
    yield made
    server.stop()


def run(*words: str) -> int:
    return cli.main(["network", *words])


def test_it_says_how_the_box_is_connected(box: FakeBox, capsys: pytest.CaptureFixture[str]):
    assert run() == 0
    said = capsys.readouterr().out
    assert "own Wi-Fi Hushbox-7KQ2, 1 phones in it" in said
    assert "hushbox-7kq2.local" in said
    assert run("--json") == 0
    assert json.loads(capsys.readouterr().out)["own"]["name"] == "Hushbox-7KQ2"


def test_it_joins_with_a_password_that_no_list_of_processes_shows(
    box: FakeBox, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("builtins.input", lambda: "correct horse")
    assert run("join", "Studio") == 0
    assert box.network.view().wifi == "Studio"
    assert run("forget", "Studio") == 0
    assert box.network.view().saved == ()
    assert "correct horse" not in capsys.readouterr().out


def test_it_opens_closes_and_says_the_country(box: FakeBox, capsys: pytest.CaptureFixture[str]):
    assert run("hotspot", "off") == 0
    assert not box.network.view().own.on
    assert run("hotspot", "on") == 0
    assert box.network.view().own.asked
    assert run("country", "de") == 0
    assert box.network.view().country == "DE"
    assert run("card") == 0
    assert box.network.card().password in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("forget", "Nowhere"), 1, "is not saved"),
        (("country", "Germany"), 1, "two capital letters"),
        (("hotspot", "maybe"), 2, '"on" or "off"'),
        (("join",), 2, "one word more"),
        (("card", "x"), 2, "takes none"),
    ],
)
def test_what_is_wrong_is_said(
    box: FakeBox, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: int, said: str
):
    assert run(*words) == code
    assert said in capsys.readouterr().err


def test_without_a_box_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HUSHBOX_RUNTIME_DIR", str(tmp_path))
    address.leave(tmp_path, tmp_path, "127.0.0.1", 9)
    assert run() == 1
    assert "no box answers" in capsys.readouterr().err


@pytest.mark.rig
@pytest.mark.box
def test_a_running_box_lets_its_own_user_do_all_of_it(
    make_usb: MakeUsb, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """Whoever is paired: commands have a session of their own."""
    usb = make_usb()
    with RunningBox(tmp_path / "box", f'[audio]\ndevice = "{usb.device}"\n[panel]\npins = "mock"\n') as running:
        running.wait_status(lambda s: s["audio_alive"], "audio process")
        monkeypatch.setenv("HUSHBOX_RUNTIME_DIR", str(running.runtime))
        assert run("--json") == 0
        assert "program on this computer" in json.loads(capsys.readouterr().out)["why_not"]
        assert run("country", "DE") == 0
        capsys.readouterr()
        assert run("card", "--json") == 0
        assert len(json.loads(capsys.readouterr().out)["password"]) == 14
