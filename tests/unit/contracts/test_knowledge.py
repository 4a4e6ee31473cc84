"""Knowledge, in the table and in the fake."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from stepcrew.aws.knowledge import TableKnowledge
from stepcrew.domain.knowledge import Chunk, Piece
from stepcrew.domain.vectors import pack
from stepcrew.services.knowledge_ports import KnowledgeStore
from tests.aws_table import GROUP, TABLE, emulated_aws
from tests.fakes.knowledge import FakeKnowledge, keep_all

MODEL, OTHER = "openai/text-embedding-3-small", "bedrock/amazon.titan-embed-text-v2:0"
CHUNKS = [Chunk(Piece(f"page {number}", f"Über {number}"), pack([number + 1, 0.5])) for number in range(30)]


@pytest.fixture(params=["adapters", "fakes"])
def knowledge(request: pytest.FixtureRequest) -> Generator[KnowledgeStore]:
    if request.param == "fakes":
        yield FakeKnowledge()
        return
    with emulated_aws() as aws:
        yield TableKnowledge(aws.clients, TABLE)


def test_chunks_come_back_in_order(knowledge: KnowledgeStore) -> None:
    assert not knowledge.has(GROUP, "ab", MODEL)
    assert knowledge.chunks(GROUP, "ab", MODEL) == []
    for _ in range(2):
        keep_all(knowledge, GROUP, "ab", MODEL, CHUNKS)
    assert knowledge.has(GROUP, "ab", MODEL)
    assert knowledge.chunks(GROUP, "ab", MODEL) == CHUNKS


def test_they_belong_to_a_group_a_file_and_a_model(knowledge: KnowledgeStore) -> None:
    keep_all(knowledge, GROUP, "ab", MODEL, CHUNKS)
    for key in (("another", "ab", MODEL), (GROUP, "abc", MODEL), (GROUP, "ab", OTHER)):
        assert not knowledge.has(*key)
        assert knowledge.chunks(*key) == []


def test_forgetting_removes_those_of_every_model_and_of_no_other_file(knowledge: KnowledgeStore) -> None:
    keep_all(knowledge, GROUP, "ab", MODEL, CHUNKS)
    keep_all(knowledge, GROUP, "ab", OTHER, CHUNKS[:3])
    keep_all(knowledge, GROUP, "abc", MODEL, CHUNKS[:2])
    assert knowledge.forget("another", "ab") == 0
    assert knowledge.forget(GROUP, "ab") == 33
    assert knowledge.forget(GROUP, "ab") == 0
    assert not knowledge.has(GROUP, "ab", MODEL)
    assert knowledge.chunks(GROUP, "ab", OTHER) == []
    assert knowledge.chunks(GROUP, "abc", MODEL) == CHUNKS[:2]


def test_what_is_made_in_parts_is_there_when_it_is_finished(knowledge: KnowledgeStore) -> None:
    knowledge.begin(GROUP, "ab", MODEL)
    knowledge.put(GROUP, "ab", MODEL, 0, CHUNKS[:20])
    assert not knowledge.has(GROUP, "ab", MODEL)
    assert knowledge.chunks(GROUP, "ab", MODEL) == CHUNKS[:20]
    knowledge.put(GROUP, "ab", MODEL, 20, CHUNKS[20:])
    knowledge.finish(GROUP, "ab", MODEL, 30)
    knowledge.begin(GROUP, "ab", MODEL)
    assert knowledge.has(GROUP, "ab", MODEL)
    assert knowledge.chunks(GROUP, "ab", MODEL) == CHUNKS


def test_forgetting_removes_what_was_not_finished(knowledge: KnowledgeStore) -> None:
    knowledge.begin(GROUP, "ab", MODEL)
    knowledge.put(GROUP, "ab", MODEL, 0, CHUNKS[:20])
    knowledge.forget(GROUP, "ab")
    assert knowledge.chunks(GROUP, "ab", MODEL) == []
