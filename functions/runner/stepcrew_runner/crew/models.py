"""Model objects by CrewAI's names. A fresh one for every agent and attempt: CrewAI counts and caches on them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from crewai import LLM, BaseLLM
from crewai.llms.context_window import CONTEXT_WINDOW_USAGE_RATIO, DEFAULT_CONTEXT_WINDOW_SIZE

from stepcrew.domain.definition import CrewDefinition, ModelSettings
from stepcrew.domain.errors import Category, StepcrewError
from stepcrew.domain.models import parse_model_name
from stepcrew.domain.parts import embedders_of, model_settings
from stepcrew.settings import provider_settings
from stepcrew_runner.crew.seams import tell_of_long_conversations
from stepcrew_runner.crew.valid_texts import keep_texts_valid

CALL_SECONDS = 120.0
"""How long one model call may take unless the definition says otherwise."""
BEDROCK_CALL_SECONDS = 300.0
"""CrewAI's own, which it lets nobody set."""
UNKNOWN_WINDOW = int(DEFAULT_CONTEXT_WINDOW_SIZE * CONTEXT_WINDOW_USAGE_RATIO)
BEDROCK = "bedrock"
BEARER = "AWS_BEARER_TOKEN_BEDROCK"
EMBEDDINGS = "EMBEDDINGS_API_KEY"
KEYS = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}
_CARRIED = ("temperature", "top_p", "max_tokens", "frequency_penalty", "presence_penalty", "stop", "seed")
_OPENAI_ONLY = ("max_completion_tokens", "reasoning_effort")


class ModelNotAvailable(StepcrewError):
    """The operator does not offer this model."""

    category = Category.MODEL
    remedy = "Choose an available model, or ask the operator for a key."


class ModelFactory:
    """Makes models with the operator's keys. Endpoints come from the operator's environment alone."""

    def __init__(self, operator_keys: Mapping[str, str], default: str, aws_keys: Mapping[str, str]) -> None:
        """`aws_keys` are credentials for models of Amazon Bedrock as boto3 names them, and may be empty."""
        self._aws_keys = aws_keys
        self._providers = provider_settings()
        self._keys = {**operator_keys, **self._providers.keys}
        self._default = default

    @property
    def keys(self) -> Mapping[str, str]:
        """The API keys of providers, by their names in the environment."""
        return self._keys

    @property
    def aws_keys(self) -> Mapping[str, str]:
        return self._aws_keys

    def secrets(self) -> dict[str, str]:
        """Every key a model object may hold, by name, to be masked."""
        others = {BEARER: self._providers.aws_bearer_token_bedrock, EMBEDDINGS: self._providers.embeddings_api_key}
        return {**self._keys, **self._aws_keys, **others}

    def environment(self) -> dict[str, str]:
        """Variables from which a project's own model objects take what they need: the default model, and credentials
        that can do nothing but call models of Amazon Bedrock. No key of the operator."""
        named = {"MODEL": self._default} if self._default else {}
        return {**named, **{name.upper(): value for name, value in self._aws_keys.items()}}

    def name_of(self, settings: ModelSettings | None) -> str:
        name = settings.model if settings else self._default
        parsed = parse_model_name(name)
        if parsed is None:
            raise ModelNotAvailable(f"The model {name or '(none)'!r} is not one of a provider we carry.")
        return str(parsed)

    def make(self, settings: ModelSettings | None, *, max_tokens: int | None = None) -> Any:
        """A model object of CrewAI; `max_tokens` is an agent's own limit of an answer. Raises `ModelNotAvailable`."""
        name = self.name_of(settings)
        provider = name.partition("/")[0]
        wanted = settings or ModelSettings(model=name)
        arguments: dict[str, Any] = {
            field: value for field in _CARRIED if (value := getattr(wanted, field)) is not None
        }
        if max_tokens and wanted.max_completion_tokens is None:
            arguments["max_tokens"] = min(max_tokens, wanted.max_tokens or max_tokens)
        if provider == "openai":
            arguments |= {field: value for field in _OPENAI_ONLY if (value := getattr(wanted, field)) is not None}
        if provider in KEYS:
            key = self._keys.get(KEYS[provider])
            if not key:
                raise ModelNotAvailable(f"There is no key for {provider}: the operator has not set {KEYS[provider]}.")
            arguments["api_key"] = key
            arguments["timeout"] = wanted.timeout or CALL_SECONDS
        if provider == BEDROCK:
            arguments |= self._aws_keys
        if provider == "openai" and self._providers.openai_base_url:
            arguments["base_url"] = self._providers.openai_base_url
        made: Any = LLM(model=name, **arguments)
        keep_texts_valid(made)
        # The agents that CrewAI makes by itself (manager, planner, guardrail) have their tokens counted before each
        # call, by a request to the provider. CrewAI's own estimate takes its place.
        object.__setattr__(made, "get_input_tokens_count", partial(BaseLLM.get_input_tokens_count, made))
        if made.get_context_window_size() == UNKNOWN_WINDOW:
            object.__setattr__(made, "is_context_window_overflowing_threshold", _never)
        if provider == BEDROCK:
            tell_of_long_conversations(made)
        return made


def _never(*_arguments: Any, **_named: Any) -> bool:
    """A model that CrewAI's catalogue lacks counts there as one of 8,192 tokens, so conversations that fit would be
    summarized, at a cost. Here only the provider's own refusal counts."""
    return False


def needs_aws_keys(crew: CrewDefinition, default: str, default_embedder: str) -> bool:
    """Whether a model of this crew, embedding models included, asks for credentials of AWS: one of Bedrock does, unless
    the operator has an API key for it."""
    if provider_settings().aws_bearer_token_bedrock:
        return False
    names = [settings.model for _, settings in model_settings(crew)]
    embedders = [name or default_embedder for _, name in embedders_of(crew)]
    parsed = [parse_model_name(name) for name in [*names, default, *embedders]]
    return any(one is not None and one.provider == BEDROCK for one in parsed)


def longest_call(crew: CrewDefinition, default: str) -> float:
    """Seconds that one model call of this crew may take."""
    named = [settings for _, settings in model_settings(crew)]
    seconds = [CALL_SECONDS]
    for settings in [*named, *([ModelSettings(model=default)] if default else [])]:
        parsed = parse_model_name(settings.model)
        is_bedrock = parsed is not None and parsed.provider == BEDROCK
        seconds.append(BEDROCK_CALL_SECONDS if is_bedrock else settings.timeout or CALL_SECONDS)
    return max(seconds)
