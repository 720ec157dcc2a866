"""Work on a take for the page: find out its facts, play it through
other settings, or line it up with another.

It runs when nothing else wants the processor, with little memory, so that
sound, recorder and page are not disturbed. It prints lines of JSON:
{"share": ...} now and then, the result last.

examples:
    hushbox take_work facts "2026-05-04 10.00.00"
    hushbox take_work retry "2026-05-04 10.00.00" --preset Karaoke
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
from firmware_app.takes import facts, render
from firmware_app.takes.library import TakeLibrary
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
    parser.add_argument("take", metavar="TAKE", help='as "hushbox takes" names it')
    parser.add_argument("other", metavar="OTHER", nargs="?", help="compare: the other take")
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
        raise UsageError(f"take {args.take}: more memory is needed than this may take") from None
    except OSError as error:
        raise UsageError(f"{error.filename or 'takes'}: {error.strerror or error}") from None
    return 0


def _work(args: argparse.Namespace, places: Places, model: ModelConfig, progress: Progress) -> Any:
    library = TakeLibrary(places.takes)
    if args.what == "facts":
        stems = places.bundle(model.stems_bundle) if places.has_bundle(model.stems_bundle) else None
        sounds_of = by_separation(stems, model.runtime) if stems is not None else None
        return asdict(facts.find_out(library.folder(args.take), library.take(args.take), sounds_of, progress))
    if args.what == "retry":
        return asdict(retry(places, model, args.take, args.preset, args.period, progress))
    if not args.other:
        raise UsageError("compare: with which take?")
    found = compare(library, args.take, args.other)
    return {"pairs": found.pairs, "score": found.score, "same": found.same}


def retry(places: Places, model: ModelConfig, id: str, preset: str, period_frames: int, progress: Progress) -> Version:
    """Make another version of a take. Raises TakeError, UsageError, DspError, OSError."""
    library = TakeLibrary(places.takes)
    folder, take = library.folder(id), library.take(id)
    settings = _settings(places, take, preset)
    chain = CHAINS[int(settings.values.get(CHAIN.id, CHAIN.default))]
    if chain == BOTH:
        raise TakeError(f"{CHAIN.id} = {chain}: takes a microphone and music apart, so it is for the live box only")
    if any(id == CHAIN.id for _, id, _ in settings.changes):
        raise TakeError(f"take {id}: its chain was changed while it was recorded, so it cannot be made again as it was")
    music = chain == MUSIC
    bundle = bundle_folder(places, model.stems_bundle if music else model.bundle)
    stems = music and bundle is not None
    built = build_chain(bundle, model.runtime, real_time=False, split=stems)
    return render.new_version(
        folder, take, built, settings, stems=stems, period_frames=period_frames, progress=progress
    )


def compare(library: TakeLibrary, id: str, other: str) -> lined_up.LinedUp:
    """Line two takes up; what is not known of them yet is found out. Raises TakeError, OSError."""
    grounds = []
    for each in (id, other):
        folder = library.folder(each)
        try:
            grounds.append(facts.ground_of(folder))
        except TakeError:
            facts.find_out(folder, library.take(each))
            grounds.append(facts.ground_of(folder))
    found = lined_up.line_up(*grounds)
    if found is None:
        raise TakeError(f"{id}, {other}: too short to compare: {lined_up.LEAST_SECONDS:g} s with sound are needed")
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
