"""Sound servers that ALSA reaches through a plug-in: PipeWire and JACK. A box can use one, but only by name."""

import os
from dataclasses import replace
from pathlib import Path

from hw.audio.devices import Interface, Probe, describe
from hw.audio.probe import probe

SERVERS = {"pipewire": "PipeWire", "jack": "JACK"}
"""What each is called, by the ALSA name of its plug-in."""

_PLUG_IN = "libasound_module_pcm_{}.so"


def list_servers(root: Path = Path("/"), ask: Probe = probe) -> list[Interface]:
    """Those whose ALSA plug-in is installed. Each is opened for a moment; raises nothing. Not while streaming.

    One that does not run is not usable, and says why. root: where /usr/lib is.
    """
    os.environ.setdefault("JACK_NO_START_SERVER", "1")  # looking must not start anything
    return [
        replace(describe(device, ask), name=name) for device, name in SERVERS.items() if _is_installed(device, root)
    ]


def _is_installed(device: str, root: Path) -> bool:
    name = _PLUG_IN.format(device)
    patterns = (f"usr/lib/*/alsa-lib/{name}", f"usr/lib*/alsa-lib/{name}")
    return any(next(root.glob(pattern), None) is not None for pattern in patterns)
