"""NVIDIA Jetson developer kits: the GPIO chip and line of each place on the 40-pin header.

Chips are named by their label, because their numbers change with the kernel. The tables are facts from NVIDIA's own
Jetson.GPIO (gpio_pin_data.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Jetson:
    """lines: Raspberry Pi's BCM number of the place: (label of the GPIO chip, line on it)."""

    name: str
    compatible: tuple[str, ...]  # any of these in /proc/device-tree/compatible
    lines: Mapping[int, tuple[str, int]]


def _on(chip: str, **gpios: int) -> dict[int, tuple[str, int]]:
    return {int(name[1:]): (chip, line) for name, line in gpios.items()}


_ORIN = _on(
    "tegra234-gpio", g4=144, g17=112, g18=50, g27=122, g22=85, g23=126, g24=125, g10=135, g9=134, g25=123, g11=133,
    g8=136, g7=137, g5=105, g6=106, g12=41, g13=43, g19=53, g16=113, g26=124, g20=52, g21=51,
)  # fmt: skip
_XAVIER_NX = _on(
    "tegra194-gpio", g4=118, g17=112, g18=127, g27=149, g23=153, g24=152, g10=162, g9=161, g25=150, g11=160, g8=163,
    g7=164, g5=105, g6=106, g12=108, g13=84, g19=130, g16=113, g26=151, g20=129, g21=128,
) | _on("tegra194-gpio-aon", g22=16)  # fmt: skip
_NANO = _on(
    "tegra-gpio", g4=216, g17=50, g18=79, g27=14, g22=194, g23=232, g24=15, g10=16, g9=17, g25=13, g11=18, g8=19,
    g7=20, g5=149, g6=200, g12=168, g13=38, g19=76, g16=51, g26=12, g20=77, g21=78,
)  # fmt: skip

JETSONS = (
    Jetson(
        "Jetson Orin Nano or NX",
        tuple(f"nvidia,{carrier}-0000+p3767-000{n}" for carrier in ("p3509", "p3768") for n in (0, 1, 3, 4, 5)),
        _ORIN,
    ),
    Jetson(
        "Jetson Xavier NX",
        tuple(
            f"nvidia,{board}"
            for board in ("p3509-0000+p3668-0000", "p3509-0000+p3668-0001", "p3449-0000+p3668-0000",
                          "p3449-0000+p3668-0001", "p3449-0000+p3668-0003")
        ),
        _XAVIER_NX,
    ),
    Jetson("Jetson Nano", ("nvidia,p3450-0000", "nvidia,p3450-0002", "nvidia,jetson-nano"), _NANO),
)  # fmt: skip
