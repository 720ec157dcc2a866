"""hushbox.toml: its keys, its checks, and the places on disk it names."""
