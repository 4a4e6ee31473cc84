"""The runner carries what runs crews, and nothing of what CrewAI's requirements bring besides."""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MOST_MEGABYTES = 420
EXCLUDED = [
    line.split(";")[0].strip()
    for line in (ROOT / "functions/runner/excluded.txt").read_text().splitlines()
    if line.strip() and not line.startswith("#")
]


def size_of(folder: Path) -> int:
    """Bytes of all files, hard links once, without bytecode."""
    seen: dict[int, int] = {}
    for path, _, files in os.walk(folder):
        if Path(path).name != "__pycache__":
            for name in files:
                state = (Path(path) / name).lstat()
                seen[state.st_ino] = state.st_size
    return sum(seen.values())


def test_the_runners_packages_are_small_enough() -> None:
    folders = list((ROOT / ".venvs/runner/lib").glob("python3*/site-packages"))
    assert folders, "The runner's environment is missing: python3 scripts/bootstrap.py runner"
    assert size_of(folders[0]) / 1e6 <= MOST_MEGABYTES


@pytest.mark.parametrize("name", EXCLUDED)
def test_what_is_excluded_is_not_installed(name: str) -> None:
    with pytest.raises(PackageNotFoundError):
        distribution(name)


def test_what_is_excluded_is_not_pinned() -> None:
    pinned = (ROOT / "functions/runner/requirements.txt").read_text().splitlines()
    names = {line.split("==")[0].split("[")[0].strip() for line in pinned if "==" in line}
    assert names & set(EXCLUDED) == set()


def test_every_provider_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    from stepcrew.domain.definition import ModelSettings
    from stepcrew_runner.crew.models import ModelFactory

    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "s", "aws_session_token": "t"}
    models = ModelFactory({"OPENAI_API_KEY": "k", "ANTHROPIC_API_KEY": "k"}, "", keys)
    made = {
        name: type(models.make(ModelSettings(model=name))).__name__
        for name in (
            "openai/gpt-4o",
            "anthropic/claude-sonnet-4-5",
            "bedrock/anthropic.claude-3-5-sonnet-20241022-v2:0",
        )
    }
    assert list(made.values()) == ["OpenAICompletion", "AnthropicCompletion", "BedrockCompletion"]
