"""A hot or throttled board leaves work out until it is cool again."""

from pathlib import Path

from firmware_app.control.heat import HeatWatch
from firmware_app.link.shed import Shed
from hw.board import health
from hw.board.health import BoardHealth


def asked_for(*looks: BoardHealth) -> list[int]:
    left, asked = list(looks), []
    watch = HeatWatch(asked.append, lambda: left.pop(0))
    for _ in looks:
        watch.look()
    return asked


def test_heat_asks_for_less_until_it_is_cool() -> None:
    temperatures = [70.0, 79.9, 80.0, 82.0, 78.0, 75.0, 74.9, 79.9]
    asked = asked_for(*[BoardHealth(temperature_c=degrees) for degrees in temperatures])
    assert asked == [Shed.NOTHING] * 2 + [Shed.SPECTRUM] * 4 + [Shed.NOTHING] * 2


def test_a_throttled_board_keeps_no_before_and_after() -> None:
    assert asked_for(BoardHealth(temperature_c=60.0, throttled=True), BoardHealth(temperature_c=60.0)) == [
        Shed.LISTEN,
        Shed.NOTHING,
    ]


def test_a_board_that_tells_nothing_asks_for_nothing() -> None:
    assert asked_for(BoardHealth()) == [Shed.NOTHING]


def test_it_reads_the_real_files(tmp_path: Path) -> None:
    zone = tmp_path / "sys/class/thermal/thermal_zone0"
    zone.mkdir(parents=True)
    (zone / "temp").write_text("81000")
    asked: list[int] = []
    HeatWatch(asked.append, lambda: health.read(tmp_path, lambda: None)).look()
    assert asked == [Shed.SPECTRUM]


def test_it_is_said_once_in_the_log(caplog) -> None:
    asked_for(*[BoardHealth(temperature_c=85.0)] * 5, *[BoardHealth(temperature_c=50.0)] * 5)
    assert [record.message for record in caplog.records] == [
        "The board is hot (85 °C) and slows down: give it air.",
        "the board is cool again",
    ]
