"""The page for the phone. Knows the box only through its own ControlPort protocol."""
