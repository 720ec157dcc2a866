"""The values in force: what is restored, and what control may set."""

import pytest

from dsp.rack.dry_path import MUTE
from firmware_app.config.places import Places
from firmware_app.kept.param_table import PARAMS
from firmware_app.kept.store import Store
from firmware_app.link.shared_state import values_in_force
from firmware_app.link.wire import Down
from tests.rigs.scripted_interface import MakeProcess


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 7.0, -1.0, 0.5])
def test_a_value_that_cannot_be_changes_nothing(make_process: MakeProcess, audio_places: Places, value: float) -> None:
    box = make_process()
    index = list(PARAMS).index(MUTE.id)
    box._parameters.set(index, 1.0)
    box._link.receive = iter([(Down.PARAM, index, value), (Down.PARAM, 60_000, 1.0), (77, 0, 0.0), None]).__next__
    box._take_changes()
    assert box._rack.param(MUTE.id) == 1.0
    values = values_in_force(audio_places.runtime / "audio.shm", box._parameters.hash, len(PARAMS))
    assert values is not None
    assert values[index] == 1.0


def test_a_mute_that_only_the_disk_knows_holds(make_process: MakeProcess, audio_places: Places) -> None:
    make_process()._link.close()  # leaves its values behind: not muted
    Store(audio_places.state, PARAMS).save({MUTE.id: 1.0})  # muted while the audio process was down
    assert make_process()._rack.param(MUTE.id) == 1.0


def test_rubbish_in_memory_gives_way_to_what_was_saved(make_process: MakeProcess, audio_places: Places) -> None:
    index = list(PARAMS).index(MUTE.id)
    first = make_process()
    first._parameters.shared.set(index, 1e300)
    first._link.close()
    Store(audio_places.state, PARAMS).save({MUTE.id: 1.0})
    assert make_process()._rack.param(MUTE.id) == 1.0


def test_the_audio_process_leaves_a_bad_settings_file_to_control(
    make_process: MakeProcess, audio_places: Places
) -> None:
    audio_places.make_state()
    (audio_places.state / "state.json").write_text("{")
    make_process()
    assert [path.name for path in audio_places.state.iterdir()] == ["state.json"]
