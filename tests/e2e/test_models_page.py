"""The models' section in a real browser, over the fake box: use one, measure one, try two."""

from typing import Any

import pytest

from tests.e2e.test_axe import opened, serious
from tests.rigs.phone import CHROMIUM, Box, Opener, expect, until

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}: apt-get install chromium"),
]


def models(open_page: Opener) -> Any:
    page = open_page(view="setup")
    page.evaluate("location.hash = '#setup/models'")
    expect(page.locator("article.model")).to_have_count(3)
    return page


def card(page: Any, name: str) -> Any:
    return page.locator(f"article[aria-labelledby='model-{name}']")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_it_can_be_read_and_used_by_everyone(open_page: Opener, box: Box, theme: str) -> None:
    page = opened(open_page, theme, "setup")
    page.evaluate("location.hash = '#setup/models'")
    page.get_by_role("button", name="Try studio beside voice on what came in last").tap()
    expect(page.locator(".try-out")).to_be_visible()
    page.locator(".whole-card > summary").first.tap()
    assert serious(page, f"models, {theme}") == []


def test_a_model_is_used_with_one_tap(open_page: Opener, box: Box) -> None:
    page = models(open_page)
    expect(card(page, "voice")).to_contain_text("In use")
    page.get_by_role("button", name="Use studio").tap()
    expect(card(page, "studio")).to_contain_text("In use")
    expect(page.locator("#notices")).to_contain_text("studio is in use.")
    assert box.ports.models.in_use == {"voice": "studio", "music": "stems"}
    expect(page.get_by_role("button", name="Use voice")).to_be_enabled()


def test_a_model_that_is_not_loaded_says_why(open_page: Opener, box: Box) -> None:
    box.ports.models.not_loaded["studio"] = "it is not loaded: start the box again"
    page = models(open_page)
    expect(page.get_by_role("button", name="Use studio")).to_be_disabled()
    expect(card(page, "studio").locator(".said")).to_have_text("it is not loaded: start the box again")


def test_the_load_is_measured_on_demand(open_page: Opener, box: Box) -> None:
    page = models(open_page)
    expect(card(page, "studio").locator(".model-facts")).to_contain_text("not measured yet")
    page.get_by_role("button", name="Measure the load of studio on this box").tap()
    expect(card(page, "studio").locator(".model-facts")).to_contain_text("31 %")
    expect(card(page, "studio").locator(".model-facts")).to_contain_text("of a block of 128, measured")


def test_two_models_are_tried_on_what_came_in(open_page: Opener, box: Box) -> None:
    page = models(open_page)
    page.get_by_role("button", name="Try studio beside voice on what came in last").tap()
    player = card(page, "studio").locator(".try-out")
    expect(player).to_contain_text("studio was 1.2 dB louder and is turned down by that.")
    assert page.evaluate("document.querySelector('.try-out input[name=try-out]:checked').value") == "1"
    player.get_by_role("radio", name="voice").check(force=True)
    expect(player.locator(".play")).to_be_visible()
    until(page, lambda: float(player.locator(".seek").get_attribute("max") or 0) == 0.5)  # half a second of tone
    page.evaluate("location.hash = '#play'")
    expect(player.locator(".play")).not_to_have_class("play playing")
