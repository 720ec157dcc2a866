"""Fakes of the ports, for tests and for work on the page: a box that is not there."""
