"""The ports: all that the page knows of the box."""
