"""libasound writes lines of its own to standard error; ours say the same in words, and once."""

import ctypes
import os
from typing import Any

_HANDLER = ctypes.CFUNCTYPE(
    None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p
)  # file, line, function, error, format; what follows is left alone

_kept: list[Any] = []  # libasound keeps the address only


def hush() -> None:
    """Stop libasound's own lines: two a second, for as long as an interface is not there, would fill the journal.

    Once for the whole process; HUSHBOX_DEBUG=1 leaves them. Does nothing where libasound cannot be reached.
    """
    if _kept or os.environ.get("HUSHBOX_DEBUG") == "1":
        return
    handler = _HANDLER(lambda *_: None)
    _kept.append(handler)
    try:
        ctypes.CDLL("libasound.so.2").snd_lib_error_set_handler(handler)
    except (OSError, AttributeError):
        return
