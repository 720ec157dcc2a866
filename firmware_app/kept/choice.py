"""The bundle and the period that a measurement chose for this machine: `choice.json` in the state folder.

They stand in for what neither the settings file nor the page nor the command line names. The audio process measures
before its first sound and leaves the result in its runtime folder; control saves it. It holds for the board, version
and bundles that it was measured with. It is in no backup, because another machine measures for itself.
"""

import contextlib
import math
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from firmware_app.config.keys import AudioConfig, Config, ModelConfig
from firmware_app.config.places import Places
from firmware_app.kept import audio as kept_audio
from firmware_app.kept.kept_file import KeptFile, write_whole
from firmware_app.kept.saver import SaveJob
from firmware_app.models.carry import Load, percent
from firmware_app.models.choice import Candidates, Choice, machine_of

NAME = "choice.json"
_TAKEN = "choice-taken.json"  # in control's runtime folder
BUNDLE, PERIOD = "model.bundle", "audio.period_frames"
_MOST_LOADS = 16
_check_name = {f.name: f.metadata["key"].check for f in fields(ModelConfig)}["bundle"]
_check_period = {f.name: f.metadata["key"].check for f in fields(AudioConfig)}["period_frames"]


class ChoiceError(ValueError):
    """A saved choice that cannot be used."""


def in_force(config: Config, choice: Choice | None) -> Config:
    """The settings with what was chosen by measurement in place of the defaults. What a person named stays."""
    if choice is None or BUNDLE in config.named:
        return config
    config = replace(config, model=replace(config.model, bundle=choice.bundle))
    if PERIOD in config.named:
        return config
    return replace(config, audio=replace(config.audio, period_frames=choice.period_frames))


def kept(config: Config, places: Places) -> Choice | None:
    """The choice that holds for these settings on this machine. None: nobody has to choose, or it is to be measured."""
    if BUNDLE in config.named:
        return None
    machine = machine_of(candidates(config, places))
    for file in _files(places):
        if file.path.parent == places.sound and _is_taken(places):
            continue
        choice, _ = file.load_as(check, look_only=True)
        if choice is not None and choice.machine == machine:
            return choice
    return None


def first_choice(config: Config, places: Places) -> tuple[Choice | None, str]:
    """(the kept choice, or one measured now and left for control; a note for the log when it was measured).

    Audio process, before its models are loaded. Raises nothing but what a mistake in Hushbox raises.
    """
    if BUNDLE in config.named:
        return None, ""
    choice = kept(config, places)
    if choice is not None:
        return choice, ""
    try:
        choice = _choose(config, places)
    except (OSError, RuntimeError) as error:  # the demo's file, which libsndfile reads
        return None, f"bundle and period were not measured, the defaults hold: {error}"
    if choice is None:
        return None, "bundle and period were not measured, the defaults hold: no model can be loaded"
    left = file_in(places.sound)
    left.save(asdict(choice))
    return choice, f"{words(choice, config.audio.periods)}{f' ({left.problem})' if left.problem else ''}"


def _choose(config: Config, places: Places) -> Choice | None:
    from firmware_app.models.choose import choose  # loads the models' room, which control does without

    return choose(candidates(config, places), places.demo_vocal)


def measure_now(config: Config, places: Places) -> Choice | None:
    """For `hushbox bench --choose`: measure and save, whatever was kept. Raises OSError when it cannot be saved."""
    choice = _choose(config, places)
    if choice is not None:
        file = file_in(places.state)
        if not file.save(asdict(choice)):
            raise OSError(file.problem)
        _take_left(places)
    return choice


def words(choice: Choice, periods: int) -> str:
    """One sentence for people."""
    chosen = f"{choice.bundle} at {choice.period_frames} x {periods}"
    used = f"{percent(choice.load_p99)} of a block's time (p99)"
    if choice.fits:
        return f"chosen for this machine: {chosen}, which takes {used}"
    return f"nothing fits this machine; {chosen} comes nearest and takes {used}"


def chosen_at_s(places: Places) -> float:
    """When the choice was measured, in seconds since 1970; 0 for none."""
    for file in reversed(_files(places)):
        try:
            return file.path.stat().st_mtime
        except OSError:
            continue
    return 0.0


def check(body: Mapping[str, Any]) -> Choice | None:
    """Read a saved choice; None for an empty one. Raises ChoiceError."""
    if not body:
        return None
    names = {f.name for f in fields(Choice)}
    if set(body) != names:
        raise ChoiceError(f"keys {', '.join(sorted(body))[:80]}: allowed {', '.join(sorted(names))}")
    for name in ("bundle", "board", "machine"):
        if not isinstance(body[name], str) or len(body[name]) > 1000:
            raise ChoiceError(f"{name} = {str(body[name])[:40]!r}: a text of at most 1000 characters is allowed")
    if wrong := _check_name(body["bundle"]):
        raise ChoiceError(f"bundle = {body['bundle'][:40]!r}: {wrong}")
    wrong = _check_period(body["period_frames"])
    if wrong:
        raise ChoiceError(f"period_frames = {str(body['period_frames'])[:40]!r}: {wrong}")
    if not isinstance(body["fits"], bool):
        raise ChoiceError(f"fits = {str(body['fits'])[:40]!r}: true or false is allowed")
    listed = body["loads"]
    if not isinstance(listed, list | tuple) or not 1 <= len(listed) <= _MOST_LOADS:
        raise ChoiceError(f"loads: a list of 1 to {_MOST_LOADS} is allowed")
    choice = Choice(**{**body, "loads": tuple(map(_load, listed))})
    if not any((load.bundle, load.period_frames) == (choice.bundle, choice.period_frames) for load in choice.loads):
        raise ChoiceError(f"loads: none of {choice.bundle[:40]} at {choice.period_frames}")
    return choice


def _load(tree: object) -> Load:
    if not isinstance(tree, dict) or set(tree) != {f.name for f in fields(Load)} or not isinstance(tree["bundle"], str):
        raise ChoiceError("loads: each has bundle, period_frames, p50 and p99")
    wrong = _check_period(tree["period_frames"])
    shares = [tree["p50"], tree["p99"]]
    if wrong or any(type(n) not in (int, float) or not math.isfinite(n) or not 0 <= n < 100 for n in shares):
        raise ChoiceError(f"loads: {str(tree)[:80]}: a period, and shares from 0 to 100, are allowed")
    return Load(**tree)


class ChoiceStore:
    """The choice in control, which saves it. `look` is called by the link, `save_job` by the saver."""

    def __init__(self, config: Config, places: Places) -> None:
        self._config, self._places = config, places
        self._file = file_in(places.state)
        self._saved, notes = self._file.load_as(check)
        self.notes = tuple(notes)
        self.now = kept(config, places)
        self.save_job = SaveJob("the choice of model and period", self._write)
        self._save_if_new()

    @property
    def config(self) -> Config:
        """The settings with the choice in force."""
        return in_force(self._config, self.now)

    @property
    def loads(self) -> tuple[Load, ...]:
        """What this machine carries of the chosen bundle, the shortest period first; empty where none was measured."""
        return tuple(sorted(self.now.loads, key=lambda load: load.period_frames)) if self.now else ()

    def look(self) -> bool:
        """Whether the audio process has chosen since the last look. Link's thread."""
        if self.now is not None or BUNDLE in self._config.named:
            return False
        self.now = kept(self._config, self._places)
        self._save_if_new()
        return self.now is not None

    def _save_if_new(self) -> None:
        if self.now is not None and self.now != self._saved:
            self.save_job.changed()

    def _write(self) -> str:
        if self.now is not None and self._file.save(asdict(self.now)):
            self._saved = self.now
            _take_left(self._places)
        return self._file.problem


def _take_left(places: Places) -> None:
    """What the audio process left is saved now, or is out of date: a later choice in the state folder has to count.

    Its folder is another user's on a box, so control notes what it has taken beside its own files.
    """
    with contextlib.suppress(OSError):  # without room for the note, what was left counts until the next start
        write_whole(places.runtime / _TAKEN, file_in(places.sound).path.read_bytes(), 0o640)


def _is_taken(places: Places) -> bool:
    """Whether control has taken what the audio process left."""
    try:
        return file_in(places.sound).path.read_bytes() == (places.runtime / _TAKEN).read_bytes()
    except OSError:
        return False


def file_in(folder: Path) -> KeptFile:
    """choice.json in the state folder, or in the audio process's runtime folder."""
    return KeptFile(folder, NAME, 1, "choice", "choice of model and period")


def _files(places: Places) -> tuple[KeptFile, KeptFile]:
    """Where a choice may be, the newest first: what the audio process left, and what control saved."""
    return file_in(places.sound), file_in(places.state)


def candidates(config: Config, places: Places) -> Candidates:
    """The bundle of the settings and the lighter one beside it, at every period or at the one a person has set."""
    model = config.model
    voices = {name: places.bundle(name) for name in (model.bundle, model.light_bundle) if name}
    audio, _ = kept_audio.in_force(config, places.state)
    by_page = "period_frames" in (kept_audio.settings_file(places.state).load(look_only=True).body or {})
    period = audio.period_frames if by_page or PERIOD in config.named else None
    channels = len(audio.input_channels)
    return Candidates(voices, places.bundle(model.stems_bundle), model.runtime, period, channels, model.spread)
