"""The box as the page sees it: one port a subject."""
