"""Audio interfaces through ALSA, and files that behave like one."""
