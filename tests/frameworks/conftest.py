"""The providers that every framework is tried with."""

import pytest
import tools


@pytest.fixture(params=tools.NAMES)
def name(request):
    return request.param
