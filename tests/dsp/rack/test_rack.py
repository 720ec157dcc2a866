"""Changing the chain while it plays: no click, no gap, and what is muted stays muted."""

from pathlib import Path

import numpy as np
import pytest

from dsp.denoise.denoiser import AMOUNT
from dsp.denoise.features import identity_mask
from dsp.denoise.live import Denoise
from dsp.inference.bundle import Bundle
from dsp.inference.fake import ConstantModel
from dsp.layouts.stems import INPUT_SIZE, OUTPUT_SIZE
from dsp.params import ParamRangeError, UnknownParamError
from dsp.rack.build import Others, build_rack
from dsp.rack.chain import Chain
from dsp.rack.lanes import MUSIC, VOICE, Channels, Lane
from dsp.rack.rack import CHAIN, Rack
from dsp.stems.separator import Stems
from tests.rigs.checkout import MODELS

VOICE_CHAIN, MUSIC_CHAIN, BOTH_CHAINS = 0.0, 1.0, 2.0
LEVEL = 0.3


def rack_of(tiny_bundle: Bundle, tiny_stems: Bundle, period: int = 128) -> Rack:
    def voice() -> Lane:
        return Lane(VOICE, [Denoise(tiny_bundle, ConstantModel(identity_mask()), real_time=False)])

    def music() -> Lane:
        all_other = ConstantModel(np.zeros((1, OUTPUT_SIZE), np.float32), INPUT_SIZE)
        return Lane(MUSIC, [Stems(tiny_stems, all_other, real_time=False)])

    rack = Rack(
        {
            "voice": Chain(lanes=[voice()]),
            "music": Chain(lanes=[music()]),
            "voice over music": Chain(lanes=[voice(), music()]),
        }
    )
    rack.set_param(AMOUNT.id, 0.0)  # else the infrasonic guard would remove the steady level
    rack.prepare(48_000, period, Channels(inputs=2, voice=(0,), music=(1,), mix=1))
    return rack


def play(rack: Rack, seconds: float, period: int = 128, at: dict[int, tuple[str, float]] | None = None) -> np.ndarray:
    """A steady level on both inputs, the microphone's twice the music's."""
    out = np.zeros((int(seconds * 48_000) // period * period, 1), np.float32)
    for number in range(len(out) // period):
        if at and number in at:
            rack.set_param(*at[number])
        block = np.tile(np.array([LEVEL, LEVEL / 2], np.float32), (period, 1))
        rack.process(block, out[number * period : (number + 1) * period])
    return out[:, 0]


@pytest.mark.parametrize("period", [32, 128, 441, 1024])
@pytest.mark.parametrize(("first", "second"), [(VOICE_CHAIN, MUSIC_CHAIN), (MUSIC_CHAIN, VOICE_CHAIN)])
def test_chains_of_different_latency_fade_out_and_in(
    tiny_bundle: Bundle, tiny_stems: Bundle, period: int, first: float, second: float
) -> None:
    rack = rack_of(tiny_bundle, tiny_stems, period)
    rack.set_param(CHAIN.id, first)
    rack.reset()
    levels = {VOICE_CHAIN: LEVEL, MUSIC_CHAIN: LEVEL / 2}
    out = play(rack, 1.0, period, {24_000 // period: (CHAIN.id, second)}).astype(np.float64)[6000:]
    assert out[0] == pytest.approx(levels[first], abs=1e-4)
    assert out[-1] == pytest.approx(levels[second], abs=1e-4)
    assert np.abs(np.diff(out)).max() <= LEVEL / 480 + 1e-5
    assert (np.abs(out - out[0]) > 1e-4).argmax() < 24_000  # the change has begun
    lost = np.flatnonzero((np.abs(out - levels[first]) > 1e-3) & (np.abs(out - levels[second]) > 1e-3))
    assert lost[-1] - lost[0] <= 960  # a fade out and a fade in, with no gap between


def test_chains_of_equal_latency_crossfade(tiny_bundle: Bundle, tiny_stems: Bundle) -> None:
    rack = rack_of(tiny_bundle, tiny_stems)
    rack.set_param(CHAIN.id, MUSIC_CHAIN)
    rack.reset()
    out = play(rack, 1.0, at={150: (CHAIN.id, BOTH_CHAINS)}).astype(np.float64)[6000:]
    assert out[-1] == pytest.approx(1.5 * LEVEL, abs=1e-4)
    assert out.min() > LEVEL / 2 - 1e-4  # never lower than either
    assert np.abs(np.diff(out)).max() <= LEVEL / 480 + 1e-5
    assert rack.heard is rack.chains["voice over music"]


def test_the_last_wish_counts_when_somebody_changes_their_mind(tiny_bundle: Bundle, tiny_stems: Bundle) -> None:
    rack = rack_of(tiny_bundle, tiny_stems)
    wishes = {100: (CHAIN.id, MUSIC_CHAIN), 103: (CHAIN.id, BOTH_CHAINS), 106: (CHAIN.id, VOICE_CHAIN)}
    out = play(rack, 1.5, at=wishes).astype(np.float64)[6000:]
    assert np.abs(np.diff(out)).max() <= LEVEL / 480 + 1e-5
    assert out[-1] == pytest.approx(LEVEL, abs=1e-4)
    assert rack.heard is rack.chains["voice"]


def test_what_is_muted_stays_muted_in_every_chain(tiny_bundle: Bundle, tiny_stems: Bundle) -> None:
    rack = rack_of(tiny_bundle, tiny_stems)
    rack.set_param("box.mute", 1)
    rack.reset()
    wishes = {n: (CHAIN.id, float(n // 40 % 3)) for n in range(40, 400, 40)}
    assert not play(rack, 1.2, at=wishes).any()


def test_a_stem_muted_before_its_chain_plays_is_not_heard_in_it(tiny_bundle: Bundle, tiny_stems: Bundle) -> None:
    rack = rack_of(tiny_bundle, tiny_stems)
    rack.set_param("stems.other.mute", 1)
    out = play(rack, 1.0, at={100: (CHAIN.id, MUSIC_CHAIN)})
    assert out[5000] == pytest.approx(LEVEL, abs=1e-4)
    assert not out[-24_000:].any()


def test_a_reset_completes_the_change(tiny_bundle: Bundle, tiny_stems: Bundle) -> None:
    rack = rack_of(tiny_bundle, tiny_stems)
    play(rack, 0.1, at={30: (CHAIN.id, MUSIC_CHAIN)})
    assert rack.heard is rack.chains["voice"]
    rack.reset()
    assert rack.heard is rack.chains["music"]
    assert rack.latency_frames == 896


def test_parameters_are_those_of_all_chains(tiny_bundle: Bundle, tiny_stems: Bundle) -> None:
    rack = rack_of(tiny_bundle, tiny_stems)
    assert {"box.chain", "box.mute", "denoise.amount_db", "stems.vocals.mute"} <= set(rack.params)
    rack.set_param("denoise.amount_db", 9)
    assert [rack.chains[name].param("denoise.amount_db") for name in ("voice", "voice over music")] == [9, 9]
    assert (rack.param("denoise.amount_db"), rack.param(CHAIN.id)) == (9, 0)
    with pytest.raises(ParamRangeError, match=r"box\.chain = 3: allowed 0 to 2"):
        rack.set_param(CHAIN.id, 3)
    with pytest.raises(UnknownParamError, match=r"did you mean box\.chain"):
        rack.set_param("box.chains", 1)


def test_a_lighter_model_is_for_a_voice_that_has_another_one(tmp_path: Path) -> None:
    live, light = (MODELS / name for name in ("denoise-live", "denoise-light"))
    assert build_rack(live, None, light_voice=light)[0].has_light_voice
    assert not build_rack(light, None, light_voice=light)[0].has_light_voice
    assert not build_rack(None, None, light_voice=light)[0].has_light_voice
    rack, problems = build_rack(tmp_path / "gone", None, light_voice=light)
    assert not rack.has_light_voice  # a dry voice gets no more work under load
    assert set(problems) == {"voice", "voice over music"}
    rack, problems = build_rack(live, None, light_voice=tmp_path / "gone")
    assert not rack.has_light_voice
    assert set(problems) == {"lighter voice"}


def test_only_a_denoiser_takes_the_place_of_the_voice() -> None:
    live, stems = (MODELS / name for name in ("denoise-live", "stems-light"))
    rack, problems = build_rack(stems, None)
    assert rack.model_name == ""
    assert set(problems) == {"voice", "voice over music"}
    assert "kind = 'stems': allowed denoise, denoise-instant" in problems["voice"]
    rack, problems = build_rack(live, None, light_voice=stems)
    assert not rack.has_light_voice
    assert "kind = 'stems': allowed denoise, denoise-instant" in problems["lighter voice"]


def rack_with_others(tiny_bundle: Bundle, tiny_stems: Bundle) -> Rack:
    """Bundle "soft" for the voice is half as loud and equally late, "music" as late as the stems; one for the stems."""

    def chain(*lanes: Lane) -> Chain:
        return Chain(lanes=lanes)

    def voice(level: float = 1.0) -> Lane:
        return Lane(VOICE, [Denoise(tiny_bundle, ConstantModel(level * identity_mask()), real_time=False)])

    def music(level: float = 1.0) -> Lane:
        stems = ConstantModel(np.full((1, OUTPUT_SIZE), level / 4, np.float32), INPUT_SIZE)
        return Lane(MUSIC, [Stems(tiny_stems, stems, real_time=False)])

    rack = Rack(
        {"voice": chain(voice()), "music": chain(music()), "voice over music": chain(voice(), music())},
        others={
            ("voice", "soft", ""): chain(voice(0.5)),
            ("voice", "late", ""): chain(Lane(VOICE, music().processors)),
            ("music", "", "half"): chain(music(0.5)),
            ("voice over music", "soft", ""): chain(voice(0.5), music()),
        },
    )
    rack.set_param("denoise.amount_db", 40.0)
    rack.prepare(48_000, 128, Channels(inputs=2, voice=(0,), music=(1,), mix=1))
    return rack


def play_tone(rack: Rack, seconds: float, at: dict[int, tuple[str, float] | str]) -> np.ndarray:
    """1 kHz on both inputs. at: by number of the block, a parameter's new value or the voice's new bundle."""
    out = np.zeros((int(seconds * 48_000) // 128 * 128, 1), np.float32)
    tone = LEVEL * np.sin(2 * np.pi * 1000 / 48_000 * np.arange(len(out)))
    for number in range(len(out) // 128):
        wish = at.get(number)
        if isinstance(wish, str):
            rack.use(voice=wish)
        elif wish:
            rack.set_param(*wish)
        span = slice(number * 128, (number + 1) * 128)
        rack.process(np.repeat(tone[span, None], 2, axis=1).astype(np.float32), out[span])
    return out[:, 0]


def peaks(out: np.ndarray) -> np.ndarray:
    """Of every full wave of the tone."""
    return np.abs(out[: len(out) // 48 * 48]).reshape(-1, 48).max(axis=1)


def test_another_bundle_of_equal_latency_is_crossfaded_to(tiny_bundle: Bundle, tiny_stems: Bundle) -> None:
    rack = rack_with_others(tiny_bundle, tiny_stems)
    before, heard = rack.latency_frames, peaks(play_tone(rack, 1.0, {150: "soft"}))
    assert rack.latency_frames == before
    assert heard[200] == pytest.approx(LEVEL, rel=0.01)
    assert 0.3 * LEVEL < heard[-1] < 0.8 * LEVEL
    settled = heard[100:]
    assert settled.min() > 0.98 * heard[-1]  # no gap: never lower than the softer of the two
    assert not rack.own_models
    assert heard.shape == peaks(play_tone(rack, 1.0, {10: ""})).shape
    assert rack.own_models


def test_another_bundle_of_another_latency_fades_out_and_in(tiny_bundle: Bundle, tiny_stems: Bundle) -> None:
    rack = rack_with_others(tiny_bundle, tiny_stems)
    out = play_tone(rack, 1.0, {150: "late"})
    assert rack.latency_frames == 896
    assert np.abs(np.diff(out[6000:])).max() <= LEVEL * (2 * np.pi * 1000 / 48_000 + 1 / 240)
    low = np.flatnonzero(peaks(out)[100:] < 0.9 * LEVEL)
    assert 0 < len(low) <= 20  # waves of 1 ms: 10 ms out, 10 ms in


def test_a_bundle_holds_in_the_other_chains_as_far_as_they_have_it(tiny_bundle: Bundle, tiny_stems: Bundle) -> None:
    rack = rack_with_others(tiny_bundle, tiny_stems)
    play_tone(rack, 0.3, {5: "soft", 60: (CHAIN.id, BOTH_CHAINS)})
    assert not rack.own_models
    play_tone(rack, 0.3, {5: (CHAIN.id, MUSIC_CHAIN)})
    assert rack.own_models  # the voice's bundle is nothing to the music
    rack.use(voice="gone", stems="half")
    play_tone(rack, 0.3, {})
    assert not rack.own_models
    play_tone(rack, 0.3, {5: (CHAIN.id, VOICE_CHAIN)})
    assert rack.heard is rack.chains["voice"]


def test_what_is_muted_stays_muted_whatever_bundle_plays(tiny_bundle: Bundle, tiny_stems: Bundle) -> None:
    rack = rack_with_others(tiny_bundle, tiny_stems)
    rack.set_param("box.mute", 1)
    rack.reset()
    wishes: dict[int, tuple[str, float] | str] = {n: ("soft", "late", "")[n // 40 % 3] for n in range(40, 400, 40)}
    assert not play_tone(rack, 1.2, wishes).any()
    rack.set_param("box.mute", 0)
    rack.use(voice="late")
    rack.reset()
    rack.fade_out()
    play_tone(rack, 0.1, {})
    assert not play_tone(rack, 0.3, {5: "soft"}).any()  # a fade-out holds through a change of bundles, too


def test_other_bundles_are_loaded_beside_those_in_use() -> None:
    live, instant, stems = (MODELS / name for name in ("denoise-live", "denoise-instant", "stems-light"))
    others = Others({"denoise-instant": instant, "stems-light": stems, "gone": MODELS / "gone"}, {"denoise-live": live})
    rack, problems = build_rack(live, None, light_voice=instant, others=others)
    assert set(problems) == {"stems-light", "gone", "denoise-live"}
    assert "kind = 'stems': allowed denoise, denoise-instant" in problems["stems-light"]
    rack.prepare(48_000, 128, 1)
    rack.use(voice="denoise-instant")
    rack.reset()
    assert rack.model_name.startswith("denoise-instant")
    assert rack.has_light_voice  # one and the same
