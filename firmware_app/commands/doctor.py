"""Check the set-up, and say how to fix what is wrong.

Each line is ok, advice (the box works, and could work better) or a problem
(something that the box needs does not work). Exit code 1: there is a problem.

examples:
    hushbox doctor
    hushbox doctor --config hushbox.toml
"""

import argparse
import json
from collections.abc import Callable, Iterator

from firmware_app.checks import Finding, Level, ok, problem
from firmware_app.commands.common import NO_BUNDLE, add_settings
from firmware_app.config import places as places_of_box
from firmware_app.config import read as config_file
from firmware_app.config.read import Config, ConfigError
from firmware_app.kept.param_table import PARAMS
from firmware_app.running import realtime


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print as JSON")
    add_settings(parser)


def run(args: argparse.Namespace) -> int:
    realtime.die_with_supervisor()  # the page's diagnostics start it: it ends with them
    findings = list(_examine(args))
    counts = {level: sum(f.level is level for f in findings) for level in Level}
    if args.json:
        document = {
            "problems": counts[Level.PROBLEM],
            "advice": counts[Level.ADVICE],
            "findings": [{"level": f.level.value, "check": f.check, "text": f.text, "mend": f.mend} for f in findings],
        }
        print(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        for finding in findings:
            print(_line(finding))
        print(f"problems: {counts[Level.PROBLEM]}, advice: {counts[Level.ADVICE]}, fine: {counts[Level.OK]}")
    return 1 if counts[Level.PROBLEM] else 0


def _examine(args: argparse.Namespace) -> Iterator[Finding]:
    """All findings. With wrong settings the rest is checked against the defaults."""
    from firmware_app.checks import box, interrupts, network, panel, sound, system

    config, findings = _settings(args)
    yield from findings
    places = places_of_box.find(args.state_dir)
    checks: tuple[tuple[str, Callable[[], list[Finding]]], ...] = (
        ("folders", lambda: box.folders(places)),
        ("models", lambda: box.models(places, config.model.bundle, config.model.runtime)),
        ("work of a hop", box.native_part),
        ("board", lambda: box.fitting_model(places, config)),
        ("sound", lambda: sound.sound(config.audio, stems=config.stems)),
        ("front panel", lambda: panel.panel(config.panel, places=places)),
        ("page", lambda: box.page(config.page, places)),
        ("networks", lambda: network.network(config.network)),
        ("real time", system.real_time),
        ("processor", system.processor),
        ("interrupts", interrupts.interrupts),
        ("power and heat", system.power_and_heat),
        ("clock", system.clock),
    )
    for name, check in checks:
        try:
            yield from check()
        except Exception as error:  # one check that fails must not hide the others
            yield problem(name, f"the check itself failed: {type(error).__name__}: {error}", "tell Hushbox's makers")


def _settings(args: argparse.Namespace) -> tuple[Config, list[Finding]]:
    try:
        config = config_file.load(args.config)
        config_file.check_params(config, PARAMS)
    except ConfigError as error:
        mend = "hushbox.toml.example shows every key"
        return Config(), [problem("settings", mistake, mend) for mistake in error.mistakes]
    source = config.source or "no hushbox.toml, so the defaults"
    findings = [ok("settings", str(source))]
    if config.model.bundle == NO_BUNDLE:
        findings.append(problem("settings", 'model.bundle = "none": nothing is denoised', "name a bundle there"))
    return config, findings


def _line(finding: Finding) -> str:
    line = f"{finding.level.value:<8} {finding.check}: {finding.text}"
    return f"{line}\n         to mend: {finding.mend}" if finding.mend else line
