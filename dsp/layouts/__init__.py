"""Sizes that a network and the box agree on: hop, window, bands, inputs and outputs."""
