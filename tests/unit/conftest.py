from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.aws_table import Aws, emulated_aws
from tests.fakes.orchestrator import FakeOrchestrator


@pytest.fixture
def aws() -> Generator[Aws]:
    with emulated_aws() as emulated:
        yield emulated


@pytest.fixture
def orchestrator() -> FakeOrchestrator:
    return FakeOrchestrator()
