"""Stages that rest because there is too much work: quiet about it, and back as they were asked to be."""

import numpy as np
import pytest

from dsp.block import RATE_HZ, Block
from dsp.rack.build import build_chain
from dsp.rack.chain import Chain
from dsp.rack.voice_stages import CAN_REST, MENDING, NEVER_RESTS, STAGES

PERIOD = 128


@pytest.fixture
def chain() -> Chain:
    made = build_chain(None, real_time=False)
    for id in ("declick.on", "gate.on", "feedback.on"):
        made.set_param(id, 1.0)
    made.set_param("breath.amount_db", 6.0)
    made.prepare(RATE_HZ, PERIOD, 1)
    return made


def played(chain: Chain, blocks: int, start: int = 0) -> Block:
    """A steady tone through it."""
    time = np.arange(start * PERIOD, (start + blocks) * PERIOD) / RATE_HZ
    out = (0.2 * np.sin(2 * np.pi * 220.0 * time)).astype(np.float32)[:, None]
    for at in range(0, len(out), PERIOD):
        chain.process(out[at : at + PERIOD])
    return out


def at_work(chain: Chain) -> set[str]:
    return {stage.name for stage in chain.stages if stage.at_work} & {"declick", "gate", "feedback", "breath"}


def test_every_stage_rests_or_has_a_reason_not_to() -> None:
    assert MENDING < CAN_REST
    assert set(STAGES) - {"denoise", "limiter"} == CAN_REST | NEVER_RESTS


def test_those_that_mend_rest_first_then_all_but_feedback_and_they_come_back(chain: Chain) -> None:
    played(chain, 60)
    late = chain.latency_frames
    assert at_work(chain) == {"declick", "gate", "feedback", "breath"}
    chain.rest(stems=False, models=False, stages=MENDING)
    sound = played(chain, 60, 60)
    assert np.abs(np.diff(sound[:, 0], 2)).max() < 0.01, "no click"
    assert at_work(chain) == {"gate", "feedback"}
    assert chain.latency_frames < late
    assert {stage.name for stage in chain.stages if stage.on} >= {"declick", "breath"}, "they are still asked for"
    chain.rest(stems=True, models=True, stages=CAN_REST)
    played(chain, 30, 120)
    assert at_work(chain) == {"feedback"}
    chain.rest(stems=False, models=False)
    played(chain, 60, 150)
    assert at_work(chain) == {"declick", "gate", "feedback", "breath"}
    assert chain.latency_frames == late


def test_what_is_switched_meanwhile_counts_when_there_is_room(chain: Chain) -> None:
    played(chain, 10)
    chain.rest(stems=False, models=False, stages=CAN_REST)
    played(chain, 40, 10)
    chain.set_param("gate.on", 0.0)
    chain.set_param("deess.on", 1.0)
    played(chain, 10, 50)
    assert at_work(chain) == {"feedback"}
    chain.rest(stems=False, models=False)
    played(chain, 40, 60)
    assert at_work(chain) == {"declick", "feedback", "breath"}
    assert {stage.name: stage.at_work for stage in chain.stages}["deess"]
