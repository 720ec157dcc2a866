"""From recordings to training examples: sources -> decode -> (singing) -> mixer -> loader."""
