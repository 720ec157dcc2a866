"""The captive page: exactly the addresses by which phones test a network lead to the page, until it was seen."""

import http.client
import json
import socket
from collections.abc import Iterator

import pytest
from werkzeug.test import Client, TestResponse

from web_ui.app import create_app
from web_ui.fakes.box import fake_box
from web_ui.serving.captive_server import CaptiveServer
from web_ui.visitors.captive import PROBES, CaptivePage, Visitors

PAGE, ADDRESS = "http://10.42.0.1:8080/", "10.42.0.1"
PHONE = "10.42.0.57"
ALL_PROBES = [(host, path) for host, paths in PROBES.items() for path in paths]


@pytest.fixture
def visitors() -> Visitors:
    return Visitors()


def ask(visitors: Visitors, host: str, path: str = "/", method: str = "GET", phone: str = PHONE) -> TestResponse:
    client = Client(CaptivePage(PAGE, ADDRESS, visitors))
    return client.open(path, method=method, headers={"Host": host}, environ_overrides={"REMOTE_ADDR": phone})


@pytest.mark.parametrize(("host", "path"), ALL_PROBES)
def test_each_system_is_led_to_the_page_until_its_phone_has_loaded_it(visitors: Visitors, host: str, path: str):
    for written in (host, host.upper(), f"{host}:80", f"{host}."):
        answer = ask(visitors, written, path)
        assert (answer.status_code, answer.headers["Location"]) == (302, PAGE)
    visitors.note(PHONE)
    answer = ask(visitors, host, path)
    expected, _, text = PROBES[host][path]
    assert (answer.status_code, answer.get_data(as_text=True)) == (expected, text)
    assert ask(visitors, host, path, phone="10.42.0.58").status_code == 302, "another phone has not"


@pytest.mark.parametrize(
    "host",
    [
        "example.org", "hushbox.local", "connectivitycheck.gstatic.com.example.org", "xcaptive.apple.com", "apple.com",
        "", "192.0.2.1", "10.42.0.10", "captive.apple.com@example.org", "[::1]",
    ],
)  # fmt: skip
def test_every_other_name_is_told_nothing(visitors: Visitors, host: str):
    answer = ask(visitors, host, "/generate_204")
    assert answer.status_code == 404
    assert "Location" not in answer.headers


def test_what_is_sent_is_not_taken(visitors: Visitors):
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
        assert ask(visitors, "captive.apple.com", "/", method).status_code == 405


def test_the_address_itself_leads_to_the_page_always(visitors: Visitors):
    visitors.note(PHONE)
    assert ask(visitors, ADDRESS).headers["Location"] == PAGE


def test_dhcps_option_finds_what_rfc_8908_asks_for(visitors: Visitors):
    answer = ask(visitors, ADDRESS, "/captive")
    assert answer.mimetype == "application/captive+json"
    assert json.loads(answer.get_data()) == {"captive": True, "user-portal-url": PAGE}
    visitors.note(PHONE)
    assert json.loads(ask(visitors, ADDRESS, "/captive").get_data())["captive"] is False


def test_the_page_tells_who_has_loaded_it(visitors: Visitors):
    client = create_app(fake_box(), visitors=visitors).test_client()
    addressed = {"base_url": "http://hushbox.local", "environ_overrides": {"REMOTE_ADDR": PHONE}}
    client.get("/api/v1/session", **addressed)
    assert not visitors.knows(PHONE)
    client.get("/", base_url="http://example.org", environ_overrides={"REMOTE_ADDR": PHONE})
    assert not visitors.knows(PHONE), "refused"
    client.get("/", **addressed)
    assert visitors.knows(PHONE)


def test_a_visitor_is_forgotten_after_a_night_and_many_take_no_room():
    now = [0.0]
    visitors = Visitors(lambda: now[0])
    visitors.note(PHONE)
    now[0] += 13 * 3600
    assert not visitors.knows(PHONE)
    for number in range(1000):
        visitors.note(str(number))
    assert len(visitors._seen) == 256


def test_the_pages_own_names_stay_as_strict_as_they_are():
    client = create_app(fake_box()).test_client()
    for host, path in ALL_PROBES:
        answer = client.get(path, base_url=f"http://{host}")
        assert answer.status_code == 403


@pytest.fixture
def served(visitors: Visitors) -> Iterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = CaptiveServer(CaptivePage(PAGE, ADDRESS, visitors), [listener])
    number = int(listener.getsockname()[1])
    server.start()
    yield number
    server.stop()


def test_it_is_served_on_a_socket_that_is_handed_in(served: int):
    connection = http.client.HTTPConnection("127.0.0.1", served, timeout=10)
    connection.request("GET", "/generate_204", headers={"Host": "connectivitycheck.gstatic.com"})
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Location"]) == (302, PAGE)
    assert "Server" not in answer.headers
    connection.close()
