"""The board under the box: header, pins, health."""
