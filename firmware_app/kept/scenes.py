"""Scenes A and B: two sets of parameter values that the player saves from what is heard, to switch by foot."""

import threading
from collections.abc import Mapping
from pathlib import Path

from dsp.denoise.denoiser import LISTEN
from dsp.params import ParamError, ParamSpec
from dsp.rack.dry_path import BYPASS, MATCH, MUTE
from dsp.rack.voice_stages import SOLO
from firmware_app.kept.kept_file import OTHER_VERSION, KeptFile, shortened
from firmware_app.kept.saver import SaveJob

NAMES = ("A", "B")
MORPH = ParamSpec(
    "scenes.morph", "%", 0.0, 100.0, 0.0, "Morph", "From scene A to scene B; what has only two states changes halfway."
)
LISTENING = (SOLO, LISTEN)
"""Aids to the ear: what is removed is heard instead of the sound. They end with a preset, a scene and a restart, which
keep none of them, and are no step to be undone.
"""

# A change of scene must never unmute the box, nor freeze the sound, nor leave only what is removed.
NOT_IN_A_SCENE = frozenset({BYPASS.id, MUTE.id, MATCH.id, MORPH.id, "box.freeze", *(aid.id for aid in LISTENING)})


class Scenes:
    """Both scenes. The saver writes them by `save_job`. Any thread."""

    def __init__(self, folder: Path, specs: Mapping[str, ParamSpec]) -> None:
        self._file = KeptFile(folder, "scenes.json", 1, "scenes", "scenes")
        self._lock = threading.Lock()
        self.save_job = SaveJob("scenes", self._write)
        self.live = ""  # the scene recalled or kept last, "" before that
        (self._scenes, own), notes = self._file.load_as(lambda body: _read(body, specs))
        self.notes = shortened([*notes, *own])

    def keep(self, name: str, values: Mapping[str, float]) -> None:
        """Save `values` as scene `name`, except those in NOT_IN_A_SCENE."""
        with self._lock:
            self._scenes[name] = {id: value for id, value in values.items() if id not in NOT_IN_A_SCENE}
            self.live = name
        self.save_job.changed()

    def recall(self, name: str) -> dict[str, float]:
        """The values of scene "A", "B" or the "other" one; empty when nothing was saved there."""
        with self._lock:
            wanted = ("B" if self.live == "A" else "A") if name == "other" else name
            values = self._scenes[wanted]
            if values:
                self.live = wanted
            return dict(values)

    def live_again(self, name: str) -> None:
        """Undo: this scene is the one recalled last; "" for none."""
        with self._lock:
            self.live = name

    def between(self, share: float, specs: Mapping[str, ParamSpec]) -> dict[str, float]:
        """Values at `share` (0…1) of the way from A to B, for parameters that differ; empty unless both are saved.

        Linear in the parameter's unit (dB sounds even); a choice changes halfway.
        """
        a, b = (self._scenes[name] for name in NAMES)
        return {
            id: (a[id] if share < 0.5 else b[id]) if specs[id].choices else a[id] + share * (b[id] - a[id])
            for id in a
            if id in b and a[id] != b[id]
        }

    def filled(self) -> dict[str, bool]:
        """Which scenes are saved."""
        return {name: bool(values) for name, values in self._scenes.items()}

    def _write(self) -> str:
        with self._lock:
            scenes = dict(self._scenes)
        self._file.save(scenes)
        return self._file.problem

    @property
    def problem(self) -> str:
        return self.save_job.problem


def _read(body: Mapping[str, object], specs: Mapping[str, ParamSpec]) -> tuple[dict[str, dict[str, float]], list[str]]:
    """Both scenes, and notes on what was left out."""
    notes = [f"scene {name[:40]}: there are only {' and '.join(NAMES)}; ignored" for name in body if name not in NAMES]
    scenes = {}
    for name in NAMES:
        saved = body.get(name, {})
        if not isinstance(saved, dict):
            notes.append(f"scene {name} is no set of values; ignored")
        scenes[name] = usable(saved if isinstance(saved, dict) else {}, specs, notes, f"scene {name}")
    return scenes, notes


def usable(
    saved: Mapping[str, object], specs: Mapping[str, ParamSpec], notes: list[str], where: str
) -> dict[str, float]:
    """The saved values that this version knows and allows; `notes` gets the others."""
    values: dict[str, float] = {}
    for id, value in saved.items():
        if id in NOT_IN_A_SCENE:
            continue
        if id not in specs:
            notes.append(f"{where}: {id[:60]} {OTHER_VERSION}")
            continue
        try:
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ParamError(f"{id} = {str(value)[:40]!r}: a number is allowed")
            values[id] = specs[id].check(value)
        except ParamError as error:
            notes.append(f"{where}: {error}; ignored")
    return values
