"""Mains hum is found, removed and let go again; nothing else is taken for hum."""

import functools
from pathlib import Path

import numpy as np
import pytest

from dsp.denoise.features import identity_mask
from dsp.denoise.instant import DenoiseInstant
from dsp.denoise.live import Denoise
from dsp.inference.bundle import Bundle
from dsp.inference.fake import ConstantModel, Trouble, TroubledModel
from dsp.rack.chain import Chain
from dsp.restore.hum import WINDOW_EVERY_HOPS, HumCanceller, Task

SECOND, HOP = 48_000, 128


def hum_of(hz: float | np.ndarray, seconds: float = 4.0, level: float = 0.02, only: tuple[int, ...] = ()) -> np.ndarray:
    """Harmonics that fall off slowly, RMS `level`.  hz: constant, or one for each frame. Shape (frames,)."""
    rng = np.random.default_rng(1)
    phase = 2 * np.pi * np.cumsum(np.broadcast_to(hz, int(seconds * SECOND))) / SECOND
    wave = sum(np.cos(n * phase + rng.uniform(0, 6.3)) / n for n in only or range(1, 41))
    return level * wave / np.sqrt(np.mean(np.square(wave)))


def note_of(
    hz: float, seconds: float = 4.0, *, vibrato: float = 0.0, jitter: float = 0.0, level: float = 0.1
) -> np.ndarray:
    """A sung vowel: 30 partials, a vibrato of 5.5 Hz, and a pitch that wanders as in a real voice."""
    rng = np.random.default_rng(2)
    frames = int(seconds * SECOND)
    steps = rng.normal(0, 1, int(20 * seconds))
    wander = np.interp(np.arange(frames), np.linspace(0, frames, len(steps)), steps + 0.2 * np.cumsum(steps))
    pitch = hz * (1 + vibrato * np.sin(2 * np.pi * 5.5 * np.arange(frames) / SECOND) + jitter * wander)
    phase = 2 * np.pi * np.cumsum(pitch) / SECOND
    return level * sum(np.cos(n * phase + rng.uniform(0, 6.3)) / n**1.2 for n in range(1, 31))


def spoken(seconds: float = 8.0) -> np.ndarray:
    """Syllables of gliding pitch with pauses between them."""
    rng = np.random.default_rng(3)
    out = np.zeros(int(seconds * SECOND))
    at = 0
    while at < len(out) - SECOND:
        syllable = note_of(float(rng.uniform(95, 240)), 0.24, vibrato=0.03, jitter=0.01) * np.hanning(11_520)
        out[at : at + len(syllable)] += syllable
        at += len(syllable) + int(rng.uniform(0.0, 0.3) * SECOND)
    return out


def hiss(seconds: float, level: float = 1e-4) -> np.ndarray:
    return np.random.default_rng(4).normal(0, level, int(seconds * SECOND))


def cleaned(sound: np.ndarray, canceller: HumCanceller | None = None, piece: int = HOP) -> np.ndarray:
    """`sound` without its hum: (frames,) or (frames, channels) -> the same shape, cut to whole hops."""
    block = np.array(sound.reshape(len(sound), -1), np.float32)[: len(sound) // HOP * HOP]
    canceller = canceller or HumCanceller(block.shape[1])
    for hop in range(0, len(block), HOP):
        for start in range(hop, hop + HOP, piece):
            part = block[start : min(start + piece, hop + HOP)]
            hum = canceller.follow(part)
            if hum is not None:
                part -= hum
    return block[:, 0] if sound.ndim == 1 else block


def db(sound: np.ndarray, against: np.ndarray) -> float:
    return float(10 * np.log10((np.mean(np.square(sound)) + 1e-20) / np.mean(np.square(against))))


def between(sound: np.ndarray, first_s: float, last_s: float) -> np.ndarray:
    return sound[int(first_s * SECOND) : int(last_s * SECOND)]


def same(out: np.ndarray, sound: np.ndarray) -> bool:
    return np.array_equal(out, sound[: len(out)].astype(np.float32))


# --- hum is removed ---


@pytest.mark.parametrize("hz", [50.0, 50.05, 49.8, 60.0, 59.94, 60.2])
def test_hum_is_gone_within_a_second(hz: float) -> None:
    sound = hum_of(hz) + hiss(4)
    canceller = HumCanceller(1)
    out = cleaned(sound, canceller)
    assert db(between(out, 0.8, 1.0), sound) < -35
    assert db(between(out, 2, 4), sound) < -40
    assert canceller.mains_hz == pytest.approx(hz, abs=0.001)


@pytest.mark.parametrize("only", [(1, 2, 3), (1, 3, 5), (2, 3, 4, 5), (1, 2)])
def test_a_few_harmonics_are_enough(only: tuple[int, ...]) -> None:
    sound = hum_of(50.03, only=only) + hiss(4)
    assert db(between(cleaned(sound), 1.5, 4), sound) < -30


@pytest.mark.parametrize("only", [(2, 4, 6, 8), (1,)])
def test_what_might_be_a_deep_note_takes_longer(only: tuple[int, ...]) -> None:
    sound = hum_of(60.02, 6, only=only) + hiss(6)
    out = cleaned(sound)
    assert same(out[: 3 * SECOND], sound)
    assert db(between(out, 5, 6), sound) < -30


def test_a_mains_that_drifts_is_followed() -> None:
    hz = 50 + 0.05 * np.sin(2 * np.pi * 0.1 * np.arange(8 * SECOND) / SECOND)
    sound = hum_of(hz, 8) + hiss(8)
    assert db(between(cleaned(sound), 2, 8), sound) < -30


def test_hum_goes_from_under_a_voice_and_the_voice_stays() -> None:
    voice, hum = spoken(), hum_of(50.04, 8)
    rest = cleaned(voice + hum + hiss(8)) - voice[: 8 * SECOND]
    assert db(between(rest, 2, 8), hum) < -20


def test_it_comes_and_goes_with_the_hum() -> None:
    hum, noise = hum_of(49.96, 6), hiss(6)
    hum[: 2 * SECOND] = hum[4 * SECOND :] = 0
    out = cleaned(hum + noise)
    here = between(hum, 2, 4)
    assert same(out[: 2 * SECOND], hum + noise)
    assert db(between(out, 3, 4), here) < -20
    assert db(between(out, 4, 4.25), here) < 0.5  # nothing is added that was not there
    assert db(between(out, 4.5, 6), here) < -40
    assert same(out[int(5.5 * SECOND) :], (hum + noise)[int(5.5 * SECOND) :])


@pytest.mark.parametrize("gain", [0.25, 0.5, 2.0, 4.0])
def test_a_turned_gain_is_followed(gain: float) -> None:
    hum = hum_of(50.02, 5)
    hum[2 * SECOND :] *= gain
    assert db(between(cleaned(hum + hiss(5)), 3.2, 5), between(hum, 3.2, 5)) < -20


def test_each_channel_has_its_own_hum() -> None:
    left = hum_of(50.05)
    sound = np.stack([left, -0.3 * np.roll(left, 100) + 0.1 * hum_of(50.05, only=(1, 5))], axis=1)
    out = cleaned(sound + hiss(4)[:, None])
    for channel in (0, 1):
        assert db(between(out[:, channel], 1.5, 4), sound[:, channel]) < -30


def test_it_walks_and_never_jumps() -> None:
    """With a hum of one slow wave every step in the subtracted sound shows."""
    hum = hum_of(50.0, 8, 0.2, only=(1,))
    hum[6 * SECOND :] = 0
    taken = hum.astype(np.float32) - cleaned(hum)
    assert np.abs(taken).max() > 0.2
    assert np.abs(np.diff(taken[: 6 * SECOND])).max() < 0.02 * np.sqrt(2)  # the wave's own steepest step: 0.0019
    assert np.abs(np.diff(taken[6 * SECOND + 1 :])).max() < 0.01


# --- nothing else is removed ---

PITCHES = (98.0, 110.0, 123.5, 146.8, 150.0, 180.0, 196.0, 200.0, 200.5, 240.0, 247.0, 250.0, 300.0, 440.0)


@pytest.mark.parametrize("hz", PITCHES)
@pytest.mark.parametrize(("vibrato", "jitter"), [(0.0, 0.0), (0.0, 0.001), (0.01, 0.002)])
def test_a_held_note_keeps_every_bit(hz: float, vibrato: float, jitter: float) -> None:
    sound = note_of(hz, 5, vibrato=vibrato, jitter=jitter) + hiss(5)
    assert same(cleaned(sound), sound)


@pytest.mark.parametrize("hz", [100.0, 120.0])
@pytest.mark.parametrize("vibrato", [0.0, 0.01])
def test_a_voice_on_twice_the_mains_keeps_every_bit(hz: float, vibrato: float) -> None:
    sound = note_of(hz, 5, vibrato=vibrato, jitter=0.002)
    assert same(cleaned(sound), sound)


@functools.cache
def others() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    time = np.arange(4 * SECOND) / SECOND
    pluck = sum(np.exp(-time * (0.8 + 0.2 * n)) * np.cos(2 * np.pi * 82.4 * n * time) / n for n in range(1, 20))
    return {
        "speech": spoken(),
        "silence": np.zeros(2 * SECOND),
        "dc": np.full(2 * SECOND, 0.5),
        "noise": rng.uniform(-1, 1, 6 * SECOND),
        "rumble": np.cumsum(rng.normal(0, 1e-3, 6 * SECOND)),
        "clipped voice": np.clip(20 * note_of(110, vibrato=0.01, jitter=0.002), -1, 1),
        "bass": 0.3 * pluck,
        "far too loud": rng.normal(0, 300, 2 * SECOND),
        "ticks": (np.arange(4 * SECOND) % 4800 == 0).astype(float),
    }


@pytest.mark.parametrize("name", list(others()))
def test_what_is_no_hum_keeps_every_bit(name: str) -> None:
    assert same(cleaned(others()[name]), others()[name])


@pytest.mark.parametrize("hz", [100.0, 150.0, 196.0, 200.0, 247.0])
@pytest.mark.parametrize(("vibrato", "jitter"), [(0.0, 0.0), (0.0, 0.001), (0.01, 0.002)])
def test_a_note_over_hum_stays_and_the_hum_is_not_lost(hz: float, vibrato: float, jitter: float) -> None:
    hum, note = hum_of(50.03, 8, 0.003), np.zeros(8 * SECOND)
    note[3 * SECOND : 6 * SECOND] = note_of(hz, 3, vibrato=vibrato, jitter=jitter)
    rest = cleaned(hum + note + hiss(8)) - note
    assert db(between(rest, 3, 6), between(note, 3, 6)) < -40
    assert db(between(rest, 6.3, 8), hum) < -20


# --- as a component ---


@pytest.mark.parametrize("piece", [1, 48, 64])
def test_pieces_of_a_hop_change_nothing(piece: int) -> None:
    sound = hum_of(50.05, 1.0) + hiss(1)
    assert np.array_equal(cleaned(sound), cleaned(sound, piece=piece))


def test_reset_is_as_new() -> None:
    canceller = HumCanceller(1)
    cleaned(hum_of(60.03, 2), canceller)
    assert canceller.mains_hz > 0
    canceller.reset()
    assert canceller.mains_hz == 0
    sound = hum_of(49.9, 2) + hiss(2)
    assert np.array_equal(cleaned(sound, canceller), cleaned(sound))


# --- in the denoisers ---


@pytest.fixture
def instant(tiny_folder: Path) -> Bundle:
    folder = tiny_folder.parent / "quick"
    folder.mkdir()
    (folder / "bundle.toml").write_text(
        'schema = 1\nname = "quick"\nversion = "1"\nkind = "denoise-instant"\nsummary = "x"\nnetwork = "tiny"\n'
        'algorithmic_latency_frames = 64\nlicence = "Apache-2.0"\n'
    )
    return Bundle.load(folder)


@pytest.fixture(params=["denoise", "denoise-instant"])
def make(request: pytest.FixtureRequest, tiny_bundle: Bundle, instant: Bundle) -> functools.partial[Chain]:
    return functools.partial(
        prepared, (Denoise, tiny_bundle) if request.param == "denoise" else (DenoiseInstant, instant)
    )


def prepared(of: tuple[type[Denoise] | type[DenoiseInstant], Bundle], model: object = None, **values: float) -> Chain:
    """A chain with a network that keeps everything, so that only hum is removed."""
    kind, bundle = of
    chain = Chain([kind(bundle, model or ConstantModel(identity_mask()), real_time=False)])  # type: ignore[arg-type]
    for name, value in values.items():
        chain.set_param(f"denoise.{name}", value)
    chain.prepare(SECOND, HOP, 1)
    return chain


def played(chain: Chain, sound: np.ndarray) -> np.ndarray:
    """Aligned with `sound`, (frames,)."""
    late = chain.latency_frames
    out = np.concatenate([sound, np.zeros(late)]).astype(np.float32)[: len(sound) // HOP * HOP, None]
    for start in range(0, len(out), HOP):
        chain.process(out[start : start + HOP])
    return out[late:, 0]


Make = functools.partial[Chain]


@pytest.mark.parametrize("amount_db", [6.0, 20.0])
def test_hum_stays_by_the_amount(make: Make, amount_db: float) -> None:
    sound = hum_of(50.05, 3)
    chain = make(amount_db=amount_db)
    out = played(chain, sound)
    left, hum = between(out, 1.5, 2.9), between(sound, 1.5, 2.9)
    assert np.abs(left - hum * 10 ** (-amount_db / 20)).max() < 1e-3
    assert chain.reduction_db == pytest.approx(amount_db, abs=0.5)


def test_removed_is_the_hum_by_itself(make: Make) -> None:
    hum, note = hum_of(50.05, 5), note_of(247, 5)
    note[: 2 * SECOND] = 0
    out = played(make(amount_db=40.0, listen=1.0), hum + note)
    assert db(between(out - 0.99 * hum[: len(out)], 2, 4.9), hum) < -20


def test_0_db_is_the_very_input_with_hum_too(make: Make) -> None:
    sound = hum_of(50.05, 3)
    out = played(make(amount_db=0.0), sound)
    assert same(out, sound)


def test_a_dry_hop_is_the_very_input_with_hum_too(make: Make) -> None:
    sound = hum_of(50.05, 3)
    trouble = dict.fromkeys(range(600, 10_000), Trouble.RAISE)
    out = played(make(model=TroubledModel(ConstantModel(identity_mask()), trouble)), sound)
    assert db(between(out, 1.2, 1.5), sound) < -20
    assert same(out[int(2.0 * SECOND) :], sound[int(2.0 * SECOND) :])


def test_turning_the_amount_over_hum_never_clicks(make: Make) -> None:
    sound = hum_of(50.0, 8, 0.2, only=(1,))
    chain = make(amount_db=40.0)
    block = sound.astype(np.float32)[: len(sound) // HOP * HOP, None]
    for number, start in enumerate(range(0, len(block), HOP)):
        if number in (2000, 2200, 2400):
            chain.set_param("denoise.amount_db", {2000: 0.0, 2200: 12.0, 2400: 40.0}[number])
        chain.process(block[start : start + HOP])
    steps = np.abs(np.diff(block[1500 * HOP :, 0].astype(np.float64)))
    assert steps.max() < 0.0019 + 0.29 * 2 / 480


def test_reset_forgets_the_hum(make: Make) -> None:
    chain = make()
    sound = hum_of(50.05, 2)
    expected = played(chain, sound)
    chain.reset()
    assert np.array_equal(played(chain, sound), expected)


@pytest.mark.parametrize("hz", [50.05, 59.95])
def test_the_work_of_a_window_is_one_task_a_hop(hz: float) -> None:
    """Found, followed, gone: of the search's tasks, one is due a hop; the first of a window may meet the last."""
    canceller, done = HumCanceller(1), [0]

    def counted(task: Task) -> Task:
        def run(which: int) -> None:
            done[0] += 1
            task(which)

        return run

    canceller._searching = tuple(map(counted, canceller._searching))
    canceller._following = tuple(map(counted, canceller._following))
    sound = (np.concatenate([hum_of(hz, 2), np.zeros(2 * SECOND)]) + hiss(4)).astype(np.float32)
    counts, followed = [], set()
    for start in range(0, len(sound) - HOP, HOP):
        done[0] = 0
        canceller.follow(sound[start : start + HOP, None])
        counts.append(done[0])
        followed.add(canceller.mains_hz > 0)
    assert followed == {False, True}
    assert canceller.mains_hz == 0
    assert max(counts) <= 2
    assert counts.count(2) <= len(counts) // WINDOW_EVERY_HOPS + 1
