"""The wire between the processes, their shared state, and the listen ring. Nothing here blocks."""
