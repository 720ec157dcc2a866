"""hushbox.toml: its keys and what they allow, and the folders on disk."""
