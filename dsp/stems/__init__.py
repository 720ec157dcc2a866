"""The stem separator and the faders of its stems."""
