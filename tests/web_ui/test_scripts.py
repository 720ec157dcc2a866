"""What the page's scripts may use: nothing that the security policy forbids, nothing that plain HTTP lacks."""

import re
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "web_ui" / "static"
SCRIPTS = sorted((STATIC / "js").rglob("*.js"))

# Text that becomes code or markup. Trusted Types would refuse it, with no policy that allows any.
SINKS = re.compile(
    r"\.innerHTML|\.outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|parseFromString|\.srcdoc|"
    r"setHTMLUnsafe|\beval\(|new Function|setTimeout\(\s*[\"'`]|setInterval\(\s*[\"'`]|new (?:Shared)?Worker|"
    r"createElement\([\"'](?:script|iframe|object|embed|base)[\"']\)|javascript:|setAttribute\([\"'](?:on|style)"
)
# What browsers have at HTTPS and localhost only (Secure Contexts). On the box's own network there is neither.
SECURE_ONLY = re.compile(
    r"navigator\.(?:clipboard|share|wakeLock|serviceWorker|mediaDevices|credentials|geolocation|usb|bluetooth|storage)|"
    r"crypto\.(?:subtle|randomUUID)|audioWorklet|AudioWorklet|\bcaches\.|cookieStore|Notification\.|showSaveFilePicker"
)


def code(path: Path) -> str:
    """Without comments."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    return re.sub(r"(?<!:)//[^\n]*", "", text)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.relative_to(STATIC).as_posix())
def test_no_text_becomes_code_or_markup(path: Path):
    assert SINKS.findall(code(path)) == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.relative_to(STATIC).as_posix())
def test_nothing_depends_on_a_secure_context(path: Path):
    """Each such feature is asked for before it is used, so that the page does without."""
    text = code(path)
    for feature in set(SECURE_ONLY.findall(text)):
        name = re.escape(feature)
        asked = rf"if \({name}\b|!{name}\b|{name}\?\.|{name} (?:\?|&&|\?\?)"
        assert re.search(asked, text), feature
