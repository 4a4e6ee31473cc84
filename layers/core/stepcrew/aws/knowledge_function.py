"""Calls the function that reads files and asks embedding models."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from pydantic import BaseModel

from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import platform_errors
from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.domain.knowledge_requests import (
    EmbeddingRefused,
    EmbedTexts,
    MemoryHits,
    ReadFile,
    ReembedMemory,
    Refused,
    SearchMemory,
    Vectors,
)

SECONDS = 25
"""Less than API Gateway waits for the API."""

Answer = TypeVar("Answer", bound=BaseModel)


class LambdaKnowledge:
    """`KnowledgeWorker` over Lambda."""

    def __init__(self, clients: Clients, function: str) -> None:
        self._clients = clients
        self._function = function

    def read_file(self, request: ReadFile) -> None:
        self._begin("Having the file read", request)

    def embed_texts(self, request: EmbedTexts) -> Vectors:
        return self._ask(request, Vectors)

    def search_memory(self, request: SearchMemory) -> MemoryHits:
        return self._ask(request, MemoryHits)

    def reembed_memory(self, request: ReembedMemory) -> None:
        self._begin("Having the memory embedded again", request)

    def _begin(self, doing: str, request: BaseModel) -> None:
        """Asynchronous: Lambda keeps the request until it was done, or has failed three times."""
        with platform_errors(doing):
            client: Any = self._clients.lambda_
            client.invoke(
                FunctionName=self._function, InvocationType="Event", Payload=request.model_dump_json().encode()
            )

    def _ask(self, request: BaseModel, kind: type[Answer]) -> Answer:
        with platform_errors("Asking the embedding model"):
            client: Any = self._clients.functions(SECONDS)
            answer = client.invoke(FunctionName=self._function, Payload=request.model_dump_json().encode())
            body = answer["Payload"].read()
        if answer.get("FunctionError"):
            raise PlatformUnavailable("The function that asks the embedding model failed.")
        found: dict[str, Any] = json.loads(body)
        if "refused" in found:
            raise EmbeddingRefused(Refused.model_validate(found))
        return kind.model_validate(found)
