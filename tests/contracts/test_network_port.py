"""What every NetworkPort does, the fake and the real one."""

from dataclasses import asdict

import pytest

from web_ui.ports.box import Box
from web_ui.ports.errors import ControlRefused, NotThere
from web_ui.ports.network import NetworkPort
from web_ui.views import dumps


@pytest.fixture
def port(box: Box) -> NetworkPort:
    return box.network


def test_it_has_a_name_in_the_network_and_one_in_the_air(port: NetworkPort):
    view = port.view()
    assert view.host == f"{port.host}.local"
    assert view.own.name.startswith("Hushbox-")


def test_the_card_has_a_password_that_the_view_never_has(port: NetworkPort):
    card = port.card()
    assert card == port.card()
    assert card.name == port.view().own.name
    assert 8 <= len(card.password) <= 63
    assert len(card.qr) >= 21
    assert card.password not in dumps(asdict(port.view()))


def test_what_cannot_be_is_refused_without_the_password(port: NetworkPort):
    for ssid, password in (
        ("", "long enough"),
        ("x" * 33, "long enough"),
        ("Studio", "short"),
        ("Studio", "umlaut äöü"),
    ):
        with pytest.raises(ControlRefused) as caught:
            port.join(ssid, password)
        assert password not in str(caught.value)
    for country in ("de", "DEU", "1A", "", "ÄÖ"):
        with pytest.raises(ControlRefused, match="two capital letters"):
            port.set_country(country)


def test_the_country_is_kept(port: NetworkPort):
    assert port.view().country == ""
    port.set_country("DE")
    assert port.view().country == "DE"
    assert "DE" in port.view().countries
    with pytest.raises(ControlRefused, match="no country has this code"):
        port.set_country("QQ")
    port.set_country("00")
    assert port.view().country == "00"


def test_only_what_is_saved_can_be_forgotten(port: NetworkPort):
    with pytest.raises((NotThere, ControlRefused)):
        port.forget("Nowhere")


def test_every_view_can_be_sent_as_json(port: NetworkPort):
    assert dumps(asdict(port.view()))
    assert dumps(asdict(port.card()))
