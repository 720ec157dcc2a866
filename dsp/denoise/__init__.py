"""The denoisers: what they share, how each applies its mask, and the features that their networks get."""
