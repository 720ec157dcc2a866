"""Learning: tells everything that is moved, mapped or not."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hw.board.board import SPI_PINS, SPI_SELECT_PINS, Board
from hw.controls.conflicts import same_source
from hw.controls.events import Activity
from hw.controls.kinds import CHIPS, ON_I2C, SPI_DEVICES, KnobSpec, PedalSpec
from hw.controls.spec import PanelSpec
from hw.panel.knobs import WatchedChannel
from hw.panel.lines import SwitchLine, forget_closed_buses, open_converter

if TYPE_CHECKING:
    from hw.panel.simulator import Simulator

log = logging.getLogger(__name__)


class PanelLearner:
    """Opens unused inputs while learning, and tells what is moved. tell(activity) is called in the input's thread."""

    def __init__(self, spec: PanelSpec, tell: Callable[[Activity], None]) -> None:
        self._spec = spec
        self._tell = tell
        self.active = False
        self.switches: list[SwitchLine] = []
        self.channels: list[WatchedChannel] = []

    def heard(self, source: str, kind: str, value: float, words: str, at_s: float) -> None:
        """Something moved. Any thread; told only while learning."""
        if not self.active:
            return
        try:
            self._tell(Activity(source, kind, value, self.control_of(source), words, at_s))
        except Exception:
            log.exception("front panel: what hears %s failed", source)

    def control_of(self, source: str) -> str:
        """The name of the control that is mapped to `source`, "" for none."""
        for control in self._spec.controls:
            if any(same_source(source, own) for own in control.sources):
                return control.name
        return ""

    def open(
        self,
        factory: Any,
        board: Board,
        root: Path,
        simulator: "Simulator | None",
        on_edge: Callable[[SwitchLine, bool, float], None],
    ) -> None:
        """Open every free pin as a switch to ground and every converter channel that is not mapped."""
        forget_closed_buses()
        devices = [d for d in SPI_DEVICES if (root / f"dev/spidev0.{d}").exists()] if simulator is None else [0]
        on_spi = [k for k in self._converters if k.chip not in ON_I2C]
        devices += [k.spi_device for k in on_spi if k.spi_device not in devices]
        bus = {*SPI_PINS, *(SPI_SELECT_PINS[device] for device in devices)} if devices else set()
        for gpio in board.free_gpios():
            if gpio not in bus and not self.control_of(f"gpio:{gpio}"):
                with _PassedOver():
                    self.switches.append(self._switch(gpio, factory, on_edge))
        chips = [(next((k.chip for k in on_spi if k.spi_device == device), "mcp3008"), device) for device in devices]
        chips += sorted({(k.chip, k.spi_device) for k in self._converters if k not in on_spi})
        for chip, device in chips:
            if simulator is not None:
                simulator.attach_converter(factory, chip, device, CHIPS[chip][1])
            for channel in range(CHIPS[chip][0]):
                source = f"{chip}:{device}:{channel}"
                if not self.control_of(source):
                    with _PassedOver():
                        device_of_channel = open_converter(chip, channel, device, factory)
                        self.channels.append(
                            WatchedChannel(source, f"{chip.upper()} channel {channel}", device_of_channel)
                        )

    def close(self) -> None:
        """Close what `open` has opened. The threads must not use it any more."""
        for switch in self.switches:
            switch.close()
        for channel in self.channels:
            channel.close()
        self.switches, self.channels = [], []

    @property
    def _converters(self) -> Sequence[KnobSpec | PedalSpec]:
        return [knob for knob in self._spec.knobs if isinstance(knob, KnobSpec | PedalSpec)]

    def _switch(self, gpio: int, factory: Any, on_edge: Callable[[SwitchLine, bool, float], None]) -> SwitchLine:
        debounce_s, lockout_s = self._spec.debounce_ms / 1000.0, self._spec.lockout_ms / 1000.0
        return SwitchLine("", gpio, True, factory, debounce_s, lockout_s, on_edge)


class _PassedOver:
    """Logs an input that does not open: it cannot be learned. Pin libraries share no error base."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, Exception):
            log.info("front panel: not heard while learning: %s", error)
        return isinstance(error, Exception)
