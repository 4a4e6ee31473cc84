"""What the API stores is recognised here, by a pydantic that prints numbers differently."""

from __future__ import annotations

from stepcrew.domain.proof import hash_of
from stepcrew.domain.submission import fingerprint
from tests.floats import FINGERPRINT, HASH_OF_EVENT, an_event, with_floats


def test_a_submission_has_the_fingerprint_that_the_api_computed() -> None:
    assert fingerprint(with_floats()) == FINGERPRINT


def test_an_event_has_the_hash_that_the_api_computes_from_what_is_stored() -> None:
    assert hash_of(an_event("a" * 64)) == HASH_OF_EVENT
