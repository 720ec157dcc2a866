"""What keeps the processes running: supervisor, real time, locks, crash loop, systemd."""
