"""Stops libasound from writing to standard error: our own messages say the same, once, in words."""

import ctypes
import os
from typing import Any

_HANDLER = ctypes.CFUNCTYPE(
    None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p
)  # file, line, function, error, format; further arguments are not read

_kept: list[Any] = []  # libasound keeps only the address


def hush() -> None:
    """Stop libasound's own messages. While an interface is missing, two a second would fill the journal.

    Takes effect once, for the whole process; HUSHBOX_DEBUG=1 keeps the messages. Does nothing without libasound.
    """
    if _kept or os.environ.get("HUSHBOX_DEBUG") == "1":
        return
    handler = _HANDLER(lambda *_: None)
    _kept.append(handler)
    try:
        ctypes.CDLL("libasound.so.2").snd_lib_error_set_handler(handler)
    except (OSError, AttributeError):
        return
