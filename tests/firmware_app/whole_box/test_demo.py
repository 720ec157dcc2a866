"""The demo of a whole box: it changes with the chain, and voice over music has a microphone and music to play."""

from pathlib import Path

import pytest

from dsp.rack.rack import CHAINS
from tests.rigs.running_box import RunningBox

pytestmark = pytest.mark.box


def test_the_song_plays_while_a_music_chain_is_on(tmp_path: Path):
    with RunningBox(tmp_path / "box", '[audio]\ndevice = "demo"\n') as box:
        box.wait_status(lambda s: s["device"] == "demo vocal" and s["state"] == "running", "the vocal")
        assert "Voice over music" in [preset["name"] for preset in box.get("presets")["presets"]]
        for chain, device in (("music", "demo song"), ("voice over music", "demo song"), ("voice", "demo vocal")):
            box.set("box.chain", float(CHAINS.index(chain)))
            box.wait_status(
                lambda s, device=device, inputs=1 if chain == "voice" else 2: (  # as many as the meters show
                    s["demo"] and s["device"] == device and s["state"] == "running" and len(s["inputs"]) == inputs
                ),
                device,
            )
            box.wait_status(
                lambda s: not s["message"] and max(each["peak_db"] for each in s["outputs"]) > -40, f"sound of {chain}"
            )
