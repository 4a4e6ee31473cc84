"""What the function that reads files and asks embedding models is asked for, and what it answers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Base64Bytes, BaseModel, Field

from stepcrew.domain.errors import Category, StepcrewError
from stepcrew.domain.memory import MOST_SCOPE, Backend, MemoryRecord

MOST_TEXTS = 100
"""That are embedded by one request."""
MOST_HITS = 100


class ReadFile(BaseModel):
    """Reads a file of the group and makes its chunks; nothing is done where the name stands for other bytes by now."""

    operation: Literal["read_file"] = "read_file"
    group_id: str
    name: str
    sha256: str


class EmbedTexts(BaseModel):
    """Makes vectors, each text's once: they are kept by the hash of the text. Without an `embedder`, the operator's."""

    operation: Literal["embed_texts"] = "embed_texts"
    group_id: str
    embedder: str | None = None
    texts: Annotated[list[str], Field(max_length=MOST_TEXTS)]


class SearchMemory(BaseModel):
    """Finds the records within a scope whose meaning is closest to the query."""

    operation: Literal["search_memory"] = "search_memory"
    group_id: str
    scope: Annotated[str, Field(max_length=MOST_SCOPE)]
    query: str
    limit: Annotated[int, Field(ge=1, le=MOST_HITS)] = 20


class ReembedMemory(BaseModel):
    """Brings a root scope to the embedding model and the backend that it is on its way to; nothing is done where it is
    not any more."""

    operation: Literal["reembed_memory"] = "reembed_memory"
    group_id: str
    path: str
    embedder: str
    backend: Backend = Backend.TABLE


KnowledgeRequest = Annotated[ReadFile | EmbedTexts | SearchMemory | ReembedMemory, Field(discriminator="operation")]


class Vectors(BaseModel):
    """In the order of the texts, as `stepcrew.domain.memory.pack` makes them."""

    embedder: str
    vectors: list[Base64Bytes]


class MemoryHit(BaseModel):
    """`score` is the cosine of query and record, from 0 to 1."""

    record: MemoryRecord
    score: float


class MemoryHits(BaseModel):
    """The most alike first."""

    hits: list[MemoryHit]


class Refused(BaseModel):
    """In place of an answer: why there is none."""

    refused: str
    category: Category
    remedy: str
    retryable: bool

    @classmethod
    def of(cls, error: StepcrewError) -> Refused:
        return cls(refused=error.message, category=error.category, remedy=error.remedy, retryable=error.retryable)


class EmbeddingRefused(StepcrewError):
    """No vectors were made: the embedding model refuses, is not offered, or its group may not spend more."""

    category = Category.MODEL

    def __init__(self, told: Refused) -> None:
        super().__init__(told.refused, remedy=told.remedy)
        self.category, self.retryable = told.category, told.retryable
