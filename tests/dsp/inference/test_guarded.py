import dataclasses

import numpy as np
import pytest

from dsp.denoise.features import identity_mask
from dsp.denoise.instant import DenoiseInstant
from dsp.denoise.live import Denoise
from dsp.inference import open_model
from dsp.inference.bundle import Bundle, BundleError
from dsp.inference.fake import ConstantModel, InPieces, Trouble, TroubledModel
from dsp.inference.guard import OFF_AFTER_FAULTS
from dsp.inference.guarded import GuardedModel
from dsp.layouts.denoise import INSTANT_KIND, LIVE
from dsp.processor import ModelProcessor
from dsp.stems.separator import Stems

HEARD = np.zeros((1, LIVE.input_size), np.float32)


def guarded(bundle: Bundle, trouble: dict[int, Trouble], **options: bool) -> GuardedModel:
    model = TroubledModel(open_model(bundle), trouble, late_s=0.003)
    return GuardedModel(bundle, model, identity_mask(LIVE), kind="denoise", clock=model.clock, **options)


def test_it_is_named_for_people(tiny_bundle: Bundle) -> None:
    model = guarded(tiny_bundle, {})
    assert model.name == f"tiny 0.0.1, {open_model(tiny_bundle).runtime}"
    assert model.hop_s == pytest.approx(128 / 48_000)


def test_it_counts_late_and_dry_hops(tiny_bundle: Bundle) -> None:
    model = guarded(tiny_bundle, {2: Trouble.LATE})
    heard = [model.guard.step(HEARD) for _ in range(10)]
    assert heard[:3] == [True, True, False]
    assert model.late_hops == 1
    assert model.dry_hops == heard.count(False) == 1 + 2 + 2  # the late one, two to make up for 3 ms, two in time
    assert not model.off


def test_a_file_has_no_deadline(tiny_bundle: Bundle) -> None:
    model = guarded(tiny_bundle, {2: Trouble.LATE}, real_time=False)
    assert all(model.guard.step(HEARD) for _ in range(10))
    assert (model.late_hops, model.dry_hops) == (0, 0)


@pytest.mark.parametrize(("piece_s", "late"), [(0.0008, False), (0.001, True)])
def test_pieces_are_late_when_all_together_take_longer_than_a_hop(
    tiny_bundle: Bundle, piece_s: float, late: bool
) -> None:
    model = InPieces(ConstantModel(identity_mask(LIVE)), piece_s)
    guard = GuardedModel(tiny_bundle, model, identity_mask(LIVE), kind="denoise", clock=model.clock).guard
    assert guard.in_pieces
    guard.begin(HEARD)
    for piece in guard.pieces:
        piece()
        model.now_s += 1.0  # what passes until the next block does not count
    assert guard.end() is not late
    assert guard.late_hops == late


@pytest.mark.parametrize("amid", ["rest", "forget"])
def test_a_hop_that_is_broken_off_has_no_answer(tiny_bundle: Bundle, amid: str) -> None:
    troubled = TroubledModel(ConstantModel(identity_mask(LIVE)), {})
    guard = GuardedModel(tiny_bundle, InPieces(troubled), identity_mask(LIVE), kind="denoise", real_time=False).guard
    guard.begin(HEARD)
    guard.pieces[0]()
    if amid == "rest":
        guard.rest(True)
        guard.rest(False)
    else:
        guard.forget()
    for piece in guard.pieces[1:]:
        piece()
    assert not guard.end()
    assert troubled.steps == 0
    assert guard.step(HEARD)


def test_a_model_that_fails_again_and_again_is_off(tiny_bundle: Bundle) -> None:
    model = guarded(tiny_bundle, dict.fromkeys(range(1000), Trouble.RAISE))
    faults = 0
    while not model.off:
        assert not model.guard.step(HEARD)
        faults += 1
        assert faults < 200
    assert faults >= OFF_AFTER_FAULTS


def test_a_model_at_rest_does_nothing(tiny_bundle: Bundle) -> None:
    troubled = TroubledModel(open_model(tiny_bundle), {})
    model = GuardedModel(tiny_bundle, troubled, identity_mask(LIVE), kind="denoise", clock=troubled.clock)
    model.rest(True)
    assert not any(model.guard.step(HEARD) for _ in range(5))
    assert (troubled.steps, model.dry_hops, model.off) == (0, 5, False)
    model.rest(False)
    assert any(model.guard.step(HEARD) for _ in range(20))


def test_another_kind_is_refused(tiny_bundle: Bundle) -> None:
    with pytest.raises(BundleError, match=r"kind = 'denoise', lookahead_frames = 0: allowed 'stems', 0"):
        GuardedModel(tiny_bundle, open_model(tiny_bundle), identity_mask(LIVE), kind="stems")


def test_a_bundle_that_looks_ahead_is_refused(tiny_bundle: Bundle) -> None:
    ahead = dataclasses.replace(tiny_bundle, lookahead_frames=128)
    with pytest.raises(BundleError, match=r"kind = 'denoise', lookahead_frames = 128: allowed 'denoise', 0"):
        GuardedModel(ahead, open_model(tiny_bundle), identity_mask(LIVE), kind="denoise")


def test_another_rate_is_refused(tiny_bundle: Bundle) -> None:
    model = guarded(tiny_bundle, {})
    model.check_rate(48_000)
    with pytest.raises(BundleError, match="rate_hz = 48000: the chain runs at 44100"):
        model.check_rate(44_100)


def test_every_processor_with_a_model_owns_one(tiny_bundle: Bundle, tiny_stems: Bundle) -> None:
    instant = dataclasses.replace(tiny_bundle, kind=INSTANT_KIND)
    for processor in (
        Denoise(tiny_bundle, open_model(tiny_bundle)),
        DenoiseInstant(instant, open_model(tiny_bundle)),
        Stems(tiny_stems, open_model(tiny_stems)),
    ):
        assert isinstance(processor, ModelProcessor)
        assert isinstance(processor.model, GuardedModel)
        assert processor.model.name.startswith("tiny")
