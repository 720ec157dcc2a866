"""Measures sound: loudness, and the way from output back to input."""
