"""Sizes that a network and the box agree on. Each kind of model declares its own: hop, window, inputs, outputs."""
