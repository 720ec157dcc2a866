"""MIDI: ports, messages, clock, and what they do on a panel."""
