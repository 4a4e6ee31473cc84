"""Model objects by CrewAI's names. A fresh one for every agent and attempt: CrewAI counts and caches on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

from crewai import LLM, BaseLLM
from crewai.llms.context_window import CONTEXT_WINDOW_USAGE_RATIO, DEFAULT_CONTEXT_WINDOW_SIZE

from stepcrew.domain.connection import connection_of
from stepcrew.domain.definition import CrewDefinition, ModelSettings
from stepcrew.domain.models import parse_model_name
from stepcrew.domain.parts import embedders_of, model_settings
from stepcrew.settings import provider_settings
from stepcrew_runner.crew.fallbacks import ask_in_turn
from stepcrew_runner.crew.provider_keys import BEARER, CALL_SECONDS, EMBEDDINGS, KEYS, ModelNotAvailable
from stepcrew_runner.crew.seams import tell_of_long_conversations
from stepcrew_runner.crew.valid_texts import keep_texts_valid
from stepcrew_runner.trace.kinds import MODEL_NAME

BEDROCK_CALL_SECONDS = 300.0
"""CrewAI's own, which it lets nobody set."""
UNKNOWN_WINDOW = int(DEFAULT_CONTEXT_WINDOW_SIZE * CONTEXT_WINDOW_USAGE_RATIO)
BEDROCK = "bedrock"
NO_KEY = "no-key-is-needed"
"""For a connection that wants none: the clients of providers do not start without."""
_CARRIED = ("temperature", "top_p", "max_tokens", "frequency_penalty", "presence_penalty", "stop", "seed")
_OPENAI_ONLY = ("max_completion_tokens", "reasoning_effort")


class Connection(NamedTuple):
    """Where models of a connection are asked, and with which key; empty where its secret is not there."""

    provider: str
    base_url: str
    key: str
    fallbacks: Sequence[str] = ()


Connections = Mapping[str, Connection]


class ModelFactory:
    """Makes models with the operator's keys, and models of connections with theirs. Other endpoints come from the
    operator's environment alone."""

    def __init__(
        self,
        operator_keys: Mapping[str, str],
        default: str,
        aws_keys: Mapping[str, str],
        connections: Connections = MappingProxyType({}),
    ) -> None:
        """`aws_keys` are credentials for models of Amazon Bedrock as boto3 names them, and may be empty."""
        self._aws_keys = aws_keys
        self._connections = connections
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
        others |= {f"CONNECTION_{name}": one.key for name, one in self._connections.items() if one.key != NO_KEY}
        return {**self._keys, **self._aws_keys, **others}

    def environment(self) -> dict[str, str]:
        """Variables from which a project's own model objects take what they need: the default model, and credentials
        that can do nothing but call models of Amazon Bedrock. No key of the operator."""
        named = {"MODEL": self._default} if self._default else {}
        return {**named, **{name.upper(): value for name, value in self._aws_keys.items()}}

    def name_of(self, settings: ModelSettings | None) -> str:
        name = settings.model if settings else self._default
        if connection_of(name) in self._connections:
            return name.strip()
        parsed = parse_model_name(name)
        if parsed is None:
            raise ModelNotAvailable(f"The model {name or '(none)'!r} is not one of a provider or connection we carry.")
        return str(parsed)

    def _key_of(self, provider: str) -> str:
        key = self._keys.get(KEYS[provider])
        if not key:
            raise ModelNotAvailable(f"There is no key for {provider}: the operator has not set {KEYS[provider]}.")
        return key

    def make(self, settings: ModelSettings | None, *, max_tokens: int | None = None, sees: bool = False) -> Any:
        """A model object of CrewAI, which asks its fallbacks where it has some; `max_tokens` is an agent's own limit of
        an answer, and `sees` that its models are shown files whatever CrewAI knows of them. Raises
        `ModelNotAvailable`."""
        wanted = settings or ModelSettings(model=self._default)
        if wanted.fallbacks is None and (connection := self._connections.get(connection_of(wanted.model) or "")):
            wanted = wanted.model_copy(update={"fallbacks": connection.fallbacks})
        models = [self._make(one, max_tokens) for one in (wanted, *wanted.in_turn)]
        for model in models if sees else ():
            object.__setattr__(model, "supports_multimodal", _always)
        return ask_in_turn(models) if len(models) > 1 else models[0]

    def _make(self, wanted: ModelSettings, max_tokens: int | None) -> Any:
        name = self.name_of(wanted)
        provider, _, model = name.partition("/")
        connection = self._connections.get(provider)
        if connection:
            provider = connection.provider
        arguments: dict[str, Any] = {
            field: value for field in _CARRIED if (value := getattr(wanted, field)) is not None
        }
        if max_tokens and wanted.max_completion_tokens is None:
            arguments["max_tokens"] = min(max_tokens, wanted.max_tokens or max_tokens)
        if provider == "openai":
            arguments |= {field: value for field in _OPENAI_ONLY if (value := getattr(wanted, field)) is not None}
        if provider in KEYS:
            arguments["api_key"] = connection.key if connection else self._key_of(provider)
            arguments["timeout"] = wanted.timeout or CALL_SECONDS
        if provider == BEDROCK:
            arguments |= self._aws_keys
        if connection:
            arguments |= {"provider": provider, "base_url": connection.base_url}
        elif provider == "openai" and self._providers.openai_base_url:
            arguments["base_url"] = self._providers.openai_base_url
        made: Any = LLM(model=model if connection else name, **arguments)
        object.__setattr__(made, MODEL_NAME, name)
        keep_texts_valid(made)
        # The agents that CrewAI makes by itself (manager, planner, guardrail) have their tokens counted before each
        # call, by a request to the provider. CrewAI's own estimate takes its place.
        object.__setattr__(made, "get_input_tokens_count", partial(BaseLLM.get_input_tokens_count, made))
        if made.get_context_window_size() == UNKNOWN_WINDOW:
            object.__setattr__(made, "is_context_window_overflowing_threshold", _never)
        if provider == BEDROCK:
            tell_of_long_conversations(made)
        return made


def _always() -> bool:
    return True


def _never(*_arguments: Any, **_named: Any) -> bool:
    """A model that CrewAI's catalogue lacks counts there as one of 8,192 tokens, so conversations that fit would be
    summarized, at a cost. Here only the provider's own refusal counts."""
    return False


def needs_aws_keys(crew: CrewDefinition, default: str, default_embedder: str, connected: Connections) -> bool:
    """Whether a model of this crew asks for credentials of AWS, embedding models and fallbacks of connections included:
    one of Bedrock does, unless the operator has an API key for it."""
    if provider_settings().aws_bearer_token_bedrock:
        return False
    names = [settings.model for _, settings in model_settings(crew)]
    embedders = [name or default_embedder for _, name in embedders_of(crew)]
    fallbacks = [name for one in connected.values() for name in one.fallbacks]
    parsed = [parse_model_name(name) for name in [*names, default, *embedders, *fallbacks]]
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
