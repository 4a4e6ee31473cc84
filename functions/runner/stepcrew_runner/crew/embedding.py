"""Vectors of texts: those that were made already, and the others by a request that passes the gate."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from stepcrew.domain.errors import Category, ExecutionError
from stepcrew.domain.memory import VectorUnusable, content_hash, pack, unpack
from stepcrew.domain.models import ModelName, parse_embedder_name
from stepcrew.services.memory_ports import VectorStore
from stepcrew.settings import provider_settings
from stepcrew_runner.crew.failures import model_failure
from stepcrew_runner.crew.group_stores import asked, ended_by
from stepcrew_runner.crew.models import CALL_SECONDS, KEYS, ModelNotAvailable
from stepcrew_runner.gate import scope
from stepcrew_runner.gate.companions import Companions

MOST_TEXTS = 100
"""Of one request."""

Ask = Callable[[list[str]], list[list[float]]]


class EmbeddingKeys(NamedTuple):
    """What requests are made with: keys by their names in the environment, and credentials as boto3 names them."""

    keys: Mapping[str, str]
    aws: Mapping[str, str]


class Embedder:
    """What CrewAI's memory calls for vectors, in the order of the texts.

    A failure ends the attempt: CrewAI would go on without memory, and what a task should have remembered would be lost
    without a word."""

    def __init__(self, name: str, companions: Companions, vectors: VectorStore, ask: Ask) -> None:
        """`name` is `provider/model`."""
        self.name = name
        self._companions = companions
        self._vectors = vectors
        self._ask = ask

    def __call__(self, texts: list[str]) -> list[list[float]]:
        hashes = [content_hash(text) for text in texts]
        found = self._known(sorted(set(hashes)))
        missing = {one: text for one, text in zip(hashes, texts, strict=True) if one not in found}
        found |= dict(zip(missing, self.made(list(missing.values())), strict=True))
        if missing:
            self._keep({one: found[one] for one in missing})
        return [unpack(found[one]) for one in hashes]

    def _known(self, hashes: list[str]) -> dict[str, bytes]:
        def read(_key: object) -> dict[str, str]:
            known = self._vectors.vectors(self._companions.execution.group_id, self.name, hashes)
            return {one: base64.b64encode(vector).decode() for one, vector in known.items()}

        found = asked(self._companions, "vectors", [self.name, hashes], read)
        return {one: base64.b64decode(vector) for one, vector in found.items()}

    def _keep(self, vectors: dict[str, bytes]) -> None:
        def write(_key: object) -> None:
            now = self._companions.clock.now()
            self._vectors.keep_vectors(self._companions.execution.group_id, self.name, vectors, now=now)

        asked(self._companions, "keep_vectors", [self.name, sorted(vectors)], write)

    def made(self, texts: list[str]) -> list[bytes]:
        """New ones, as they are kept, whatever was made before."""
        return [
            vector
            for start in range(0, len(texts), MOST_TEXTS)
            for vector in self._made(texts[start : start + MOST_TEXTS])
        ]

    def _made(self, texts: list[str]) -> list[bytes]:
        try:
            answer = self._ask(texts)
            if len(answer) != len(texts):
                raise VectorUnusable(f"{self.name} answered {len(answer)} vectors for {len(texts)} texts.")
            made = [pack(numbers) for numbers in answer]
            if len(set(map(len, made))) > 1:
                raise VectorUnusable(f"{self.name} answered vectors of different dimensions.")
        except Exception as error:
            raise self._failed(error) from error
        return made

    def _failed(self, error: Exception) -> BaseException:
        text = self._companions.redactor.text(str(error))
        task = scope.current_task()
        explained = model_failure(error, text, task) or ExecutionError(
            category=Category.MODEL,
            type="EmbeddingFailed",
            message=f"The embedding model {self.name} made no vectors: {text[:500]}",
            remedy="Look whether the embedding model can be reached, or choose another embedder.",
            task=task,
        )
        return ended_by(self._companions, explained)


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

    def ask(texts: list[str]) -> list[list[float]]:
        from openai import OpenAI

        with OpenAI(api_key=key, base_url=base_url, timeout=CALL_SECONDS) as client:
            answer = client.embeddings.create(model=name.model, input=texts, encoding_format="float")
        return [one.embedding for one in sorted(answer.data, key=lambda one: one.index)]

    return ask


def _bedrock(name: ModelName, aws: Mapping[str, str]) -> Ask:
    """Source: the user guide of Amazon Bedrock, "Amazon Titan Embeddings text" and "Cohere Embed models"."""

    def ask(texts: list[str]) -> list[list[float]]:
        import boto3

        untyped: Any = boto3
        client = untyped.client("bedrock-runtime", region_name=provider_settings().aws_region, **aws)

        def invoke(body: dict[str, Any]) -> Any:
            return json.loads(client.invoke_model(modelId=name.model, body=json.dumps(body))["body"].read())

        if "cohere." in name.model:
            wanted = {"input_type": "search_document", "embedding_types": ["float"]}
            return invoke({"texts": texts, **wanted})["embeddings"]["float"]
        return [invoke({"inputText": text})["embedding"] for text in texts]

    return ask
