from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.unit.api.harness import Harness, api_harness


@pytest.fixture
def harness() -> Generator[Harness]:
    with api_harness() as made:
        yield made
