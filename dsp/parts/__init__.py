"""Building blocks of processors: ramps, delays, filters, STFT, hop adapter, meter, limiter."""
