"""Factory presets: named sets of parameter values, one TOML file each in assets/presets."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from dsp.errors import DspError
from dsp.inference.handed_in import HandedInError, read_toml
from dsp.params import ParamSpec, find
from dsp.rack.rack import CHAIN
from firmware_app.errors import AppError

_LARGEST_BYTES = 100_000


class PresetError(AppError, ValueError):
    """A preset's file is wrong."""


class UnknownPresetError(AppError, KeyError):
    """No such preset; the message names the nearest one."""

    def __str__(self) -> str:  # KeyError would show the repr
        return str(self.args[0])


@dataclass(frozen=True, slots=True)
class Preset:
    """Checked values by parameter id. Parameters that it does not name stay as they are."""

    name: str
    about: str
    params: Mapping[str, float]
    formerly: tuple[str, ...] = ()  # the names of factory presets of earlier versions that this one replaces


class Presets:
    """The presets of one folder, read once. Not while streaming."""

    def __init__(self, folder: Path, specs: Mapping[str, ParamSpec]) -> None:
        """Raises PresetError with every mistake in any file."""
        self._presets: dict[str, Preset] = {}
        mistakes: list[str] = []
        for path in sorted(folder.glob("*.toml")):
            try:
                preset = _read(path, specs)
            except PresetError as error:
                mistakes.append(str(error))
            else:
                self._presets[preset.name.casefold()] = preset
        if mistakes:
            raise PresetError("\n".join(mistakes))

    def list(self) -> list[Preset]:
        """All presets, by chain and then by name."""
        return sorted(
            self._presets.values(), key=lambda preset: (preset.params.get(CHAIN.id, CHAIN.default), preset.name)
        )


def _read(path: Path, specs: Mapping[str, ParamSpec]) -> Preset:
    try:
        tree = read_toml(path, _LARGEST_BYTES)
    except HandedInError as error:
        raise PresetError(str(error)) from None
    except OSError as error:
        raise PresetError(f"{path}: cannot be read: {error.strerror}") from None
    unknown = sorted(set(tree) - {"name", "about", "formerly", "params"})
    name, about, params = tree.get("name"), tree.get("about", ""), tree.get("params")
    formerly = tree.get("formerly", [])
    named = isinstance(formerly, list) and all(isinstance(each, str) for each in formerly)
    if unknown or not isinstance(name, str) or not isinstance(about, str) or not isinstance(params, dict) or not named:
        extra = f"; {', '.join(unknown)} is not known" if unknown else ""
        raise PresetError(f"{path}: a preset has a name, about and [params], and may have formerly{extra}")
    values: dict[str, float] = {}
    mistakes = []
    for id, value in params.items():
        try:
            spec = find(specs, id)
            values[id] = spec.parse(value) if isinstance(value, str) else spec.check(value)
        except DspError as error:
            mistakes.append(f"{path}: {error}")
    if mistakes:
        raise PresetError("\n".join(mistakes))
    return Preset(name, about, MappingProxyType(values), tuple(formerly))
