"""Sound servers that ALSA reaches through a plug-in: PipeWire and JACK. A box can use one, but only by name."""

from pathlib import Path

SERVERS = {"pipewire": "PipeWire", "jack": "JACK"}
"""What each is called, by the ALSA name of its plug-in."""

PACKAGES = {"pipewire": "pipewire-alsa", "jack": "libasound2-plugins"}
"""The Debian package that has each plug-in."""

_PLUG_IN = "libasound_module_pcm_{}.so"


def is_installed(device: str, root: Path = Path("/")) -> bool:
    """Whether the plug-in is there; the server itself need not run. root: where /usr/lib is."""
    name = _PLUG_IN.format(device)
    patterns = (f"usr/lib/*/alsa-lib/{name}", f"usr/lib*/alsa-lib/{name}")
    return any(next(root.glob(pattern), None) is not None for pattern in patterns)


def why_not_there(device: str, root: Path = Path("/")) -> str:
    """Why the sound server `device` could not be opened, in words, and what to do; empty for anything else."""
    if device not in SERVERS:
        return ""
    if not is_installed(device, root):
        return f"{SERVERS[device]} is not installed for ALSA: sudo apt install {PACKAGES[device]}"
    return f"{SERVERS[device]} does not run, or not for the user that the box runs as"
