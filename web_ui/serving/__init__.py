"""The server: who connects, who waits, whose turn it is."""
