"""Sound below hearing is removed where it is out of proportion, and nothing else is."""

import functools
from pathlib import Path

import numpy as np
import pytest

from dsp.denoise.features import identity_mask
from dsp.denoise.instant import DenoiseInstant
from dsp.denoise.live import Denoise
from dsp.inference.bundle import Bundle
from dsp.inference.fake import ConstantModel
from dsp.rack.chain import Chain
from dsp.restore.infrasonic import InfrasonicGuard
from tests.dsp.restore.test_hum import between, db, hum_of, note_of, played, same, spoken

HOP, SECOND = 128, 48_000
TIME = np.arange(6 * SECOND) / SECOND


def below(hz: float, level: float, seed: int = 1, falling: float = 1.0) -> np.ndarray:
    """Noise from 0.3 Hz to `hz`, louder towards the bottom."""
    rng, f = np.random.default_rng(seed), np.fft.rfftfreq(len(TIME), 1 / SECOND)
    spectrum = (rng.normal(size=len(f)) + 1j * rng.normal(size=len(f))) * np.maximum(f, 0.3) ** -falling
    sound = np.fft.irfft(np.where((f > 0.3) & (f < hz), spectrum, 0.0), len(TIME))
    return level * sound / np.sqrt(np.mean(sound**2))


RUMBLES = {
    "drift": 0.1 * np.sin(2 * np.pi * 0.5 * TIME),
    "offset": np.full(len(TIME), 0.1),
    "wander": below(3.0, 0.1),
    "wind": below(20.0, 0.1),
}
LEFT_DB = {"drift": -40.0, "offset": -30.0, "wander": -30.0, "wind": -16.0}


def guarded(sound: np.ndarray, guard: InfrasonicGuard | None = None, piece: int = HOP) -> np.ndarray:
    """The sound without its part below hearing: (frames,) or (frames, channels) -> the same, cut to whole hops."""
    block = np.array(sound.reshape(len(sound), -1), np.float32)[: len(sound) // HOP * HOP]
    guard = guard or InfrasonicGuard(block.shape[1])
    for hop in range(0, len(block), HOP):
        for start in range(hop, hop + HOP, piece):
            part = block[start : min(start + piece, hop + HOP)]
            rumble = guard.follow(part)
            if rumble is not None:
                part -= rumble
    return block[:, 0] if sound.ndim == 1 else block


@functools.cache
def voice() -> np.ndarray:
    return spoken(8.0)[: len(TIME)]


# --- it is removed ---


@pytest.mark.parametrize("name", list(RUMBLES))
def test_it_goes_from_silence(name: str) -> None:
    assert db(between(guarded(RUMBLES[name]), 1, 6), between(RUMBLES[name], 1, 6)) < LEFT_DB[name]


@pytest.mark.parametrize("name", list(RUMBLES))
def test_it_goes_from_under_a_voice_and_the_voice_stays(name: str) -> None:
    out = guarded(voice() + RUMBLES[name])
    late = between(out, 2, 6), between(voice(), 2, 6)
    f = np.fft.rfftfreq(len(late[0]), 1 / SECOND)
    mine, clean = (np.abs(np.fft.rfft(sound)) for sound in late)
    rumble = np.abs(np.fft.rfft(between(RUMBLES[name], 2, 6)))
    low, high = f < 20.0, f > 60.0
    assert db(mine[low], rumble[low]) < LEFT_DB[name]
    assert abs(db(mine[high], clean[high])) < 0.3  # as loud as before: only the phases of the lowest tones turn


def test_each_channel_loses_its_own() -> None:
    wind = np.stack([below(10.0, 0.1), below(10.0, 0.05, 2)], axis=1)
    out = guarded(wind)
    for side in (0, 1):
        assert db(between(out[:, side], 1, 6), between(wind[:, side], 1, 6)) < -16


def test_it_lets_go_when_the_wind_does() -> None:
    wind = below(10.0, 0.1)
    wind[2 * SECOND :] = 0.0
    out = guarded(voice() + wind)
    assert np.array_equal(out[5 * SECOND :], voice()[5 * SECOND : len(out)].astype(np.float32))


def test_it_never_clicks() -> None:
    drift = 0.3 * np.sin(2 * np.pi * 1.0 * TIME)
    drift[: SECOND // 4] = 0.0  # from a crossing of zero to one
    drift[4 * SECOND :] = 0.0
    taken = drift[: len(TIME) // HOP * HOP] - guarded(drift)
    assert np.abs(taken).max() > 0.2
    assert np.abs(np.diff(taken)).max() < 0.3 / 480  # a ramp of 10 ms over all of it would be as steep


# --- nothing else is removed ---

OTHERS = {
    "speech": voice(),
    "a bass voice": note_of(82.4, 6, vibrato=0.01, jitter=0.002),
    "a voice with a little rumble": voice() + below(15.0, 0.003),
    "a bass's lowest E": 0.2
    * np.sin(2 * np.pi * 41.2 * TIME)
    * np.exp(-2 * (TIME % 1.0))
    * np.minimum(TIME % 1.0, 0.01)
    * 100,
    "a lowest B": 0.2 * np.sin(2 * np.pi * 30.9 * TIME),
    "a kick drum": 0.5 * np.sin(2 * np.pi * 50 * (TIME % 0.5)) * np.exp(-9 * (TIME % 0.5)),
    "noise": np.random.default_rng(5).uniform(-1, 1, len(TIME)),
    "silence": np.zeros(len(TIME)),
    "drift nobody minds": 1e-3 * np.sin(2 * np.pi * TIME),
    "hum": hum_of(50.0, 6),
    "far too loud": np.random.default_rng(5).normal(0, 300, len(TIME)),
    "ticks": (np.arange(len(TIME)) % 4800 == 0).astype(float),
}


@pytest.mark.parametrize("name", list(OTHERS))
def test_what_is_in_proportion_keeps_every_bit(name: str) -> None:
    assert same(guarded(OTHERS[name]), OTHERS[name])


# --- as a component ---


@pytest.mark.parametrize("piece", [1, 48, 64])
def test_pieces_of_a_hop_change_nothing(piece: int) -> None:
    sound = (RUMBLES["wind"] + voice())[:SECOND]
    np.testing.assert_allclose(guarded(sound), guarded(sound, piece=piece), atol=1e-6)


def test_reset_is_as_new() -> None:
    guard, sound = InfrasonicGuard(1), RUMBLES["wind"][: 2 * SECOND]
    first = guarded(sound, guard)
    assert guard.active
    guard.reset()
    assert not guard.active
    assert np.array_equal(guarded(sound, guard), first)


# --- in the denoisers ---


@pytest.fixture(params=[Denoise, DenoiseInstant])
def make(request: pytest.FixtureRequest, tiny_bundle: Bundle, tiny_folder: Path) -> functools.partial[Chain]:
    bundle = tiny_bundle
    if request.param is DenoiseInstant:
        folder = tiny_folder.parent / "quick"
        folder.mkdir()
        (folder / "bundle.toml").write_text(
            'schema = 1\nname = "quick"\nversion = "1"\nkind = "denoise-instant"\nsummary = "x"\nnetwork = "tiny"\n'
            'algorithmic_latency_frames = 64\nlicence = "Apache-2.0"\n'
        )
        bundle = Bundle.load(folder)
    return functools.partial(chain_of, request.param, bundle)


def chain_of(kind: type[Denoise] | type[DenoiseInstant], bundle: Bundle, **values: float) -> Chain:
    """A chain whose network keeps everything."""
    chain = Chain([kind(bundle, ConstantModel(identity_mask()), real_time=False)])
    for name, value in values.items():
        chain.set_param(f"denoise.{name}", value)
    chain.prepare(SECOND, HOP, 1)
    return chain


@pytest.mark.parametrize("amount_db", [6.0, 20.0])
def test_it_stays_by_the_amount(make: functools.partial[Chain], amount_db: float) -> None:
    drift = RUMBLES["drift"]
    left = between(played(make(amount_db=amount_db), drift), 2, 5.9) - between(drift, 2, 5.9) * 10 ** (-amount_db / 20)
    assert np.abs(left).max() < 2e-3


def test_removed_is_the_rumble_and_0_db_the_very_input(make: functools.partial[Chain]) -> None:
    drift = RUMBLES["drift"]
    removed = played(make(amount_db=40.0, listen=1.0), drift)
    assert db(between(removed - 0.99 * drift[: len(removed)], 2, 5.9), drift) < -30
    assert same(played(make(amount_db=0.0), drift), drift)


def test_hum_is_found_under_it(make: functools.partial[Chain]) -> None:
    hum = hum_of(50.05, 6)
    out = played(make(amount_db=40.0), hum + RUMBLES["wander"])
    assert db(between(out, 3, 5.9), hum + RUMBLES["wander"]) < -25
