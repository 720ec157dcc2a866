"""The parts of the audio process: where sound comes from, what runs, and what is told of it."""
