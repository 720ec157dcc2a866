"""What the part in C shows to the loader: nothing that another library's function could be taken for.

Debian's Python has zlib in it. A `compress` of ours that was shown too was zlib's for the loader, and the sound fell.
"""

import ctypes
import importlib
import re
from pathlib import Path

import pytest

from tests.rigs.checkout import ROOT

pytestmark = pytest.mark.usefixtures("native_part")

DECLARED = re.compile(r"^(?!INLINED|static)(?:const )?(?:struct )?\w+ \**(\w+)\([^;{]*\);", re.MULTILINE)


def shown(library: Path) -> list[str]:
    """Of the functions in hop.h, those that the loader finds in this library."""
    names = DECLARED.findall((ROOT / "dsp/native/hop.h").read_text())
    assert {"compress", "wire_decode", "biquads_process"} <= set(names)
    loaded = ctypes.CDLL(str(library))
    return [name for name in names if hasattr(loaded, name)]


def test_only_the_door_is_shown() -> None:
    library = Path(str(importlib.import_module("dsp.native._hop").__file__))
    assert hasattr(ctypes.CDLL(str(library)), "PyInit__hop")
    assert shown(library) == []
