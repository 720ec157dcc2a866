"""Sizes of the stem separator: window, hop, bins, bands, and what the network takes and gives."""

LAYOUT = "stems-v1"
STEMS = ("vocals", "drums", "bass", "other")
CLAIMED = 3  # the network names these many; the last takes what is left
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
