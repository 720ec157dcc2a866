"""Who asks, and what is taken from them."""
