"""Measures sound: loudness, and the round trip from output to input."""
