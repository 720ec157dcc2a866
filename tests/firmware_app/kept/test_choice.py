"""The kept choice of bundle and period: who wins, how long it holds, and what is read back."""

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from firmware_app.audio.health import Health
from firmware_app.audio.load_chains import measured_config
from firmware_app.config import places
from firmware_app.config.keys import Config
from firmware_app.config.places import Places
from firmware_app.config.read import parse
from firmware_app.control.control import Control
from firmware_app.kept import audio as kept_audio
from firmware_app.kept import choice
from firmware_app.kept.choice import ChoiceStore
from firmware_app.kept.pairings import Pairings
from firmware_app.kept.param_table import PARAMS
from firmware_app.kept.store import Store
from firmware_app.link.wire import InfoFrame
from firmware_app.models.carry import Load
from firmware_app.models.choice import Choice
from firmware_app.running.crash_loop import MOST_CRASHES, CrashLoop
from firmware_app.setup.box import BoxSetup
from tests.rigs.tiny_bundle import tflite_model, tiny_weights, write_bundle
from tests.rigs.usual_choice import usual_choice

LIGHT_64 = {"bundle": "denoise-light", "period_frames": 64, "loads": (Load("denoise-light", 64, 0.2, 0.4),)}


@pytest.fixture
def here(tmp_path: Path) -> Places:
    """A box with small bundles under the usual names."""
    for name in ("denoise-live", "denoise-light"):
        write_bundle(tmp_path / "models" / name, {"tflite": tflite_model(tiny_weights())}, "denoise")
    return replace(places.find(), models=tmp_path / "models", state=tmp_path / "state", runtime=tmp_path / "run")


@pytest.fixture
def keep(here: Places) -> Callable[..., Choice]:
    """Keep a choice, as an earlier start would have."""

    def kept(folder: Path | None = None, **other: Any) -> Choice:
        made = usual_choice(Config(), here, **other)
        assert choice.file_in(folder or here.state).save(asdict(made))
        return made

    return kept


@pytest.mark.parametrize(
    ("text", "bundle", "period"),
    [
        ("", "denoise-light", 64),
        ("[audio]\nperiod_frames = 256", "denoise-light", 256),
        ("[audio]\nperiods = 4\n[model]\nruntime = 'auto'", "denoise-light", 64),
        ("[model]\nbundle = 'denoise-studio'", "denoise-studio", 128),
        ("[model]\nbundle = 'denoise-live'", "denoise-live", 128),  # the default, but named
    ],
)
def test_what_a_person_named_stays(
    here: Places, keep: Callable[..., Choice], text: str, bundle: str, period: int
) -> None:
    keep(**LIGHT_64)
    config = parse(text)
    used = choice.in_force(config, choice.kept(config, here))
    assert (used.model.bundle, used.audio.period_frames) == (bundle, period)
    assert replace(used, model=config.model, audio=config.audio) == config


def test_the_command_line_names_too(here: Places, keep: Callable[..., Choice]) -> None:
    keep(**LIGHT_64)
    config = parse("", None, {"model.bundle": "denoise-live"})
    assert choice.in_force(config, choice.kept(config, here)) == config


def test_the_first_start_measures_and_the_next_ones_do_not(here: Places, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    health = Health(CrashLoop(made(here.runtime)))
    first = measured_config(Config(), here, health)
    left = choice.kept(Config(), here)
    assert left is not None
    assert (first.model.bundle, first.audio.period_frames) == (left.bundle, left.period_frames)
    assert not choice.file_in(here.state).path.exists()  # control saves it
    store = ChoiceStore(Config(), here)
    assert store.now == left
    assert not store.save_job.is_saved
    assert store._write() == ""
    assert measured_config(Config(), here, health) == first
    # What was left must not hide a later `hushbox bench --choose`, though control may not remove it.
    later = choice.file_in(here.state)
    assert later.save(asdict(replace(left, fits=not left.fits)))
    assert choice.kept(Config(), here) == replace(left, fits=not left.fits)
    assert later.save(asdict(left))
    assert ChoiceStore(Config(), here).save_job.is_saved
    assert sum("a block's time" in message for message in caplog.messages) == 1


def made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.mark.parametrize("what", ["bundle", "runtime", "nothing"])
def test_it_is_measured_again_when_the_bundles_or_the_runtime_change(
    here: Places, keep: Callable[..., Choice], what: str
) -> None:
    keep()
    config = parse("[model]\nruntime = 'onnx'") if what == "runtime" else Config()
    if what == "bundle":
        described = here.models / "denoise-light" / "bundle.toml"
        described.write_text(described.read_text().replace("0.0.1", "0.0.2"))
    assert (choice.kept(config, here) is None) == (what != "nothing")


def test_safe_mode_measures_nothing(here: Places, keep: Callable[..., Choice]) -> None:
    made(here.runtime)
    crashes = [CrashLoop(here.runtime) for _ in range(MOST_CRASHES + 1)]
    health = Health(crashes[-1])
    assert health.safe
    assert measured_config(Config(), here, health) == Config()
    assert not list(here.runtime.glob("choice.json*"))
    keep(**LIGHT_64)
    assert measured_config(Config(), here, health).audio.period_frames == 64  # what is known stays in force


def test_without_a_model_the_defaults_hold(here: Places, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("denoise-live", "denoise-light"):
        (here.models / name / "bundle.toml").unlink()
    used = measured_config(Config(), here, Health(CrashLoop(made(here.runtime))))
    assert used == Config()
    assert "were not measured, the defaults hold: no model can be loaded" in caplog.text
    used = measured_config(Config(), replace(here, assets=here.state), Health(CrashLoop(here.runtime)))
    assert used == Config()


def test_a_state_folder_that_cannot_be_written_is_told_and_costs_nothing(
    here: Places, keep: Callable[..., Choice]
) -> None:
    keep(made(here.runtime), **LIGHT_64)
    here.state.write_text("a file where the folder should be")
    store = ChoiceStore(Config(), here)
    assert store.config.audio.period_frames == 64
    assert "the choice of model and period" not in store._write()
    assert "cannot be written" in store._write()


def test_control_takes_over_what_is_measured_while_it_runs(here: Places, keep: Callable[..., Choice]) -> None:
    made(here.runtime)
    control = Control(PARAMS, Store(here.state, PARAMS))
    box = BoxSetup(Config(), here, control, "0.0.0", Pairings(here.state))
    box.take_info(InfoFrame())
    assert box.config.model.bundle == "denoise-live"
    assert box.choice.loads == ()
    assert box.audio.in_force.period_frames == 128
    keep(here.runtime, **LIGHT_64)
    for _ in range(2):
        box.take_info(InfoFrame())
    assert box.config.model.bundle == "denoise-light"
    assert box.audio.in_force.period_frames == 64
    assert [load.period_frames for load in box.choice.loads] == [64]
    assert box.flush() == ""
    kept, notes = choice.file_in(here.state).load_as(choice.check)
    assert (kept, notes) == (box.choice.now, [])
    control.close()


def test_a_period_set_on_the_page_outlives_every_measurement(here: Places, keep: Callable[..., Choice]) -> None:
    """Even one that equals what was chosen at the time."""
    keep(**LIGHT_64)
    control = Control(PARAMS, Store(here.state, PARAMS))
    box = BoxSetup(Config(), here, control, "0.0.0", Pairings(here.state))
    assert box.audio._own() == {}
    box.audio.in_force = replace(box.audio.in_force, period_frames=64)
    box.audio._by_hand = frozenset({"period_frames"})  # as take_meter() leaves it after a second of sound
    assert box.audio._write() == ""
    control.close()
    keep(period_frames=256, loads=(Load("denoise-live", 256, 0.2, 0.4),))
    config = choice.in_force(Config(), choice.kept(Config(), here))
    assert config.audio.period_frames == 256
    assert kept_audio.in_force(config, here.state)[0].period_frames == 64
    again = BoxSetup(Config(), here, Control(PARAMS, Store(here.state, PARAMS)), "0.0.0", Pairings(here.state))
    again.audio._write()  # something else was changed
    assert kept_audio.in_force(config, here.state)[0].period_frames == 64
    again.control.close()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"bundle": 5}, "bundle = '5'"),
        ({"bundle": "x" * 1001}, "at most 1000"),
        ({"bundle": "x" * 256}, '255 between two "/"'),
        ({"period_frames": 31}, "period_frames = '31': a whole number from 32 to 1024"),
        ({"period_frames": True}, "period_frames = 'True'"),
        ({"fits": 1}, "fits = '1'"),
        ({"loads": []}, "a list of 1 to 16"),
        ({"loads": [{"bundle": "denoise-live"}]}, "each has bundle"),
        ({"loads": [{"bundle": "denoise-live", "period_frames": 128, "p50": 0.1, "p99": float("nan")}]}, "shares"),
        ({"loads": [{"bundle": "denoise-live", "period_frames": 64, "p50": 0.1, "p99": 0.2}]}, "none of denoise-live"),
        ({"more": 1}, "keys"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_and_measured_anew(
    here: Places, keep: Callable[..., Choice], change: dict[str, Any], said: str
) -> None:
    body = asdict(keep()) | change
    with pytest.raises(choice.ChoiceError, match=said):
        choice.check(body)
    if "nan" not in str(body):
        file = choice.file_in(here.state)
        file.save(body)
        file.previous.unlink()
        assert choice.kept(Config(), here) is None
        assert file.path.exists()  # the reader only looks; control sets it aside
        ChoiceStore(Config(), here)
        assert not file.path.exists()


def test_what_is_kept_is_read_back(here: Places, keep: Callable[..., Choice]) -> None:
    assert choice.check({}) is None
    made_now = keep(**LIGHT_64, fits=False)
    assert choice.kept(Config(), here) == made_now
    assert choice.words(made_now, 3) == (
        "nothing fits this machine; denoise-light at 64 x 3 comes nearest and takes 40 % of a block's time (p99)"
    )
