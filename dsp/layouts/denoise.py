"""The layouts of the denoisers: window, bins, and the order of the values in features and mask.

features = log power of low bins and bands | real, then imaginary part of the compressed low bins | keep_room
         | sensitivity | log power at the fine places of the lowest bins, [place][bin]
mask     = complex filter taps of the low bins, stored [tap][real, imaginary][bin] | gain of the bands
         | more taps of the lowest bins, stored in the same way (dsp.denoise.fine)
"""

from __future__ import annotations

from dataclasses import dataclass

from dsp.block import RATE_HZ
from dsp.layouts.declared import BorrowedNetwork, BundleLayout

KIND = "denoise"
INSTANT_KIND = "denoise-instant"
INSTANT_LATENCY_FRAMES = 64


@dataclass(frozen=True)
class FineLayout:
    """The finer resolution of the lowest bins (dsp.denoise.fine). Delays and lengths are in hops.

    past_hops: how much of a bin's past is read. Its weights rise from now over the newest `newest_hops`, then fall.
    """

    bins: int
    places: int
    delays_hops: tuple[int, ...]
    past_hops: int
    newest_hops: int

    @property
    def size(self) -> int:
        return self.places * self.bins

    @property
    def taps(self) -> int:
        return len(self.delays_hops)

    @property
    def mask_size(self) -> int:
        return 2 * self.taps * self.bins


@dataclass(frozen=True)
class Layout:
    """Sizes and positions of one layout. Each of the lowest `low_bins` stands alone; `high_bands` triangles cover the
    rest.
    """

    name: str
    window_frames: int
    hop_frames: int
    low_bins: int
    high_bands: int
    tap_delays_hops: tuple[int, ...]
    fine: FineLayout

    @property
    def synthesis_frames(self) -> int:
        return 2 * self.hop_frames

    @property
    def bin_hz(self) -> float:
        return RATE_HZ / self.window_frames

    @property
    def bins(self) -> int:
        return self.window_frames // 2 + 1

    @property
    def high_bins(self) -> int:
        return self.bins - self.low_bins

    @property
    def bands(self) -> int:
        return self.low_bins + self.high_bands

    @property
    def taps(self) -> int:
        return len(self.tap_delays_hops)

    @property
    def keep_room_at(self) -> int:
        return self.bands + 2 * self.low_bins

    @property
    def sensitivity_at(self) -> int:
        return self.keep_room_at + 1

    @property
    def fine_at(self) -> int:
        return self.sensitivity_at + 1

    @property
    def input_size(self) -> int:
        return self.fine_at + self.fine.size

    @property
    def gains_at(self) -> int:
        """Position of the bands' gains in the mask."""
        return 2 * self.taps * self.low_bins

    @property
    def fine_taps_at(self) -> int:
        return self.gains_at + self.high_bands

    @property
    def output_size(self) -> int:
        return self.fine_taps_at + self.fine.mask_size

    @property
    def heard_hops(self) -> int:
        """Hops of input behind a hop of output: the window, the low bins' taps before it, and the hop held back."""
        return self.window_frames // self.hop_frames + max(self.tap_delays_hops) + 2


LIVE = Layout(
    name="denoise-v2",
    window_frames=768,
    hop_frames=128,
    low_bins=96,
    high_bands=40,
    tap_delays_hops=(0, 2, 4),
    fine=FineLayout(bins=24, places=5, delays_hops=(1, 3, 6, 9, 13, 17, 22, 28), past_hops=32, newest_hops=8),
)
"""Latency 5.3 ms. A bin is 62.5 Hz wide; single bins to 6 kHz. Neighbouring windows overlap by five sixths, so taps two
hops apart add more frequency resolution than adjacent ones.
"""

STUDIO = Layout(
    name="denoise-studio-v1",
    window_frames=1920,
    hop_frames=480,
    low_bins=240,
    high_bands=40,
    tap_delays_hops=(0, 1, 2),
    fine=FineLayout(bins=32, places=5, delays_hops=(3, 5, 8), past_hops=10, newest_hops=2),
)
"""Latency 20 ms. A bin is 25 Hz wide, so that each overtone of a low voice has a bin of its own; single bins to 6 kHz.
"""

LAYOUTS = {layout.name: layout for layout in (LIVE, STUDIO)}


def _bundle(layout: Layout) -> BundleLayout:
    return BundleLayout(
        features=layout.name,
        kind=KIND,
        window_frames=layout.window_frames,
        hop_frames=layout.hop_frames,
        synthesis_frames=layout.synthesis_frames,
        input_size=layout.input_size,
        output_size=layout.output_size,
    )


BUNDLES: tuple[BundleLayout | BorrowedNetwork, ...] = (
    *(_bundle(layout) for layout in LAYOUTS.values()),
    BorrowedNetwork(INSTANT_KIND, _bundle(LIVE), INSTANT_LATENCY_FRAMES),
)
"""What a bundle of a denoiser must be (dsp.layouts.catalogue). The instant one plays the network of a live one."""
