"""A box that is not there: the ports for tests and for work on the page."""
