"""How a kind of model declares what its bundle.toml must say. dsp.inference.bundle checks files against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType

from dsp.block import RATE_HZ


@dataclass(frozen=True, slots=True)
class BundleLayout:
    """The layout of a bundle with weights of its own. Sizes are in values, lengths in frames at `rate_hz`.

    features: the name of the layout. Each field is a key of bundle.toml, and its value the only one allowed there;
    None allows any.
    """

    features: str
    kind: str
    window_frames: int
    hop_frames: int
    synthesis_frames: int
    input_size: int
    output_size: int
    state_size: int | None = None
    rate_hz: int = RATE_HZ

    @property
    def values(self) -> Mapping[str, str | int]:
        """What bundle.toml must say, by key."""
        pairs = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {key: value for key, value in pairs if value is not None}


@dataclass(frozen=True, slots=True)
class BorrowedNetwork:
    """A kind of bundle without weights: it plays the network of another bundle in a way of its own.

    network: the layout which that other bundle must have.
    """

    kind: str
    network: BundleLayout
    algorithmic_latency_frames: int


class Catalogue:
    """Every kind of model that can be loaded. layouts: by the name of their features; borrowed: by kind."""

    def __init__(self, *declared: BundleLayout | BorrowedNetwork) -> None:
        """Raises ValueError when two layouts, or two kinds that borrow, share a name."""
        layouts = [each for each in declared if isinstance(each, BundleLayout)]
        borrowed = [each for each in declared if isinstance(each, BorrowedNetwork)]
        kinds = [each.kind for each in layouts] + [each.kind for each in borrowed]
        self.kinds = tuple(dict.fromkeys(kinds))
        self.layouts = MappingProxyType({each.features: each for each in layouts})
        self.borrowed = MappingProxyType({each.kind: each for each in borrowed})
        if len(self.layouts) < len(layouts):
            raise ValueError(f"layouts {', '.join(each.features for each in layouts)}: one of them is declared twice")
        if any(kinds.count(each.kind) > 1 for each in borrowed):
            raise ValueError(f"kinds {', '.join(kinds)}: one that borrows its network is declared twice")
