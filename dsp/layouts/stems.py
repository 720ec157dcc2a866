"""Sizes of the stem separator: window, hop, bins, bands, and what the network takes and gives."""

from __future__ import annotations

from dsp.layouts.declared import BundleLayout

KIND = "stems"
LAYOUT = "stems-v1"
STEMS = ("vocals", "drums", "bass", "other")
CLAIMED = 3  # stems that the network names; the last one is what is left
WINDOW_FRAMES = 2048
SYNTHESIS_FRAMES = 1024
HOP_FRAMES = 512
BINS = 1025
LOW_BINS = 128
HIGH_BINS = BINS - LOW_BINS
HIGH_BANDS = 80
BANDS = LOW_BINS + HIGH_BANDS
CHANNELS = 2
INPUT_SIZE = 3 * BANDS
OUTPUT_SIZE = CLAIMED * CHANNELS * BANDS

BUNDLES = (
    BundleLayout(
        features=LAYOUT,
        kind=KIND,
        window_frames=WINDOW_FRAMES,
        hop_frames=HOP_FRAMES,
        synthesis_frames=SYNTHESIS_FRAMES,
        input_size=INPUT_SIZE,
        output_size=OUTPUT_SIZE,
    ),
)
"""What a bundle of a separator must be (dsp.layouts.catalogue)."""
