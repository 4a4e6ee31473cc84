"""No test of the command line sees the profiles or the settings of whoever runs it."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def profiles_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("STEPCREW_URL", "STEPCREW_TOKEN", "STEPCREW_PROFILE", "STEPCREW_PORT", "STEPCREW_GROUP"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "profiles"
    monkeypatch.setenv("STEPCREW_CONFIG_DIR", str(folder))
    return folder
