"""Checks the front panel: board, pins, SPI and I2C, and each control's place and mapping."""

import os
from pathlib import Path

from dsp.errors import DspError
from firmware_app.checks import Finding, ok, problem
from firmware_app.checks.plugged import hid, midi
from firmware_app.checks.system import user
from firmware_app.config import actions
from firmware_app.config.panel_keys import KnobConfig, PanelConfig, PedalConfig
from firmware_app.config.places import Places
from firmware_app.errors import AppError
from firmware_app.kept.library import library_in
from firmware_app.kept.param_table import PARAMS
from firmware_app.panel import wiring_diagram
from firmware_app.panel.kept import PanelChanges, PanelStore, merged, try_plan
from firmware_app.panel.plan import PanelControl, PanelPlan, controls_of, gesture_words, mappings_of
from hw.board import board
from hw.board.ads1115 import BUSES
from hw.board.board import Board
from hw.board.pins import choose_pins
from hw.controls.conflicts import conflicts
from hw.controls.kinds import ON_I2C


def panel(config: PanelConfig, root: Path = Path("/"), places: Places | None = None) -> list[Finding]:
    """places: for the page's changes; None checks the file alone."""
    plan, findings = _plan(config, places)
    choice = choose_pins(config.pins, root)
    if choice.factory is not None:
        choice.factory.close()
    there = board.simulated() if choice.simulated else board.detect(root)
    findings.append(ok("board", there.model))
    if choice.factory is None and config.pins != "off":
        mend = f'sudo usermod -aG gpio {user()}, then log in anew; or pins = "mock" under [panel] to do without'
        findings.append(problem("pins", choice.why, mend))
    else:
        findings.append(ok("pins", f"simulated on the page: {choice.why}" if choice.simulated else choice.why))
    if choice.factory is not None and not choice.simulated:
        findings += _spi_devices(plan, root)
    if choice.factory is not None:
        findings += _controls(plan, there)
    return [*findings, *midi(plan, root), *hid(plan, root)]


def _plan(config: PanelConfig, places: Places | None) -> tuple[PanelPlan, list[Finding]]:
    """The plan that the control process would use, and findings on what does not work in it."""
    findings = []
    names: list[str] = []
    changes = PanelChanges()
    notes: tuple[str, ...] = ()
    if places is not None:
        try:
            names = library_in(places.factory_presets, places.state, PARAMS, look_only=True).names_known
        except (AppError, DspError) as error:
            findings.append(problem("presets", str(error), "mend or remove that file"))
    mappings, mistakes, no_presets = mappings_of(config, PARAMS, names)
    controls = controls_of(config)
    if places is not None:
        changes, notes = PanelStore(places.state).load(
            PARAMS,
            names,
            lambda changes: try_plan(merged(config, controls, mappings, changes)[0], PARAMS),
            look_only=True,
        )
    plan, waiting = merged(config, controls, mappings, changes)
    findings += [problem("panel", mistake, "change [[panel.mappings]] in hushbox.toml") for mistake in mistakes]
    mend = "change it on the page, under Front panel set-up"
    findings += [problem("panel", note, mend) for note in (*notes, *no_presets, *waiting)]
    return plan, findings


def _controls(plan: PanelPlan, there: Board) -> list[Finding]:
    refused = {conflict.control: conflict.why for conflict in conflicts(plan.spec(), there)}
    findings = []
    for control in plan.controls:
        where = wiring_diagram.place(control)
        if control.name in refused:
            mend = "choose another place in hushbox.toml or on the page"
            findings.append(problem(control.name, f"{where}: {refused[control.name]}", mend))
        else:
            findings.append(ok(control.name, f"{where}: {_does(plan, control)}"))
    return findings


def _does(plan: PanelPlan, control: PanelControl) -> str:
    if control.is_light:
        return f"shows {str(getattr(control.config, 'shows', '')).replace('_', ' ')}"
    mine = [m for m in plan.mappings if control.name in m.on.split("+")]
    return "; ".join(f"{gesture_words(m.gesture)}: {actions.words(m.action, PARAMS)}" for m in mine) or "nothing yet"


def _spi_devices(plan: PanelPlan, root: Path) -> list[Finding]:
    converters = [c.config for c in plan.controls if isinstance(c.config, KnobConfig | PedalConfig)]
    needed = sorted({config.spi_device for config in converters if config.chip not in ON_I2C})
    findings = [finding for device in needed for finding in _spi(root, device)]
    return findings + (_i2c(root) if any(config.chip in ON_I2C for config in converters) else [])


def _i2c(root: Path) -> list[Finding]:
    """Check the bus of an ADS1115."""
    device = next((root / bus for bus in BUSES if (root / bus).exists()), None)
    if device is None:
        mend = "sudo raspi-config nonint do_i2c 0, then start anew"
        return [problem("I2C", "it is switched off, so the knobs on the ADS1115 cannot be read", mend)]
    if not os.access(device, os.R_OK | os.W_OK):
        return [
            problem("I2C", f"this user may not use {device.name}", f"sudo usermod -aG i2c {user()}, then log in anew")
        ]
    return [ok("I2C", f"{device.name} is there for the knobs")]


def _spi(root: Path, number: int = 0) -> list[Finding]:
    """Check this SPI device of the knobs' converter."""
    device = root / f"dev/spidev0.{number}"
    if not device.exists():
        return [
            problem(
                "SPI",
                "it is switched off, so the knobs cannot be read",
                "sudo raspi-config nonint do_spi 0, then start anew; or `knobs = []` under [panel]",
            )
        ]
    if not os.access(device, os.R_OK | os.W_OK):
        return [
            problem("SPI", f"this user may not use {device.name}", f"sudo usermod -aG spi {user()}, then log in anew")
        ]
    return [ok("SPI", f"{device.name} is there for the knobs")]
