"""From recordings and made-up music to batches of mixes for the stem separator."""
