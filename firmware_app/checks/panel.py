"""The pins: which library drives them, may this user use them, is SPI there for the knobs?"""

import os
from pathlib import Path

from firmware_app.checks import Finding, ok, problem
from firmware_app.checks.system import user
from firmware_app.config_panel import PanelConfig
from hw.pins import choose_pins


def panel(config: PanelConfig, root: Path = Path("/")) -> list[Finding]:
    choice = choose_pins(config.pins, root)
    if choice.factory is not None:
        choice.factory.close()
    if choice.simulated:
        return [ok("pins", f"simulated on the page: {choice.why}")]
    if choice.factory is None and config.pins == "off":
        return [ok("pins", choice.why)]
    if choice.factory is None:
        return [
            problem(
                "pins",
                choice.why,
                f'sudo usermod -aG gpio {user()}, then log in anew; or pins = "mock" under [panel] to do without',
            )
        ]
    return [ok("pins", choice.why), *(_spi(root) if config.knobs else [])]


def _spi(root: Path) -> list[Finding]:
    """The knobs' converter answers on the first SPI device."""
    device = root / "dev/spidev0.0"
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
