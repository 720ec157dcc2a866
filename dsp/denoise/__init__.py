"""The denoisers: one shell, a network each, and what they see of the sound."""
