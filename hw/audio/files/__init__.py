"""Sound files, read and written as they are: WAV, FLAC, and what libsndfile knows."""
