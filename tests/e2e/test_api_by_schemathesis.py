"""openapi.json and the API against each other: schemathesis sends what the description allows, and what it does not."""

from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from web_ui.app import create_app
from web_ui.fakes.box import fake_box

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900), pytest.mark.filterwarnings("default")]
schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")

ENDLESS = ["events", "spectrum", "live"]  # streams: tests/web_ui has them
CLOSING = ["set_pin"]  # a PIN that nobody knows would close everything behind it
checks = schemathesis.checks
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.unsupported_method,
]
APP = create_app(fake_box(), secret="tests")
TOKEN = APP.test_client().get("/api/v1/session", base_url="http://localhost").get_json()["token"]
WHOLE = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", APP)
SCHEMA = WHOLE.exclude(operation_id=ENDLESS + CLOSING)


@SCHEMA.parametrize()
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_every_answer_is_as_described(case: Any) -> None:
    case.call_and_validate(headers={"X-CSRF-Token": TOKEN}, checks=CHECKS)


@WHOLE.include(operation_id=CLOSING).parametrize()
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_what_closes_the_rest_answers_as_described_too(case: Any) -> None:
    fresh = create_app(fake_box(), secret="tests")  # with the same token, and open again
    case.call_and_validate(app=fresh, headers={"X-CSRF-Token": TOKEN}, checks=CHECKS)
