import pytest

from tests.models.steps import RUNTIMES


@pytest.fixture(params=list(RUNTIMES))
def runtime(request: pytest.FixtureRequest) -> str:
    return request.param
