"""Hashes of trace events are the same wherever they are made, and whatever way the event has come."""

from __future__ import annotations

import json

import pytest
from tests.aws_table import NOW
from tests.floats import HASH_OF_EVENT, an_event

from stepcrew.domain.proof import Chain, hash_of
from stepcrew.domain.trace import TraceEvent
from stepcrew_cli.verifying import hash_of as hash_by_the_command_line


@pytest.mark.parametrize("of_the_queue", [True, False], ids=["queue", "table"])
def test_an_event_keeps_its_hash_through_the_queue_and_the_table(of_the_queue: bool) -> None:
    event = an_event("a" * 64)
    text = event.model_dump_json(exclude_none=of_the_queue, exclude_defaults=not of_the_queue)
    came = TraceEvent.model_validate_json(text)
    assert hash_of(event) == hash_of(came) == HASH_OF_EVENT
    assert hash_of(came.model_copy(update={"recorded_at": NOW})) == HASH_OF_EVENT


def test_the_command_line_makes_the_same_hash_of_a_line() -> None:
    line = an_event("a" * 64).model_copy(update={"recorded_at": NOW}).model_dump_json(exclude_defaults=True)
    assert hash_by_the_command_line(json.loads(line)) == HASH_OF_EVENT


def test_each_record_of_a_chain_has_the_hash_of_the_one_before() -> None:
    chain = Chain()
    first = chain.following(an_event("b" * 64))
    chain.accept(first)
    second = chain.following(an_event(None), sequence=3)
    assert (first.previous, second.previous, second.sequence) == (None, hash_of(first), 3)
    assert (chain.head, chain.length) == (hash_of(first), 1)
    chain.accept(second)
    assert (chain.head, chain.length) == (hash_of(second), 2)
