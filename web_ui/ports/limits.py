"""Limits that the page and the box share: how long, how many, how large. Each is declared here, once.

The box checks by these numbers, and the page's routes and fakes use the same. openapi.json and the scripts repeat some;
tests/contracts/test_limits.py holds those equal.
"""

LONGEST_PRESET_NAME = 40  # characters: fits a phone's line
LONGEST_PRESET_ABOUT = 200
MOST_PRESETS = 200  # the factory's included; as many fit into one file of presets
LARGEST_PRESET_FILE_BYTES = 1_000_000  # MOST_PRESETS of them, each as long as can be, have 710,000

LONGEST_BOX_NAME = 40
PIN_DIGITS = (4, 12)  # fewest and most

MOST_PHONES = 64  # paired
LONGEST_PHONE_NAME = 40
GUEST_HOURS = (1, 336)  # fewest and most: two weeks
CODE_HOURS = 1  # a code for a phone that may stay ends after so long
WINDOW_S = 60.0  # after the footswitch was held: how long a phone may be let in

LARGEST_BACKUP_BYTES = 4_000_000

MOST_DETENTS = 100  # clicks of a simulated encoder in one request
MOST_MIDI_VALUE = 127  # of a simulated message

COMPARE_HOLD_S = 30.0  # an A/B comparison that nobody renews ends
SOUND_CHECK_HOLD_S = 4.0  # and so does a sound check
QUIET_S = 3.0  # how long the room is heard to learn it
