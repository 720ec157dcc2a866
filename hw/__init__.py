"""The outside world: ALSA, GPIO, files as interfaces. Imports none of our other rooms."""
