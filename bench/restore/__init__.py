"""Each stage of the vocal chain against a known truth: `python -m bench.restore`."""
