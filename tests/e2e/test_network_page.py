"""Set up, Network on a phone: join, fall back, the own Wi-Fi's card; and the captive page that a phone is led to."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.rigs.phone import ARGS, CHROMIUM, HOST, LIKE_A_PHONE, PHONE, Box, expect, until
from web_ui.app import create_app
from web_ui.fakes.box import fake_box
from web_ui.serving.captive_server import CaptiveServer
from web_ui.serving.server import PageServer
from web_ui.visitors.captive import CaptivePage, Visitors

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}: apt-get install chromium"),
]
Open = Callable[..., Any]
PROBES = ("connectivitycheck.gstatic.com", "captive.apple.com", "detectportal.firefox.com")


@pytest.fixture
def set_up(box: Box) -> Box:
    box.ports.setup.set_wizard("done", "sound")
    return box


def test_the_studios_wifi_is_joined_and_the_page_says_before_that_it_goes_away(open_page: Open, set_up: Box):
    page = open_page(view="setup/network")
    form = page.locator("#networks")
    form.locator('input[value="Studio"]').tap()
    expect(form).to_contain_text("leaves Hushbox-7KQ2 to join")
    expect(form).to_contain_text(f"http://hushbox-7kq2.local:{set_up.number}/")
    form.locator("#wifi-password").fill("correct horse")
    form.get_by_role("button", name="Join Studio").tap()
    until(page, lambda: set_up.ports.network.view().wifi == "Studio")
    expect(page.locator("#networks .lines")).to_contain_text("Studio")
    form.get_by_role("button", name="Forget").tap()
    until(page, lambda: set_up.ports.network.view().saved == ())


def test_a_join_that_fails_says_why_and_keeps_no_password(open_page: Open, set_up: Box):
    page = open_page(view="setup/network")
    form = page.locator("#networks")
    form.locator('input[value="Studio"]').tap()
    form.locator("#wifi-password").fill("wrong horse")
    form.get_by_role("button", name="Join Studio").tap()
    expect(form.get_by_role("status").first).to_have_text("Studio did not let the box in: check the password.")
    form.locator('input[value="Studio"]').tap()
    expect(form.locator("#wifi-password")).to_have_value("")
    expect(page.locator("#line-network .line-side")).to_have_class("line-side trouble")


def test_what_cannot_be_joined_cannot_be_chosen_and_a_hidden_one_is_typed(open_page: Open, set_up: Box):
    page = open_page(view="setup/network")
    form = page.locator("#networks")
    expect(form.locator('input[value="Office"]')).to_be_disabled()
    form.locator('input[value=" "]').tap()
    form.locator("#wifi-name").fill("Nowhere")
    form.locator("#wifi-password").fill("long enough")
    form.get_by_role("button", name="Join another one").tap()
    expect(form.get_by_role("status").first).to_have_text("Nowhere is out of range.")


def test_the_own_wifi_shows_its_card_when_asked_and_opens_and_closes(open_page: Open, set_up: Box):
    page = open_page(view="setup/network")
    form = page.locator("#networks")
    password = set_up.ports.network.card().password
    assert password not in page.content()
    form.get_by_role("button", name="Show name and password").tap()
    expect(form).to_contain_text(password)
    expect(form.locator("svg.qr")).to_have_attribute("aria-label", "Wi-Fi code of Hushbox-7KQ2")
    form.get_by_role("button", name="Close it").tap()
    until(page, lambda: not set_up.ports.network.view().own.on)
    form.get_by_role("button", name="Open it now").tap()
    until(page, lambda: set_up.ports.network.view().own.asked)


def test_the_country_is_asked_for_before_the_radio_is_used_and_can_be_changed(open_page: Open, set_up: Box):
    page = open_page(view="setup/network", locale="de-AT")
    expect(page.locator("#networks > :first-child")).to_contain_text("nur was überall erlaubt ist")
    expect(page.locator("#wifi-country")).to_have_value("AT")  # the phone's own, which nobody has said yet
    assert set_up.ports.network.view().country == ""
    page.locator('#networks input[value="Café"]').tap()
    page.locator("#networks").get_by_role("button", name="Café beitreten").tap()
    until(page, lambda: set_up.ports.network.view().wifi == "Café")
    assert set_up.ports.network.view().country == "AT"
    page.locator("#networks > :last-child #wifi-country").select_option("00")
    until(page, lambda: set_up.ports.network.view().country == "00")
    expect(page.locator("#networks > :last-child")).to_contain_text("Nur was überall erlaubt ist")


def test_a_phone_without_a_region_names_none_and_the_machines_own_setting_is_told(open_page: Open, set_up: Box):
    set_up.ports.network.now = replace(set_up.ports.network.now, country_in_force="JP")
    page = open_page(view="setup/network", locale="en")
    expect(page.locator("#wifi-country")).to_have_value("")
    expect(page.locator("#networks")).to_contain_text("the machine's own setting holds, Japan")
    expect(page.get_by_role("button", name="Use it now")).to_be_disabled()
    page.locator("#networks").get_by_role("button", name="Close it").tap()
    page.locator("#networks").get_by_role("button", name="Open it now").tap()
    until(page, lambda: set_up.ports.network.view().own.asked)
    assert set_up.ports.network.view().country == ""


@pytest.mark.parametrize("radio", [True, False])
def test_the_first_steps_ask_for_the_country_where_there_is_a_radio(open_page: Open, box: Box, radio: bool):
    box.ports.setup.set_wizard("begun", "country")
    box.ports.network.now = replace(box.ports.network.now, radio=radio)
    page = open_page(view="setup", locale="en-GB")
    page.get_by_role("button", name="Continue").tap()
    if radio:
        expect(page.locator("#wizard-country")).to_have_value("GB")
        page.get_by_role("button", name="Next", exact=True).tap()
    expect(page.locator(".step-title")).to_have_text("Do you want a PIN?")
    assert box.ports.network.view().country == ("GB" if radio else "")


def test_a_box_whose_networks_are_not_its_own_says_so(open_page: Open, set_up: Box):
    set_up.ports.network.now = replace(set_up.ports.network.now, why_not="the settings file says no")
    page = open_page(view="setup/network")
    expect(page.locator("#networks")).to_contain_text("the settings file says no")
    expect(page.locator("#networks button")).to_have_count(0)
    expect(page.locator("#setup-network .address").first).to_be_visible()


def test_the_wiring_sheet_has_the_own_wifis_card(open_page: Open, set_up: Box):
    page = open_page()
    page.goto(f"http://{HOST}:{set_up.number}/wiring")
    expect(page.locator("#wiring-wifi")).to_contain_text(set_up.ports.network.card().password)
    expect(page.locator("#wiring-wifi svg.qr")).to_be_visible()


@pytest.fixture
def own_wifi() -> Iterator[tuple[int, int]]:
    """(port of the captive page, port of the page)."""
    visitors = Visitors()
    server = PageServer(create_app(fake_box(), visitors=visitors), "127.0.0.1", 0)
    number = server.start()
    listener = socket.create_server(("127.0.0.1", 0))
    captive = CaptiveServer(CaptivePage(f"http://127.0.0.1:{number}/", "127.0.0.1", visitors), [listener])
    captive.start()
    yield int(listener.getsockname()[1]), number
    captive.stop()
    server.stop()


def test_a_phone_that_tests_the_network_is_led_to_the_page_once(browser: Any, own_wifi: tuple[int, int]):
    captive, number = own_wifi
    names = ", ".join(f"MAP {name}:80 127.0.0.1:{captive}" for name in (*PROBES, "example.org"))
    args = [*(each for each in ARGS if "resolver" not in each), f"--host-resolver-rules={names}"]
    phone = browser.browser_type.launch(executable_path=str(CHROMIUM), args=args)
    page = phone.new_context(viewport=PHONE, **LIKE_A_PHONE).new_page()
    page.goto("http://connectivitycheck.gstatic.com/generate_204")
    assert page.url.startswith(f"http://127.0.0.1:{number}/")
    page.wait_for_selector('body[data-link="live"]')
    assert page.goto("http://captive.apple.com/hotspot-detect.html").text().count("Success") == 2
    assert page.goto("http://detectportal.firefox.com/success.txt").text() == "success\n"
    assert page.goto("http://example.org/").status == 404
    phone.close()
