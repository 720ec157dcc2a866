"""The board: header, pins, health."""
