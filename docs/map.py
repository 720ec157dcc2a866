"""Prints the floors of each package: which rooms stand on which. Fails on an arrow up. `make map`.

The floors are the `layers` contracts in pyproject.toml. A room may use what stands on a lower floor. Rooms on one
floor do not use each other. The map is drawn from the imports in the code, so it cannot lie.

    python docs/map.py              # the map of this checkout
    python docs/map.py ../before    # the map of another checkout, judged by the floors of this one
"""

import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import grimp

HERE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Room:
    """One module or package right below a top-level package."""

    name: str
    files: int
    lines: int
    uses: frozenset[str]


def floors(package: str) -> list[list[str]]:
    """The rooms of `package`, top floor first, as the contracts have them."""
    contracts = tomllib.loads((HERE / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(c["layers"] for c in contracts if c["type"] == "layers" and c["containers"] == [package])
    return [[room.strip() for room in floor.split("|")] for floor in layers]


def rooms(graph: grimp.ImportGraph, package: str, checkout: Path) -> dict[str, Room]:
    """Every room of `package` by its name, with the rooms of the same package that it imports from."""
    found = {}
    for child in sorted(graph.find_children(package)):
        inside = {child, *graph.find_descendants(child)}
        imported = {target for module in inside for target in graph.find_modules_directly_imported_by(module)}
        uses = {target.split(".")[1] for target in imported - inside if target.startswith(package + ".")}
        path = checkout.joinpath(*child.split("."))
        files = (
            [f for f in path.rglob("*.py") if f.name != "__init__.py"] if path.is_dir() else [path.with_suffix(".py")]
        )
        name = child.split(".")[1]
        lines = sum(len(f.read_text().splitlines()) for f in files)
        found[name] = Room(name, len(files), lines, frozenset(uses))
    return found


def draw(package: str, floors_of: list[list[str]], found: dict[str, Room]) -> list[str]:
    """Print the floors of one package. Returns what is wrong: arrows up or sideways, rooms without a floor."""
    below = {room: number for number, floor in enumerate(reversed(floors_of)) for room in floor}
    wrong = [
        f"{package}.{name} stands on no floor: give it one in pyproject.toml" for name in found if name not in below
    ]
    arrows = sum(len(room.uses) for room in found.values())
    print(f"{package}: {sum(r.files for r in found.values())} files, {len(found)} rooms, {arrows} arrows")
    for number, floor in reversed(list(enumerate(reversed(floors_of)))):
        for room in (found[name] for name in floor if name in found):
            down = sorted(room.uses, key=lambda name: (-below.get(name, 0), name))
            size = f"{room.files} files, {room.lines} lines" if room.files > 1 else f"{room.lines} lines"
            print(f"  {number}  {room.name:<16} {size:<22} {'uses ' + ' '.join(down) if down else ''}".rstrip())
            wrong += [
                f"{package}.{room.name} (floor {number}) uses {package}.{name} (floor {below[name]}): an arrow up"
                for name in down
                if name in below and below[name] >= number
            ]
    print()
    return wrong


def main(checkout: Path) -> int:
    """0 when every arrow points down, else 1."""
    sys.path.insert(0, str(checkout))
    packages = ("firmware_app", "web_ui", "dsp", "hw")
    graph = grimp.build_graph(*packages, cache_dir=None)
    wrong = [line for name in packages for line in draw(name, floors(name), rooms(graph, name, checkout))]
    print("\n".join(wrong) if wrong else "No arrow up.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve() if sys.argv[1:] else HERE))
