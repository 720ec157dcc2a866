"""Takes: the recorder process, which keeps what was played. It reads the take ring; nobody ever waits for it."""
