"""Translates each control of the configuration into hw's description of it."""

from typing import Any

from firmware_app.config.panel_keys import (
    AnyControlConfig,
    EncoderConfig,
    HidKeyConfig,
    KnobConfig,
    LedConfig,
    MeterConfig,
    MidiKnobConfig,
    MidiSwitchConfig,
    PedalConfig,
    RgbLedConfig,
    SwitchConfig,
)
from hw.controls.spec import (
    EncoderSpec,
    Gestures,
    KeySpec,
    KnobSpec,
    LedSpec,
    MeterSpec,
    MidiKnobSpec,
    MidiSwitchSpec,
    PedalSpec,
    RgbLedSpec,
    SwitchSpec,
)

RELAY = "relay"


def spec_of(config: AnyControlConfig, gestures: Gestures | None = None) -> Any:
    """hw's description of one control. Raises PanelSpecError."""
    kinds = {kind: bool(getattr(config, kind, False)) for kind in ("latching", "press_only")}
    label, armed = title(config.name), gestures or Gestures(**kinds)
    match config:
        case SwitchConfig():
            return SwitchSpec(config.name, config.gpio, config.pull_up, label, armed)
        case HidKeyConfig():
            return KeySpec(config.name, config.device, config.key, label, armed)
        case MidiSwitchConfig():
            return MidiSwitchSpec(
                config.name, config.port, config.message, config.channel, config.number, label, armed,
                config.pressed_from, config.inverted,
            )  # fmt: skip
        case KnobConfig():
            return KnobSpec(config.name, config.channel, config.chip, config.spi_device, label)
        case PedalConfig():
            return PedalSpec(
                config.name, config.channel, config.chip, config.spi_device, config.heel, config.toe, label
            )
        case MidiKnobConfig():
            return MidiKnobSpec(config.name, config.port, config.message, config.channel, config.number, label)
        case EncoderConfig():
            return EncoderSpec(
                config.name, config.gpio_a, config.gpio_b, config.detent_edges, config.acceleration, label
            )
        case LedConfig():
            return LedSpec(config.name, config.gpio, label, config.active_high)
        case RgbLedConfig():
            return RgbLedSpec(
                config.name, config.gpio_red, config.gpio_green, config.gpio_blue, label, config.active_high
            )
        case MeterConfig():
            return MeterSpec(config.name, config.gpios, label, config.active_high)


def title(name: str) -> str:
    """A control's name for people."""
    words = name.replace("_", " ").replace("-", " ")
    return (words[:1].upper() + words[1:]).replace("Cc ", "CC ").replace("Gpio", "GPIO")
