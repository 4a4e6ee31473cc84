"""Embedding models of providers: how their vectors are asked for. Nothing of CrewAI is imported here."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from stepcrew.domain.models import ModelName, parse_embedder_name
from stepcrew.domain.vectors import VectorUnusable, pack
from stepcrew.settings import provider_settings
from stepcrew_runner.crew.provider_keys import CALL_SECONDS, KEYS, ModelNotAvailable

_COUNTED = "x-amzn-bedrock-input-token-count"


class Embedded(NamedTuple):
    """What a model answered: a vector for each text, and how many tokens the texts had, as far as it told."""

    numbers: Sequence[Sequence[float]]
    tokens: int | None


Ask = Callable[[list[str]], Embedded]


class EmbeddingKeys(NamedTuple):
    """What requests are made with: keys by their names in the environment, and credentials as boto3 names them."""

    keys: Mapping[str, str]
    aws: Mapping[str, str]


def packed(name: str, texts: Sequence[str], answer: Embedded) -> list[bytes]:
    """The vectors of the texts as they are kept. Raises `VectorUnusable`."""
    if len(answer.numbers) != len(texts):
        raise VectorUnusable(f"{name} answered {len(answer.numbers)} vectors for {len(texts)} texts.")
    made = [pack(numbers) for numbers in answer.numbers]
    if len(set(map(len, made))) > 1:
        raise VectorUnusable(f"{name} answered vectors of different dimensions.")
    return made


def asks(name: str | None, default: str, keys: EmbeddingKeys) -> tuple[str, Ask]:
    """`provider/model` and how its vectors are asked for; `default` is the operator's model, which may have a server of
    its own. Raises `ModelNotAvailable`."""
    parsed = parse_embedder_name(name or default)
    if parsed is None:
        raise ModelNotAvailable(f"The embedding model {name or '(none)'!r} is not one of a provider we carry.")
    if parsed.provider == "bedrock":
        return str(parsed), _bedrock(parsed, keys.aws)
    return str(parsed), _openai(parsed, keys.keys, is_default=parsed == parse_embedder_name(default))


def _openai(name: ModelName, keys: Mapping[str, str], *, is_default: bool) -> Ask:
    """Source: the API reference of OpenAI, "Create embeddings"."""
    providers = provider_settings()
    key, base_url = keys.get(KEYS["openai"]), providers.openai_base_url or None
    if is_default and providers.embeddings_base_url:
        key, base_url = providers.embeddings_api_key or key, providers.embeddings_base_url
    if not key:
        raise ModelNotAvailable(f"There is no key for {name}: the operator has not set {KEYS['openai']}.")

    def ask(texts: list[str]) -> Embedded:
        from openai import OpenAI

        with OpenAI(api_key=key, base_url=base_url, timeout=CALL_SECONDS) as client:
            answer = client.embeddings.create(model=name.model, input=texts, encoding_format="float")
        numbers = [one.embedding for one in sorted(answer.data, key=lambda one: one.index)]
        return Embedded(numbers, answer.usage.prompt_tokens if answer.usage else None)

    return ask


def _bedrock(name: ModelName, aws: Mapping[str, str]) -> Ask:
    """Source: the user guide of Amazon Bedrock, "Amazon Titan Embeddings text" and "Cohere Embed models"."""

    def ask(texts: list[str]) -> Embedded:
        import boto3

        untyped: Any = boto3
        client = untyped.client("bedrock-runtime", region_name=provider_settings().aws_region, **aws)
        tokens: list[int] = []

        def invoke(body: dict[str, Any]) -> Any:
            answer = client.invoke_model(modelId=name.model, body=json.dumps(body))
            tokens.append(int(answer["ResponseMetadata"]["HTTPHeaders"].get(_COUNTED, 0)))
            return json.loads(answer["body"].read())

        if "cohere." in name.model:
            wanted = {"input_type": "search_document", "embedding_types": ["float"]}
            numbers = invoke({"texts": texts, **wanted})["embeddings"]["float"]
        else:
            numbers = [invoke({"inputText": text})["embedding"] for text in texts]
        return Embedded(numbers, sum(tokens) or None)

    return ask
