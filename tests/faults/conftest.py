"""One stack behind the proxy for all tests here, and the tables that they fill."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.faults.field import Field, running_field
from tests.faults.reliability import Findings


@pytest.fixture(scope="session")
def field() -> Generator[Field]:
    with running_field() as field:
        yield field


@pytest.fixture(scope="session")
def findings() -> Findings:
    return Findings()
