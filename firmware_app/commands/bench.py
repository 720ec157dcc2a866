"""Measure how fast this machine is: the time a block of sound takes.

A load of 100 % is the whole time until the next block is due. The interface and
everything else on the board need the rest of it. With periods shorter than the
model's hop, only some blocks run the model: look at p99. When p99 is far above
cpu p99, other programs were using the processor. The last line says what this
machine carries, by cpu p99: at most 60 % of a block's time.

It takes about 10 seconds on a PC and a minute on a small board. The box's own
bundle is measured for longer than the others. --bundle NAME takes about as long
for one model, --report five times as long.

examples:
    hushbox bench
    hushbox bench --bundle stems-light --seconds 10
    hushbox bench --choose
    hushbox bench --report hushbox-bench.json
"""

import argparse
import json
import os
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dsp.errors import DspError
from dsp.inference import installed
from dsp.inference.bundle import RUNTIMES, Bundle, list_bundles
from firmware_app.commands.common import add_model, add_settings, bundle_folder, settings
from firmware_app.config.places import Places
from firmware_app.config.read import Config
from firmware_app.errors import AppError, UsageError
from firmware_app.kept import choice
from firmware_app.models.carry import Load, shortest, verdict
from firmware_app.running.realtime import BLAS_ENV
from firmware_app.running.supervisor import program
from firmware_app.system.versions import box_version

DETAIL_SECONDS, OWN_SECONDS, OTHERS_SECONDS = 4.0, 2.0, 0.5
"""Seconds of sound a row: of one bundle asked for; of the box's own, which the last line is about; of all others."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--seconds",
        type=float,
        help="seconds of sound for each row (default 4 for one bundle; of all, 2 for the box's own, 0.5 for others)",
    )
    parser.add_argument("--json", action="store_true", help="print as JSON")
    parser.add_argument(
        "--report", metavar="FILE", type=Path, help="measure every model, into a file to send to the project"
    )
    parser.add_argument(
        "--choose",
        action="store_true",
        help="choose bundle and period for this machine again, for the box's next start",
    )
    add_model(parser)
    add_settings(parser)


def run(args: argparse.Namespace) -> int:
    if args.seconds is not None and not 0.1 <= args.seconds <= 3600:
        raise UsageError(f"--seconds {args.seconds:g}: allowed 0.1 to 3600")
    config, places = settings(args, model_bundle=args.bundle)
    if args.choose:
        return _choose(args, config, places)
    if args.report is not None:
        return _report(args.report, list_bundles(places.models), args.seconds or DETAIL_SECONDS)
    folder = bundle_folder(places, config.model.bundle)
    if folder is None:
        raise UsageError("--bundle none: there is no model to measure")
    periods = config.audio.periods
    if args.bundle is None:
        return _all(folder, list_bundles(places.models), args, periods)
    seconds = args.seconds or DETAIL_SECONDS
    if args.runtime in RUNTIMES:
        from firmware_app.models.budget import measure
        from firmware_app.models.machine import machine

        budget = measure(folder, args.runtime, places.demo_vocal, seconds)
        result: dict[str, Any] = {"machine": machine(), "budgets": {args.runtime: asdict(budget)}, "failed": {}}
    else:
        result = _each_alone(str(folder), [name for name in Bundle.load(folder).files if installed(name)], seconds)
    result["carries"] = carries(folder.name, result["budgets"], periods)
    print(json.dumps(result, indent=2) if args.json else as_text(result))
    return 1 if result["failed"] else 0


def _all(wanted: Path, folders: list[Path], args: argparse.Namespace, periods: int) -> int:
    """Every bundle on one runtime, a row a period; last of all what the machine carries of the box's own bundle."""
    result: dict[str, Any] = {"machine": {}, "bundles": {}, "failed": {}, "carries": ""}
    if not args.json:
        print("measuring every model; --bundle NAME shows one in detail", flush=True)
    verdicts = {}
    for folder in dict.fromkeys((*folders, wanted)):
        try:
            runtime = args.runtime if args.runtime in RUNTIMES else Bundle.load(folder).default_runtime
            seconds = args.seconds or (OWN_SECONDS if folder == wanted else OTHERS_SECONDS)
            one = _each_alone(str(folder), [runtime], seconds)
        except (AppError, DspError) as error:
            result["failed"][folder.name] = str(error)
            if not args.json:
                print(f"{folder.name}: FAILED: {error}", flush=True)
            continue
        if not args.json:
            machine = [] if result["machine"] else [f"{name:<15} {value}" for name, value in one["machine"].items()]
            print("\n".join([*machine, "", f"{folder.name}, {runtime}", *_short_table(one["budgets"])]), flush=True)
        result["machine"] = one["machine"]
        result["bundles"][folder.name] = one["budgets"]
        verdicts[folder] = carries(folder.name, one["budgets"], periods)
    result["carries"] = verdicts.get(wanted, "")
    if args.json:
        print(json.dumps(result, indent=2))
    else:
        others = [verdict for folder, verdict in verdicts.items() if folder != wanted]
        print("", *others, *([result["carries"]] if result["carries"] else []), sep="\n")
    return 1 if result["failed"] else 0


def carries(name: str, budgets: Mapping[str, Any], periods: int) -> str:
    """The verdict on one bundle, a single line: what this machine carries in mono, on the runtime that does best."""
    verdicts = []
    for budget in budgets.values():
        mono = [row for row in budget["rows"] if row["channels"] == 1]
        loads = [Load(name, row["period_frames"], row["load_p50"], row["cpu_load_p99"]) for row in mono]
        best = shortest(loads)
        least = min(load.p99 for load in loads)
        key = (best.period_frames, best.p99) if best else (1 << 30, least)
        verdicts.append((key, verdict(loads, periods)))
    return f"this machine {min(verdicts)[1]}"


def _choose(args: argparse.Namespace, config: Config, places: Places) -> int:
    """Choose again, as the first start does, and keep it."""
    if choice.BUNDLE in config.named:
        where = "on the command line" if choice.BUNDLE in config.overridden else f"in {config.source}"
        raise UsageError(f"--choose: [model] bundle is named {where}, so there is nothing to choose")
    kept = choice.measure_now(config, places)
    if kept is None:
        raise AppError(f"no model could be measured ({places.models}); hushbox doctor says why")
    words = choice.words(kept, config.audio.periods)
    print(json.dumps(asdict(kept), indent=2) if args.json else f"{words}\nThe box uses it from its next start.")
    return 0


def _report(target: Path, folders: list[Path], seconds: float) -> int:
    """All bundles on all runtimes into `target`: figures and the board's name, nothing about person or network."""
    if target.exists():
        raise UsageError(f"--report {target}: exists already, and is not overwritten")
    if not os.access(target.absolute().parent, os.W_OK):
        raise UsageError(f"--report {target}: cannot write to the folder {target.absolute().parent}")
    report: dict[str, Any] = {"hushbox": box_version(), "seconds": seconds, "bundles": {}}
    for folder in folders:
        print(f"measuring {folder.name} …", flush=True)
        one = _each_alone(str(folder), [name for name in Bundle.load(folder).files if installed(name)], seconds)
        report["machine"] = one["machine"]
        report["bundles"][folder.name] = {"budgets": one["budgets"], "failed": one["failed"]}
    if report["machine"]["board"] == platform.node():  # a name that someone has given
        report["machine"]["board"] = "not named"
    target.write_text(json.dumps(report, indent=2) + "\n")
    print(f"{target}: only board, versions and times; please send it to the project")
    return 1 if any(bundle["failed"] for bundle in report["bundles"].values()) else 0


def _each_alone(folder: str, runtimes: list[str], seconds: float) -> dict[str, Any]:
    """Measure each runtime in a process of its own: its memory is separate, and numpy starts with one thread."""
    result: dict[str, Any] = {"machine": {}, "budgets": {}, "failed": {}}
    for runtime in runtimes:
        command = [*program(), "bench", "--json", "--bundle", folder, "--runtime", runtime, "--seconds", str(seconds)]
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **BLAS_ENV})
        try:
            one = json.loads(done.stdout)
        except ValueError:
            result["failed"][runtime] = (
                done.stderr.strip().removeprefix("hushbox: ") or f"exit status {done.returncode}"
            )
            continue
        result["machine"] = one["machine"]
        result["budgets"] |= one["budgets"]
    if not result["budgets"]:
        raise AppError("\n".join(f"{runtime}: {why}" for runtime, why in result["failed"].items()))
    return result


def _short_table(budgets: Mapping[str, Any]) -> list[str]:
    """p50, p99 and processor time p99 as shares of the deadline: a row a channel count, three columns a period."""
    rows = [row for budget in budgets.values() for row in budget["rows"]]
    periods = dict.fromkeys(row["period_frames"] for row in rows)
    lines = ["  channels" + "".join(f"{f'{period}: p50':>13}    p99    cpu" for period in periods)]
    for channels in dict.fromkeys(row["channels"] for row in rows):
        shares = (
            f"{row['load_p50']:>13.0%}{row['load_p99']:>7.0%}{row['cpu_load_p99']:>7.0%}"
            for row in rows
            if row["channels"] == channels
        )
        lines.append(f"  {channels:>8}" + "".join(shares))
    return lines


def as_text(result: dict[str, Any]) -> str:
    """The tables for people."""
    lines = [f"{name:<15} {value}" for name, value in result["machine"].items()]
    for budget in result["budgets"].values():
        lines += ["", f"{budget['model']}, peak memory {budget['peak_rss_mb']:.0f} MB"]
        lines.append("  frames  channels  deadline ms   p50 ms   p99 ms   max ms  cpu p99   load p50   load p99   mean")
        lines += [_row(row) for row in budget["rows"]]
        lines += [
            f"  a hop, {('mono', 'stereo')[part['channels'] - 1]}: STFT {part['stft_us']:.0f}, features and mask "
            f"{part['features_us']:.0f}, inference {part['inference_us']:.0f}, rest {part['rest_us']:.0f} us"
            for part in budget["parts"]
        ]
    lines += [f"{runtime}: FAILED: {why}" for runtime, why in result["failed"].items()]
    lines += ["", result["carries"]] if result.get("carries") else []
    return "\n".join(lines)


def _row(row: dict[str, Any]) -> str:
    times = "  ".join(f"{row[key] / 1000:>7.3f}" for key in ("p50_us", "p99_us", "max_us", "cpu_p99_us"))
    loads = f"{row['load_p50']:>9.1%}  {row['load_p99']:>9.1%}  {row['load_mean']:>5.1%}"
    return f"  {row['period_frames']:>6}  {row['channels']:>8}  {row['deadline_us'] / 1000:>11.2f}  {times}  {loads}"
