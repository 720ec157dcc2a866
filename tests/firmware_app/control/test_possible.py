"""Presets that this box cannot play: stepping by foot leaves them out, and the page is told which chains there are."""

from dataclasses import replace
from pathlib import Path

import pytest

from firmware_app.config.panel_keys import PanelConfig
from tests.rigs.panel_box import PanelParts, box_setup


@pytest.mark.parametrize("music", [(), (3, 4)])
def test_a_step_leaves_out_what_has_no_music_input(tmp_path: Path, music: tuple[int, ...]) -> None:
    parts = PanelParts(tmp_path, PanelConfig(pins="mock", midi=False))
    box = box_setup(tmp_path, parts.control)
    box.audio.in_force = replace(box.audio.in_force, music_channels=music)
    parts.performer.possible = box.possible
    seen = []
    for _ in parts.performer.preset_names:
        parts.performer.step_preset(1, "panel:left")
        seen.append(parts.performer.preset)
    assert ("Voice over music" in seen) is bool(music)
    assert set(parts.performer.preset_names) - set(seen) <= {"Voice over music"}
    assert box.chains == (("voice", "music", "voice over music") if music else ("voice", "music"))
    parts.performer.recall("Voice over music", "page")  # by name it can be had, and left again
    parts.performer.step_preset(1, "panel:left")
    assert parts.performer.preset != "Voice over music"
    parts.close()


def test_without_a_model_for_stems_there_is_only_the_voice(tmp_path: Path) -> None:
    parts = PanelParts(tmp_path, PanelConfig(pins="mock", midi=False))
    box = box_setup(tmp_path, parts.control)
    box.config = replace(box.config, model=replace(box.config.model, stems_bundle="gone"))
    assert box.chains == ("voice",)
    assert [preset.name for preset in parts.performer.presets.all() if box.possible(preset)] == [
        "Choir", "Conference", "Gentle", "In-ear", "Podcast", "Rap", "Rehearsal with bleed", "Singer live",
        "Singer studio", "Strong",
    ]  # fmt: skip
    parts.close()
