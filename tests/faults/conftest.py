"""One stack behind the proxy for all tests here, and the tables that they fill."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.faults.harness import FaultHarness, running_harness
from tests.faults.reliability import Findings


@pytest.fixture(scope="session")
def harness() -> Generator[FaultHarness]:
    with running_harness() as harness:
        yield harness


@pytest.fixture(scope="session")
def findings() -> Findings:
    return Findings()
