"""Model names by CrewAI's convention, and the providers the runner carries."""

from __future__ import annotations

import re
from typing import NamedTuple

PROVIDERS: dict[str, str] = {
    "openai": "openai",
    "anthropic": "anthropic",
    "claude": "anthropic",
    "bedrock": "bedrock",
    "aws": "bedrock",
}
"""Accepted prefixes of `<provider>/<model>` and the provider each stands for."""

_BARE = (
    (re.compile(r"^(gpt-|chatgpt-|o\d)"), "openai"),
    (re.compile(r"^claude-"), "anthropic"),
    (re.compile(r"^((us|eu|apac|global)\.)?(anthropic|amazon|meta|mistral|cohere|ai21|deepseek)\."), "bedrock"),
)


class ModelName(NamedTuple):
    provider: str
    model: str

    def __str__(self) -> str:
        return f"{self.provider}/{self.model}"


def parse_model_name(name: str) -> ModelName | None:
    """`openai/gpt-4o`, or a bare name whose provider is certain; None when the provider is not one we carry."""
    prefix, slash, rest = name.strip().partition("/")
    if slash:
        provider = PROVIDERS.get(prefix.lower())
        return ModelName(provider, rest) if provider and rest else None
    provider = next((p for pattern, p in _BARE if pattern.match(prefix)), None)
    return ModelName(provider, prefix) if provider else None
