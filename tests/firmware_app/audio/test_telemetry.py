"""Telemetry: what the page calls load is the mean, and it comes down again; the stages of what is heard."""

import pytest

from dsp.rack.chain import Chain
from dsp.rack.lanes import MUSIC, VOICE, Channels, Lane
from dsp.rack.rack import CHAIN, Rack
from firmware_app.audio.telemetry import LoadHistogram, Telemetry
from firmware_app.link.stage_meters import StageMeter
from firmware_app.link.wire import State
from tests.rigs.stages import Louder


def test_the_mean_starts_with_what_it_has_and_follows_within_seconds():
    load = LoadHistogram()
    assert load.mean() == 0.0  # nothing yet
    for share in (0.2, 0.4):
        load.add(share)
    assert load.mean() == pytest.approx(0.3)
    for _ in range(100):  # five seconds of frames, a burst in one block of ten
        for block in range(10):
            load.add(1.0 if block == 0 else 0.1)
        load.mean()
    assert load.mean() == pytest.approx(0.19, abs=0.005)
    assert load.percentiles(1.0)[1] > 0.9  # p99 is the burst


def test_no_new_block_leaves_the_mean_as_it_was():
    load = LoadHistogram()
    load.add(0.5)
    assert load.mean() == load.mean() == 0.5


def test_the_stages_of_the_chain_that_is_heard_are_told():
    chains = {
        name: Chain(lanes=[Lane(VOICE, [Louder("gate"), Louder("eq")])]) for name in ("voice", "voice over music")
    }
    rack = Rack(chains | {"music": Chain(lanes=[Lane(MUSIC, [])])})
    rack.prepare(48_000, 128, Channels(inputs=2, voice=(0,), music=(1,), mix=1))
    rack.set_param("eq.gain", 1.0)
    gate, eq, limiter = Telemetry().update(1.0, State.RUNNING, rack, None).stages
    assert gate == StageMeter("gate", on=False, at_work=False, change_db=0.0, detail=7.0)
    assert eq == StageMeter("eq", on=True, at_work=True, change_db=pytest.approx(6.02, abs=0.01), detail=7.0)
    assert limiter.name == "limiter"
    rack.set_param(CHAIN.id, 1.0)
    rack.reset()
    assert [stage.name for stage in Telemetry().update(1.0, State.RUNNING, rack, None).stages] == ["limiter"]
