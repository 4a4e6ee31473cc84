"""No test of the command line sees the profiles or the settings of whoever runs it."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path
from unittest.mock import patch

import pytest
from typer.main import get_command

from tests.unit.cli.fake_api import FakeApi, serving


@pytest.fixture(scope="session", autouse=True)
def commands_made_once() -> Generator[None]:
    """Typer's runner makes all commands anew for each call, which takes longer than the call."""
    with patch("typer.testing._get_command", cache(get_command)):
        yield


@pytest.fixture(autouse=True)
def profiles_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("STEPCREW_URL", "STEPCREW_TOKEN", "STEPCREW_PROFILE", "STEPCREW_PORT", "STEPCREW_GROUP"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "profiles"
    monkeypatch.setenv("STEPCREW_CONFIG_DIR", str(folder))
    return folder


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with serving(FakeApi()) as fake:
        yield fake
