"""What the stages did over the last minute, and what is said where one works hard: frame by frame, by hand."""

from dataclasses import dataclass

import pytest

from firmware_app.control.stages import HOLD_S, RULES, StageWatch

FRAME_S = 0.05


@dataclass(frozen=True)
class Now:
    name: str
    change_db: float = 0.0
    detail: float = 0.0
    on: bool = True


class Watched:
    """A StageWatch that gets frames for some seconds at a time."""

    def __init__(self) -> None:
        self.watch = StageWatch()
        self.now_s = 100.0

    def hears(self, seconds: float, *stages: Now, rms_db: float = -24.0, peak_db: float = -10.0) -> None:
        for _ in range(round(seconds / FRAME_S)):
            self.now_s += FRAME_S
            self.watch.take(stages, peak_db, rms_db, self.now_s)

    def says(self, name: str) -> str:
        return self.watch.told(name)[1]


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_the_minute_is_the_mean_of_the_last_sixty_seconds(watched: Watched):
    watched.hears(60, Now("deess", -4.0))
    assert watched.watch.told("deess")[0] == pytest.approx(-4.0)
    watched.hears(30, Now("deess", 0.0))
    assert watched.watch.told("deess")[0] == pytest.approx(-2.0, abs=0.15)
    watched.hears(60, Now("deess", 0.0))
    assert watched.watch.told("deess")[0] == pytest.approx(0.0, abs=0.01)
    assert watched.watch.told("eq") == (0.0, "")


def test_a_stage_that_is_off_counts_as_doing_nothing(watched: Watched):
    watched.hears(10, Now("hum", -20.0, 50.0, on=False))
    assert watched.watch.told("hum") == (0.0, "")


HARD = [
    (Now("hum", -14.0, 50.02), "Strong 50 Hz hum: check the ground of the preamp."),
    (Now("hum", -14.0, 59.98), "Strong 60 Hz hum: check the ground of the preamp."),
    (Now("declick", -8.0), "Clicks all the time: a bad cable or wireless?"),
    (Now("feedback", -12.0, 2130.0), "Howl at 2.1 kHz: turn the monitor down or move the microphone."),
    (Now("feedback", -12.0, 640.0), "Howl at 640 Hz: turn the monitor down or move the microphone."),
    (Now("gate", -18.0), "The gate closes on the voice: lower its threshold."),
    (Now("declip", -4.0, 1.5), "Clipping at the input: turn the preamp down."),
    (Now("low_cut", -16.0, 70.0), "Strong rumble: put the stand on something soft, or hold the microphone still."),
    (Now("plosives", -9.0), "Many plosives: speak past the microphone, or use a pop filter."),
    (
        Now("bleed", -18.0),
        "Much music in the microphone: turn the headphones down, or turn the microphone away.",
    ),
    (Now("denoise", -30.0), "Very much noise: come closer to the microphone."),
    (
        Now("dereverb", -12.0),
        "A very live room: come closer to the microphone, or hang something soft behind you.",
    ),
    (Now("breath", -6.0), "Much breath: turn the microphone a little to the side."),
    (Now("deess", -7.0), "Very sharp S: turn the microphone a little to the side, or take less treble."),
    (Now("leveller", 11.0), "A quiet voice: turn the preamp up."),
    (Now("leveller", -11.0), "A loud voice: turn the preamp down."),
    (Now("compressor", -11.0), "The compressor works all the time: raise its threshold."),
    (Now("limiter", -4.0), "The limiter works all the time: turn the output level down."),
]


@pytest.mark.parametrize(("stage", "words"), HARD, ids=lambda value: value.name if isinstance(value, Now) else "")
def test_where_a_stage_works_hard_it_says_what_would_help(watched: Watched, stage: Now, words: str):
    watched.hears(35, stage)
    assert watched.says(stage.name) == words
    watched.hears(HOLD_S + 61, Now(stage.name, 0.0, stage.detail if stage.name == "hum" else 0.0))
    assert watched.says(stage.name) == ""


def test_each_rule_has_its_case():
    assert {rule.stage for rule in RULES} == {stage.name for stage, _ in HARD}
    assert len({words.split(":")[0] for _, words in HARD}) >= len(RULES)


@pytest.mark.parametrize("stage", [Now(stage.name, stage.change_db * 0.15) for stage, _ in HARD])
def test_a_stage_that_works_a_little_says_nothing(watched: Watched, stage: Now):
    watched.hears(35, stage)
    assert watched.says(stage.name) == ""


def test_now_and_then_a_click_or_an_s_is_no_trouble(watched: Watched):
    for _ in range(20):
        watched.hears(0.2, Now("declick", -10.0), Now("deess", -6.0))
        watched.hears(1.8, Now("declick"), Now("deess"))
    assert watched.says("declick") == watched.says("deess") == ""


def test_a_gate_may_close_while_nobody_sings(watched: Watched):
    for _ in range(10):
        watched.hears(2.0, Now("gate", 0.0), rms_db=-20.0)
        watched.hears(2.0, Now("gate", -30.0), rms_db=-62.0)
    assert watched.says("gate") == ""


def test_clipping_is_told_though_nothing_mends_it(watched: Watched):
    watched.hears(6, Now("declip", on=False), peak_db=-0.02)
    assert watched.says("declip") == "Clipping at the input: turn the preamp down."


def test_a_sentence_stays_until_it_can_be_read_and_goes_with_its_stage(watched: Watched):
    watched.hears(12, Now("hum", -14.0, 50.0))
    watched.hears(14, Now("hum", 0.0, 50.0))
    assert watched.says("hum") != ""
    watched.hears(1.1, Now("hum", 0.0, 50.0, on=False))
    assert watched.says("hum") == ""
    watched.hears(12, Now("hum", -14.0, 50.0))
    watched.watch.forget()
    assert watched.watch.told("hum") == (0.0, "")
