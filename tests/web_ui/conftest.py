"""The page over a fake box, without a server (`client`) and behind the real one (`served`)."""

import http.client
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from web_ui.app import create_app
from web_ui.fakes.box import FakeBox, fake_box
from web_ui.serving.server import PageServer

ORIGIN = "http://hushbox.local"


@pytest.fixture
def box() -> FakeBox:
    return fake_box()


@pytest.fixture
def app(box: FakeBox) -> Flask:
    return create_app(box, secret="tests", max_streams=3)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    class Client(FlaskClient):
        def open(self, *args: Any, **kwargs: Any) -> TestResponse:
            kwargs.setdefault("base_url", ORIGIN)
            return super().open(*args, **kwargs)

    app.test_client_class = Client
    return app.test_client()


@pytest.fixture
def token(client: FlaskClient) -> str:
    return client.get("/api/v1/session").get_json()["token"]


Change = Callable[..., TestResponse]


@pytest.fixture
def change(client: FlaskClient, token: str) -> Change:
    """Send a change as the page does: change("PUT", "params/box.bypass", {"value": 1})."""

    def send(method: str, path: str, body: object = None, **kwargs: Any) -> TestResponse:
        headers = {"Origin": ORIGIN, "X-CSRF-Token": token} | kwargs.pop("headers", {})
        if "data" not in kwargs:
            kwargs["data"] = json.dumps(body)
        kwargs.setdefault("content_type", "application/json")
        return client.open(f"/api/v1/{path}", method=method, headers=headers, **kwargs)

    return send


class Served:
    """The page behind waitress, and a plain HTTP client."""

    def __init__(self, server: PageServer, number: int) -> None:
        self.server = server
        self.number = number

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.number, timeout=20)

    def get(self, path: str) -> tuple[int, bytes]:
        connection = self.connect()
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


@pytest.fixture
def served(app: Flask) -> Iterator[Served]:
    server = PageServer(app, "127.0.0.1", 0)
    yield Served(server, server.start())
    server.stop()
