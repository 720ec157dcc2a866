"""Checks what the box needs to stay in reach by itself (docs/network.md): NetworkManager and what works for it.

root: where /usr, /proc and /sys are.
"""

from pathlib import Path

from firmware_app.checks import Finding, advice, ok, problem
from firmware_app.config.keys import NetworkConfig

_CHECK = "networks"
_UNIT = "systemd/system/hushbox-control.service"  # below /usr/lib: this machine is a box
# Program: Debian's package, and what does not work without it.
_ALWAYS = {
    "usr/sbin/NetworkManager": ("network-manager", "no network can be seen to"),
    "usr/lib/polkit-1/polkitd": ("polkitd", "NetworkManager does nothing that the box's user asks for"),
}
_FOR_A_RADIO = {
    "usr/sbin/dnsmasq": ("dnsmasq-base", "the own Wi-Fi gives phones no address, so it does not open"),
    "usr/sbin/wpa_supplicant": ("wpasupplicant", "no Wi-Fi works"),
}
_NAME = {"usr/sbin/avahi-daemon": ("avahi-daemon", "the box's name in the network is not answered to")}


def network(config: NetworkConfig, root: Path = Path("/")) -> list[Finding]:
    """Nothing to say where Hushbox is a program on a computer: it then touches no network."""
    if not (root / "usr/lib" / _UNIT).exists():
        return []
    if not config.manage:
        return [ok(_CHECK, "left to this machine's own settings: [network] manage = false")]
    radio = any(root.glob("sys/class/net/*/phy80211"))
    found = []
    if missing := _missing(root, {**_ALWAYS, **(_FOR_A_RADIO if radio else {})}):
        mend = f"{_install(missing)}, or set manage = false under [network] for a box that is always wired"
        found.append((problem if radio else advice)(_CHECK, _words(missing), mend))
    if "network-manager" not in missing and not _runs(root, "NetworkManager"):
        text = "NetworkManager is installed and does not run: no network can be seen to"
        found.append(problem(_CHECK, text, "sudo systemctl enable --now NetworkManager"))
    if unnamed := _missing(root, _NAME):
        found.append(advice(_CHECK, _words(unnamed), _install(unnamed)))
    return found or [ok(_CHECK, f"NetworkManager sees to them; {'Wi-Fi' if radio else 'no Wi-Fi'} is there")]


def _missing(root: Path, programs: dict[str, tuple[str, str]]) -> dict[str, str]:
    """The packages of the programs that are not there, with what does not work without each."""
    return dict(words for path, words in programs.items() if not (root / path).exists())


def _words(missing: dict[str, str]) -> str:
    return "; ".join(f"without {package} {what}" for package, what in missing.items())


def _install(missing: dict[str, str]) -> str:
    return f"sudo apt-get install {' '.join(missing)}"


def _runs(root: Path, name: str) -> bool:
    return any(_text(comm) == name for comm in root.glob("proc/[0-9]*/comm"))


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""
