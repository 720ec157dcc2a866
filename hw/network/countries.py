"""The countries that a Wi-Fi can be told to be in: ISO 3166, as the time zone database keeps the list (iso3166.tab)."""

from functools import cache
from importlib import resources

from hw.network.network import WORLD, NetworkValueError, check_country


@cache
def countries() -> tuple[str, ...]:
    """Their two letters, sorted. The kernel has rules for most; elsewhere it keeps to what is allowed everywhere."""
    table = resources.files("tzdata").joinpath("zoneinfo", "iso3166.tab").read_text(encoding="utf-8")
    return tuple(sorted(line.split("\t")[0] for line in table.splitlines() if not line.startswith("#")))


def check_known_country(country: str) -> None:
    """Raises NetworkValueError for what is neither a country's code nor WORLD."""
    check_country(country)
    if country != WORLD and country not in countries():
        raise NetworkValueError(f"country = {country!r}: no country has this code (ISO 3166)")
