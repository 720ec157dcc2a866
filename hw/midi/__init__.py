"""MIDI: ports, messages, clock, and routes to a panel's controls."""
