"""What the page gets as a stream: events, spectra and sound; and recordings."""
