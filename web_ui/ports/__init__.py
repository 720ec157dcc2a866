"""The ports: all that the page knows of the box. One file a subject; `box.py` bundles them."""
