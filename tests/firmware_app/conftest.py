"""Fixtures of the application's tests: a clock, a panel without page, a small model, audio without a device."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from firmware_app import audio_process
from firmware_app.audio_process import AudioProcess
from firmware_app.config.keys import AudioConfig, Config, ModelConfig
from firmware_app.config.panel_keys import PanelConfig
from firmware_app.config.places import Places
from firmware_app.running import realtime
from tests.rigs.hand_clock import HandClock
from tests.rigs.panel_hands import BASE, PanelHands
from tests.rigs.scripted_interface import PERIOD, STREAMING, Interface, Source
from tests.rigs.tiny_bundle import tflite_model, tiny_weights, write_bundle


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., PanelHands]]:
    """Start a panel: make(config=BASE). All of one test share a state folder."""
    boxes: list[PanelHands] = []

    def made(config: PanelConfig = BASE) -> PanelHands:
        boxes.append(PanelHands(tmp_path, config))
        return boxes[-1]

    yield made
    for box in boxes:
        box.close()


@pytest.fixture
def box(make: Callable[..., PanelHands]) -> PanelHands:
    return make()


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of a small whole bundle."""
    folder = tmp_path_factory.mktemp("models") / "tiny"
    return str(write_bundle(folder, {"tflite": tflite_model(tiny_weights())}, "denoise"))


@pytest.fixture
def audio_places(tmp_path: Path) -> Iterator[Places]:
    runtime = Path("/dev/shm" if os.path.isdir("/dev/shm") else tmp_path) / f"hushbox-test-{os.getpid()}"
    found = Places(models=tmp_path, assets=tmp_path, state=tmp_path / "state", runtime=runtime)
    found.make_runtime()
    yield found
    for file in runtime.iterdir():
        file.unlink()
    runtime.rmdir()


@pytest.fixture
def make_process(audio_places: Places, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., AudioProcess]]:
    """A box without a model: sound passes through the chain's own steps."""
    monkeypatch.setattr(realtime, "enter", list)
    STREAMING.clear()
    monkeypatch.setattr(realtime, "use_fifo", STREAMING.append)
    monkeypatch.setattr(realtime, "turn_off_gc", lambda: None)
    monkeypatch.setattr(audio_process.signal, "signal", lambda *_: None)
    monkeypatch.setattr(audio_process, "REOPEN_S", 0.1)

    boxes = []

    def box(*interfaces: Interface | None) -> AudioProcess:
        config = Config(audio=AudioConfig(period_frames=PERIOD), model=ModelConfig(bundle="/nowhere"))
        made = AudioProcess(config, audio_places)
        made._source = Source(made, list(interfaces))
        boxes.append(made)
        return made

    yield box
    for made in boxes:
        made._link.close()
