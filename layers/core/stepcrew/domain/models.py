"""Model names by CrewAI's convention, the providers the runner carries, and which models crews may name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from types import MappingProxyType
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


EMBEDDING_PROVIDERS = ("openai", "bedrock")
"""Those of the providers that make embeddings."""
_BARE_EMBEDDERS = ((re.compile(r"^text-embedding-"), "openai"), *_BARE[2:])


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
    return _bare(prefix, _BARE)


def parse_embedder_name(name: str) -> ModelName | None:
    """`openai/text-embedding-3-small`, or a bare name whose provider is certain; None when the provider is not one that
    we carry and that makes embeddings."""
    parsed = parse_model_name(name) if "/" in name else _bare(name.strip(), _BARE_EMBEDDERS)
    return parsed if parsed and parsed.provider in EMBEDDING_PROVIDERS else None


def _bare(name: str, patterns: tuple[tuple[re.Pattern[str], str], ...]) -> ModelName | None:
    provider = next((one for pattern, one in patterns if pattern.match(name)), None)
    return ModelName(provider, name) if provider else None


class ModelRules(NamedTuple):
    """The model of a crew that names none, which models (`provider/model`) the operator allows with its own keys, as
    shell-style patterns, and the fallbacks of the operator's connections, by their names. The operator's own embedding
    model is allowed, whatever else is."""

    default: str
    allowed: Sequence[str]
    default_embedder: str = ""
    connections: Mapping[str, Sequence[str]] = MappingProxyType({})

    def allows(self, name: str) -> bool:
        """`name` is `provider/model`."""
        return any(fnmatchcase(name, pattern) for pattern in self.allowed)
