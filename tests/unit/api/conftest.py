from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.unit.api.house import House, house


@pytest.fixture
def home() -> Generator[House]:
    with house() as made:
        yield made
