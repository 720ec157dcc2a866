"""openapi.json and the API against each other: schemathesis sends what the description allows, and what it does not.

In each role: what a client may not do is answered as described, too.
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from web_ui.app import create_app
from web_ui.fakes.box import fake_box
from web_ui.ports.pairing import NOBODY, OWNER, ROLES

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900), pytest.mark.filterwarnings("default")]
schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")

ENDLESS = ["events", "spectrum", "live"]  # streams: tests/web_ui has them
checks = schemathesis.checks
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.unsupported_method,
]
APPS = {role: create_app(fake_box(everybody=role), secret="tests") for role in (NOBODY, *ROLES)}
TOKEN = APPS[OWNER].test_client().get("/api/v1/session", base_url="http://localhost").get_json()["token"]
SCHEMA = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", APPS[OWNER]).exclude(operation_id=ENDLESS)


@pytest.mark.parametrize("role", APPS)
@SCHEMA.parametrize()
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_every_answer_is_as_described(case: Any, role: str) -> None:
    case.call_and_validate(app=APPS[role], headers={"X-CSRF-Token": TOKEN}, checks=CHECKS)
