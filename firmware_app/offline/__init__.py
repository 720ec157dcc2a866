"""Sound files through the box, without an interface."""
