"""Two clocks become one: resamplers and the loops that steer them."""
