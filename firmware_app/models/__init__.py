"""The models of this box: what they cost and whether they fit."""
