"""A thumb on a phone's screen that counts its taps."""

from typing import Any

HELD_MS = 700  # a long press


class Thumb:
    """Taps and holds places of one page."""

    def __init__(self, page: Any) -> None:
        self.taps = 0
        self._page = page

    def tap(self, place: Any) -> None:
        place.tap()
        self.taps += 1

    def hold(self, place: Any) -> None:
        place.evaluate("(node) => node.scrollIntoView({ block: 'center' })")  # not under the tab bar
        spot = place.bounding_box()
        at = [{"x": spot["x"] + spot["width"] / 2, "y": spot["y"] + spot["height"] / 2}]
        touch = self._page.context.new_cdp_session(self._page)
        touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": at})
        self._page.wait_for_timeout(HELD_MS)
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        self.taps += 1
