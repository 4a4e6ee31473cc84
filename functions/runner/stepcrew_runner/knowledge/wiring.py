"""Puts the function together: its sessions once per process, and what reaches a group's data for each request."""

from __future__ import annotations

import base64
from functools import lru_cache
from uuid import uuid4

from stepcrew.aws.attempt_sessions import GroupSessions, take_own_keys
from stepcrew.aws.files import BucketFiles
from stepcrew.aws.indexed_memory import memory_of
from stepcrew.aws.knowledge import TableKnowledge
from stepcrew.aws.prices import TablePrices
from stepcrew.aws.secrets import ParameterSecrets
from stepcrew.aws.usage import TableUsage
from stepcrew.clock import SystemClock
from stepcrew.domain.errors import PlatformUnavailable, StepcrewError
from stepcrew.domain.knowledge_requests import EmbedTexts, KnowledgeRequest, ReadFile, ReembedMemory, Refused, Vectors
from stepcrew.settings import provider_settings, settings
from stepcrew.wiring import watch_budgets
from stepcrew_runner.crew.embedding_models import EmbeddingKeys
from stepcrew_runner.knowledge.reading import ReadGroupFile
from stepcrew_runner.knowledge.reembedding import ReembedScope
from stepcrew_runner.knowledge.searching import SearchGroupMemory
from stepcrew_runner.knowledge.vectors import GroupVectors, Money


@lru_cache(maxsize=1)
def sessions() -> GroupSessions:
    return GroupSessions(take_own_keys(), settings().knowledge_role_arn, vectors=bool(settings().vector_bucket_name))


def answer(request: KnowledgeRequest, invocation: str) -> dict[str, object]:
    """As JSON. Raises `PlatformUnavailable`, and what a file may be read again for."""
    configured, clock, group_id = settings(), SystemClock(), request.group_id
    session = sessions().begin(group_id)
    clients, table = sessions().clients(session), configured.table_name
    memory = memory_of(configured, clients)

    def keys() -> EmbeddingKeys:
        operators = ParameterSecrets(clients, configured.secrets_prefix).operator_secrets()
        aws = {} if provider_settings().aws_bearer_token_bedrock else session.as_arguments
        return EmbeddingKeys({**operators, **provider_settings().keys}, aws)

    budgets = watch_budgets(configured, clients)
    money = Money(TablePrices(clients, table), TableUsage(clients, table), budgets, lambda: uuid4().hex)
    vectors = GroupVectors(group_id, configured.default_embedder, keys, memory, money, clock)
    if isinstance(request, ReadFile):
        files = BucketFiles(clients, table, configured.bucket_name)
        ReadGroupFile(files, TableKnowledge(clients, table), vectors, clock)(request, invocation)
        return {}
    if isinstance(request, ReembedMemory):
        ReembedScope(memory, vectors)(request)
        return {}
    try:
        if isinstance(request, EmbedTexts):
            name = vectors.name(request.embedder)
            made = [base64.b64encode(one) for one in vectors.kept(name, request.texts)]
            return Vectors(embedder=name, vectors=made).model_dump(mode="json")
        return SearchGroupMemory(memory, vectors, clock)(request).model_dump(mode="json")
    except PlatformUnavailable:
        raise
    except StepcrewError as error:
        return Refused.of(error).model_dump(mode="json")
