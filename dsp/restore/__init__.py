"""Restoration without a network: removal of mains hum, and of sound below hearing."""
