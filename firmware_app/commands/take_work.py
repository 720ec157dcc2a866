"""Work on a take for the page: find out its facts, play it through
other settings, or line it up with another.

It runs when nothing else wants the processor, with little memory, so that
sound, recorder and page are not disturbed. It prints lines of JSON:
{"share": ...} now and then, the result last.

examples:
    hushbox take_work facts "takes/2026-05-04 10.00.00"
    hushbox take_work retry "takes/2026-05-04 10.00.00" --preset Karaoke
    cd takes
    hushbox take_work compare "2026-05-04 10.00.00" "2026-05-04 10.05.00"
"""

import argparse
import contextlib
import json
import resource
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dsp.analysis import lined_up
from dsp.analysis.lined_up import LinedUp
from dsp.errors import DspError
from dsp.params import find
from dsp.rack.build import build_chain
from dsp.rack.rack import BOTH, CHAIN, CHAINS, MUSIC
from firmware_app.commands.common import bundle_folder, ending_cleanly
from firmware_app.commands.model_work import step_back
from firmware_app.config import places as places_of_box
from firmware_app.config.keys import ModelConfig
from firmware_app.config.places import Places
from firmware_app.errors import UsageError
from firmware_app.kept.factory import UnknownPresetError
from firmware_app.kept.library import library_in
from firmware_app.kept.param_table import PARAMS
from firmware_app.running import realtime
from firmware_app.takes import listening, render
from firmware_app.takes import take as takes
from firmware_app.takes.facts import Facts
from firmware_app.takes.render import Settings
from firmware_app.takes.sounds import by_separation
from firmware_app.takes.take import Take, TakeError
from firmware_app.takes.versions import Version

MOST_BYTES = 1_000_000_000
"""Of memory for what it allocates. A take may be of any length; none needs so much."""

TELL_S = 0.25

Progress = Callable[[float], object]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    model = ModelConfig()
    parser.add_argument("what", choices=("facts", "retry", "compare"), help="what to do")
    parser.add_argument("take", metavar="FOLDER", type=Path, help="of the take")
    parser.add_argument("other", metavar="OTHER", type=Path, nargs="?", help="compare: the folder of the other take")
    parser.add_argument("--preset", metavar="NAME", default="", help="retry: the take's own settings without one")
    parser.add_argument("--bundle", metavar="NAME", default=model.bundle, help="the model for a voice")
    parser.add_argument("--stems-bundle", metavar="NAME", default=model.stems_bundle, help="the model for music")
    parser.add_argument("--runtime", default="auto", help="the library that runs the model")
    parser.add_argument("--period", metavar="FRAMES", type=int, default=128, help="length of a block, as live")
    parser.add_argument("--state-dir", metavar="FOLDER", help="where takes are kept")


def run(args: argparse.Namespace) -> int:
    realtime.die_with_supervisor()
    step_back()
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (MOST_BYTES, MOST_BYTES))
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")  # when memory ends, this ends first
    places = places_of_box.find(args.state_dir)
    model = ModelConfig(bundle=args.bundle, stems_bundle=args.stems_bundle, runtime=args.runtime)
    told = _Told()
    try:
        with ending_cleanly():
            told.result(_work(args, places, model, told.share))
    except (TakeError, DspError) as error:
        raise UsageError(str(error)) from None
    except MemoryError:
        raise UsageError(f"take {args.take.name}: more memory is needed than this may take") from None
    except OSError as error:
        raise UsageError(f"{error.filename or 'takes'}: {error.strerror or error}") from None
    return 0


def _work(args: argparse.Namespace, places: Places, model: ModelConfig, progress: Progress) -> Any:
    folder: Path = args.take
    if args.what == "facts":
        return asdict(find_out(places, model, folder, progress))
    if args.what == "retry":
        return asdict(retry(places, model, folder, args.preset, args.period, progress))
    if args.other is None:
        raise UsageError("compare: with which take?")
    found = compare(places, model, folder, args.other)
    return {"pairs": found.pairs, "score": found.score, "same": found.same}


def find_out(places: Places, model: ModelConfig, folder: Path, progress: Progress) -> Facts:
    """Listen to a take. Raises TakeError, DspError, OSError."""
    stems = places.bundle(model.stems_bundle) if places.has_bundle(model.stems_bundle) else None
    sounds_of = by_separation(stems, model.runtime) if stems is not None else None
    return listening.find_out(folder, takes.load(folder), sounds_of, progress)


def retry(
    places: Places, model: ModelConfig, folder: Path, preset: str, period_frames: int, progress: Progress
) -> Version:
    """Make another version of a take. Raises TakeError, UsageError, DspError, OSError."""
    take = takes.load(folder)
    settings = _settings(places, take, preset)
    chain = CHAINS[int(settings.values.get(CHAIN.id, CHAIN.default))]
    if chain == BOTH:
        raise TakeError(f"{CHAIN.id} = {chain}: takes a microphone and music apart, so it is for the live box only")
    if any(id == CHAIN.id for _, id, _ in settings.changes):
        raise TakeError(
            f"take {folder.name}: its chain was changed while it was recorded, so it cannot be made as it was"
        )
    music = chain == MUSIC
    bundle = bundle_folder(places, model.stems_bundle if music else model.bundle)
    stems = music and bundle is not None
    built = build_chain(bundle, model.runtime, real_time=False, split=stems)
    return render.new_version(
        folder, take, built, settings, stems=stems, period_frames=period_frames, progress=progress
    )


def compare(places: Places, model: ModelConfig, folder: Path, other: Path) -> LinedUp:
    """Line two takes up; what is not known of them yet is found out. Raises TakeError, DspError, OSError."""
    grounds = []
    for each in (folder, other):
        try:
            grounds.append(listening.ground_of(each))
        except TakeError:
            find_out(places, model, each, lambda share: None)
            grounds.append(listening.ground_of(each))
    found = lined_up.line_up(*grounds)
    if found is None:
        least = f"{lined_up.LEAST_SECONDS:g} s with sound"
        raise TakeError(f"{folder.name}, {other.name}: too short to compare: {least} are needed in both")
    return found


def _settings(places: Places, take: Take, preset: str) -> Settings:
    """Raises UsageError."""
    if not preset:
        return Settings("", take.params, take.changes)
    library = library_in(places.factory_presets, places.state, PARAMS, look_only=True)
    try:
        found = library.find(preset)
    except UnknownPresetError as error:
        raise UsageError(str(error)) from None
    chain = {CHAIN.id: take.params[CHAIN.id]} if CHAIN.id in take.params else {}
    return Settings(found.name, {**chain, **{id: find(PARAMS, id).check(value) for id, value in found.params.items()}})


class _Told:
    """What is printed."""

    def __init__(self) -> None:
        self._next_s = 0.0

    def share(self, share: float) -> None:
        if time.monotonic() >= self._next_s:
            self._next_s = time.monotonic() + TELL_S
            print(json.dumps({"share": round(share, 3)}), flush=True)

    def result(self, result: Any) -> None:
        print(json.dumps({"result": result}), flush=True)
