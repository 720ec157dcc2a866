"""The demo song: a band that is synthesised here, and a recorded singer who gave up all rights (CC0)."""
