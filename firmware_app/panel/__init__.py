"""The front panel's application side: what is mapped to what, learning it, and carrying it out."""
