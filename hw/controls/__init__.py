"""The kinds of controls on a panel: what they are, send and can do wrong."""
