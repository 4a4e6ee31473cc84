from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from tests.local.tiny_stack import tiny_options

from stepcrew_local.stack import Stack, running_stack


@pytest.fixture(scope="session")
def tiny_stack() -> Iterator[Stack]:
    with running_stack(tiny_options()) as stack:
        yield stack


@pytest.fixture
def client(tiny_stack: Stack) -> Iterator[httpx.Client]:
    """Talks to the gateway as Ada."""
    headers = {"authorization": f"Bearer {tiny_stack.token('ada')}"}
    with httpx.Client(base_url=tiny_stack.url, headers=headers, timeout=30) as client:
        yield client
