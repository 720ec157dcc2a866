"""RealModels: the installed models, over their bundles and BoxSetup."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dsp.errors import DspError
from dsp.inference.bundle import Bundle
from dsp.inference.handed_in import HandedInError, read_file
from dsp.rack.rack import BOTH, CHAIN, CHAINS
from firmware_app.kept import choice as choice_kept
from firmware_app.kept import models as models_kept
from firmware_app.link import listen_ring
from firmware_app.models.carry import MOST_LOAD
from firmware_app.models.choice import Choice
from firmware_app.models.installed import Loaded, installed, left
from firmware_app.setup.box import BoxSetup
from firmware_app.setup.model_work import WorkRefused
from web_ui.ports.errors import ControlRefused, NotThere
from web_ui.ports.models import TriedView, WorkView

log = logging.getLogger(__name__)

MAX_CARD_BYTES = 100_000
TURNS = ("first", "second")
_KEYS = dict(zip(("voice", "music"), models_kept.KEYS, strict=True))
"""The key of [model] by the sound that a bundle is for."""
_NEXT_START = "In voice over music it plays from the next start on."


class RealModels:
    """Implements ModelsPort. Any thread."""

    def __init__(self, box: BoxSetup, ring: Path) -> None:
        """ring: the listen ring's file."""
        self._box, self._ring = box, ring
        self._read: dict[Path, tuple[int, Bundle | None]] = {}  # by folder: when bundle.toml was changed, what it says

    def cards(self) -> Sequence[Mapping[str, Any]]:
        loaded = left(self._box.places.sound)
        return [self._card(name, sound, bundle, loaded) for name, (sound, bundle) in self._bundles().items()]

    def use(self, name: str) -> str:
        box, loaded = self._box, left(self._box.places.sound)
        sound, _ = self._found(name)
        if why := self._why_not(name, sound, loaded):
            raise ControlRefused(f"{name}: {why}")
        problem = box.use_model(_KEYS[sound], name)
        mixed_now = CHAINS[int(box.control.value(CHAIN.id))] == BOTH
        return problem or (_NEXT_START if mixed_now and not loaded.mixed else "")

    def measure(self, name: str) -> None:
        self._found(name)
        box = self._box
        model, period, channels = box.config.model, box.audio.in_force.period_frames, self._channels(name)
        self._begin(lambda: box.model_work.measure(name, model.runtime, period, channels, spread=model.spread))

    def try_out(self, first: str, second: str) -> None:
        sounds = {self._found(name)[0] for name in (first, second)}
        if first == second or len(sounds) > 1:
            raise ControlRefused(f"{first} and {second}: two different models for the same sound are expected")
        box = self._box
        self._begin(box.model_work.must_be_idle)  # before seconds of sound are read for it
        try:
            sound, _ = listen_ring.read_wavs(self._ring)
        except FileNotFoundError:
            raise NotThere("no sound has been heard yet: start the box and try again") from None
        self._begin(
            lambda: box.model_work.try_out((first, second), box.config.model.runtime, sound, box.control.values())
        )

    def work(self) -> WorkView:
        now = self._box.model_work.now
        tried = now.tried
        view = TriedView(tried.number, tried.models, tried.gain_db) if tried else None
        return WorkView(now.doing, now.models, now.why, view)

    def tried(self, turn: str) -> bytes:
        tried = self._box.model_work.now.tried
        if turn not in TURNS:
            raise NotThere(f"no turn {turn[:40]!r}: there are {' and '.join(TURNS)}")
        if tried is None:
            raise NotThere("no models have been tried yet")
        return tried.wavs[TURNS.index(turn)]

    def _begin(self, begin: Any) -> None:
        try:
            begin()
        except WorkRefused as error:
            raise ControlRefused(str(error)) from None

    def _channels(self, name: str) -> int:
        return 2 if self._found(name)[0] == "music" else len(self._box.audio.in_force.input_channels)

    def _found(self, name: str) -> tuple[str, Bundle]:
        """(the sound that it is for, the bundle). Raises NotThere."""
        there = self._bundles()
        if name not in there:
            raise NotThere(f"no model {name[:80]!r}: there are {', '.join(there)}")
        return there[name]

    def _bundles(self) -> dict[str, tuple[str, Bundle]]:
        """By the name that the settings have for each; without damaged ones, of which the log and the doctor tell."""
        box = self._box
        model = box.config.model
        named = {name: box.places.bundle(name) for name in (model.bundle, model.stems_bundle)}
        there = installed(box.places.models, named)
        sounds = {name: ("voice", folder) for name, folder in there.voices.items()}
        sounds |= {name: ("music", folder) for name, folder in there.stems.items()}
        read = {name: (sound, self._bundle(folder)) for name, (sound, folder) in sounds.items()}
        return {name: (sound, bundle) for name, (sound, bundle) in read.items() if bundle is not None}

    def _bundle(self, folder: Path) -> Bundle | None:
        """Read once, and again when its bundle.toml has changed."""
        try:
            changed_at = (folder / "bundle.toml").stat().st_mtime_ns
        except OSError:
            return None
        if self._read.get(folder, (0, None))[0] != changed_at:
            bundle: Bundle | None = None
            try:
                bundle = Bundle.load(folder)
            except DspError as error:
                log.error("%s", error)
            self._read[folder] = (changed_at, bundle)
        return self._read[folder][1]

    def _why_not(self, name: str, sound: str, loaded: Loaded) -> str:
        if models_kept.fixed(self._box.config, _KEYS[sound]):
            return "the model is set on the command line, so not here"
        if name in loaded.names:
            return ""
        return loaded.failed.get(name) or "it is not loaded: start the box again"

    def _card(self, name: str, sound: str, bundle: Bundle, loaded: Loaded) -> dict[str, Any]:
        box = self._box
        in_use = getattr(box.config.model, _KEYS[sound]) == name
        chosen = box.choice.now
        return {
            "runs": sound,
            "name": name,
            "version": bundle.version,
            "summary": bundle.summary,
            "best_for": bundle.best_for,
            "scores": list(bundle.scores),
            "licence": bundle.licence,
            "trained_on": [asdict(source) for source in bundle.trained_on],
            "card": _text(bundle.folder / "CARD.md"),
            "latency_ms": round(1000 * bundle.algorithmic_latency_frames / bundle.rate_hz, 2),
            "parameters": bundle.parameters,
            "size_bytes": max(_size(file.path) for file in bundle.files.values()),
            "chosen": _chosen(chosen) if chosen is not None and chosen.bundle == name else None,
            "in_use": in_use,
            "why_not": "" if in_use else self._why_not(name, sound, loaded),
            "load": self._load(name, chosen),
        }

    def _load(self, name: str, chosen: Choice | None) -> dict[str, Any] | None:
        """The newest measurement: one on demand, or that of the first start at the period in force."""
        box = self._box
        measured = box.loads.of(name, box.machine(name))
        if measured is not None:
            return _load(measured.period_frames, measured.p50, measured.p99, measured.at_s)
        period = box.audio.in_force.period_frames
        for load in chosen.loads if chosen is not None else ():
            if (load.bundle, load.period_frames) == (name, period):
                return _load(period, load.p50, load.p99, choice_kept.chosen_at_s(box.places))
        return None


def _load(period_frames: int, p50: float, p99: float, at_s: float) -> dict[str, Any]:
    return {"period_frames": period_frames, "p50": p50, "p99": p99, "fits": p99 <= MOST_LOAD, "at_s": at_s}


def _chosen(choice: Choice) -> dict[str, Any]:
    """What was measured. Another period that a person has set since does not change why this bundle runs."""
    return {"period_frames": choice.period_frames, "load_p99": choice.load_p99, "fits": choice.fits}


def _text(card: Path) -> str:
    """The text of a bundle's card; empty when it cannot be read."""
    try:
        return read_file(card, MAX_CARD_BYTES, within=card.parent).decode(errors="replace")
    except (HandedInError, OSError):
        return ""


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # deleted while the box runs: the model is in memory
        return 0
