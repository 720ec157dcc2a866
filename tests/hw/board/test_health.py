"""The board's own word on heat and power, from folders shaped like a Raspberry Pi's."""

from pathlib import Path

import pytest

from hw.board.health import BoardHealth, read


def board(root: Path, millidegrees: str = "45000", flags: str | None = None, alarm: str | None = None) -> Path:
    files = {"sys/class/thermal/thermal_zone0/temp": millidegrees, "sys/class/thermal/thermal_zone1/temp": "-274000"}
    if flags is not None:
        files["sys/devices/platform/soc/soc:firmware/get_throttled"] = flags
    if alarm is not None:
        files |= {"sys/class/hwmon/hwmon1/name": "rpi_volt", "sys/class/hwmon/hwmon1/in0_lcrit_alarm": alarm}
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text + "\n")
    return root


def test_a_board_that_tells_nothing(tmp_path: Path) -> None:
    health = read(tmp_path, lambda: None)
    assert health == BoardHealth()
    assert health.words() == ""


@pytest.mark.parametrize(
    ("flags", "alarm", "words"),
    [
        ("0", None, ""),
        ("0", "0", ""),
        ("0", "1", "too little power: use"),
        ("1", "0", "too little power: use"),
        ("2", None, "is slowed down"),
        ("c", None, "is slowed down"),
        ("50000", None, "got too little power"),
        ("80000", None, "was slowed down"),
        (None, "1", "too little power: use"),
    ],
)
def test_power_in_plain_words(tmp_path: Path, flags: str | None, alarm: str | None, words: str) -> None:
    health = read(board(tmp_path, flags=flags, alarm=alarm), lambda: None)
    assert words in health.words()
    assert bool(words) == bool(health.words())
    assert health.temperature_c == 45.0


def test_heat_in_plain_words(tmp_path: Path) -> None:
    assert "hot (83 °C)" in read(board(tmp_path, "83200"), lambda: 0).words()


def test_the_firmware_is_asked_only_where_the_kernel_does_not_tell(tmp_path: Path) -> None:
    assert read(board(tmp_path), lambda: 1 << 3).throttled
    assert not read(board(tmp_path, flags="0"), lambda: 1 << 3).throttled
