"""What every processor is made of: ramps, delays, filters, STFT, hop adapter, meter, limiter."""
