"""Paths and vectors of memory."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest
from tests.aws_table import NOW

from stepcrew.domain.memory import (
    EmbedderChanged,
    MemoryRecord,
    RecordTooLarge,
    RootScope,
    ScopeInvalid,
    below,
    child_scopes,
    crew_root,
    is_within,
    keep_until,
    normal_scope,
    root_of,
    scope_part,
)
from stepcrew.domain.vectors import VectorUnusable, pack, unpack

ROOT = RootScope(path="/crews/poets", embedder="openai/small", dimension=3, created_at=NOW)


@pytest.mark.parametrize(
    ("path", "root"),
    [
        ("/shared", "/shared"),
        ("/shared/a/b", "/shared"),
        ("/crews/poets", "/crews/poets"),
        ("/crews/poets/agent/écrivain", "/crews/poets"),
    ],
)
def test_a_path_belongs_to_one_root_scope(path: str, root: str) -> None:
    assert root_of(path) == root


@pytest.mark.parametrize(
    "path", ["", "/", "/crews", "/crews/", "/sharedx", "/other/x", "/crews//x", "/shared/\0", "/shared/" + "x" * 600]
)
def test_what_is_no_path_of_memory_is_refused(path: str) -> None:
    with pytest.raises(ScopeInvalid):
        root_of(path)


def test_empty_parts_of_a_path_count_for_nothing() -> None:
    assert normal_scope("//crews/ poets //x/") == "/crews/poets/x"


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("/", "/crews/poets"),
        ("", "/crews/poets"),
        ("topic", "/crews/poets/topic"),
        ("/crews/poets/a", "/crews/poets/a"),
        ("/crews/poets2/a", "/crews/poets/crews/poets2/a"),
        ("/shared", "/crews/poets/shared"),
        ("/../../x", "/crews/poets/../../x"),
        ("/a\nb", "/crews/poets/a-b"),
    ],
)
def test_whatever_a_crew_writes_stays_below_its_root_scope(scope: str, expected: str) -> None:
    found = below("/crews/poets", scope)
    assert found == expected
    assert root_of(found) == "/crews/poets"


def test_too_long_a_path_is_cut() -> None:
    assert root_of(below("/crews/poets", "x/" * 900)) == "/crews/poets"


def test_crews_have_root_scopes_of_their_own() -> None:
    assert crew_root("poets") == "/crews/poets"
    names = ["My Crew", "my-crew", "My-Crew", "a/b", "a#b", "..", "詩人", "x" * 150, "x" * 151]
    roots = {crew_root(name) for name in names}
    assert len(roots) == len(names)
    assert all(root_of(root) == root for root in roots)
    assert scope_part("") != ""


def test_a_name_that_begins_alike_is_not_within() -> None:
    assert is_within("/shared", "/shared")
    assert is_within("/shared/x", "/shared/")
    assert not is_within("/sharedx", "/shared")


def test_children_are_the_next_parts_of_what_is_there() -> None:
    scopes = ["/shared/b/c", "/shared/a", "/shared", "/shared/b", "/sharedx/y"]
    assert child_scopes(scopes, "/shared") == ["/shared/a", "/shared/b"]


def test_vectors_come_back_as_32_bit_numbers() -> None:
    assert pack([1.0]) == b"\x00\x00\x80\x3f"
    assert unpack(pack([1, -0.5, 3.25])) == [1, -0.5, 3.25]


@pytest.mark.parametrize("numbers", [[], [0, 0], [math.nan], [math.inf], [1e300], ["x"], [1] * 9000])
def test_what_is_no_vector_is_refused(numbers: list[float]) -> None:
    with pytest.raises(VectorUnusable):
        pack(numbers)


def test_another_embedding_model_is_an_error_that_says_what_to_do() -> None:
    ROOT.check("openai/small", 3)
    for embedder, dimension in (("openai/small", 4), ("openai/large", 3)):
        with pytest.raises(EmbedderChanged) as raised:
            ROOT.check(embedder, dimension)
        assert "openai/small" in raised.value.remedy


def test_a_root_scope_moves_to_another_model_and_no_generation_is_of_two() -> None:
    assert ROOT.moving_to("openai/small") == ROOT
    large = ROOT.moving_to("openai/large")
    assert large.moving_to("openai/large") == large
    assert (large.embedder, large.generation) == ("openai/small", 0), "Its vectors are the old ones meanwhile."
    other = large.moving_to("bedrock/titan")
    assert large.move
    assert other.move
    assert (large.move.generation, other.move.generation) == (1, 2)
    back = other.moving_to("openai/small")
    assert back.move
    assert (back.move.generation, back.move.embedder) == (0, "openai/small")
    again = back.moving_to("openai/large")
    assert again.move
    assert again.move.generation == 3
    moved = other.moved(1024)
    assert (moved.embedder, moved.dimension, moved.generation) == ("bedrock/titan", 1024, 2)
    assert moved.made != ROOT.made


def test_what_is_written_expires_after_the_least_of_the_days_that_are_set() -> None:
    assert keep_until(NOW, None, 0) is None
    assert keep_until(NOW, 30, 0) == NOW + timedelta(days=30)
    assert keep_until(NOW, 30, 7) == NOW + timedelta(days=7)
    record = MemoryRecord(record_id="r", scope="/shared", content="x", created_at=NOW, updated_at=NOW)
    assert not record.is_expired(NOW + timedelta(days=9999))
    assert record.model_copy(update={"expires_at": NOW}).is_expired(NOW)


def test_a_record_fits_into_an_item() -> None:
    record = MemoryRecord(record_id="r", scope="/shared", content="é" * 200_000, created_at=NOW, updated_at=NOW)
    with pytest.raises(RecordTooLarge):
        record.check_size()
