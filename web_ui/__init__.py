"""The page for the phone. It knows the box only by its ports (`ports/box.py`)."""
