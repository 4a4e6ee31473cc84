"""What the API stores is recognised here, by a pydantic that prints numbers differently."""

from __future__ import annotations

from stepcrew.domain.submission import fingerprint
from tests.floats import FINGERPRINT, with_floats


def test_a_submission_has_the_fingerprint_that_the_api_computed() -> None:
    assert fingerprint(with_floats()) == FINGERPRINT
