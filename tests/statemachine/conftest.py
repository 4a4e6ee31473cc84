from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.statemachine.scripted_machine import Machine, scripted_machine


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    yield from scripted_machine(tmp_path_factory.mktemp("scripts"))
