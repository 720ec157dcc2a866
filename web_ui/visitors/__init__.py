"""The clients: which ones may do what, who goes first, and what their requests may hold."""
