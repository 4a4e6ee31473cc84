"""Runs behind the other files here: what they found is what docs/reliability.md says."""

from __future__ import annotations

import os

import pytest

from tests.faults.reliability import WRITE, Findings

pytestmark = pytest.mark.faults


def test_the_document_says_what_was_found(findings: Findings) -> None:
    if not findings.is_whole:
        assert not os.environ.get(WRITE), "only a run of all tests can write the document"
        pytest.skip("needs all tests of this file")
    findings.compare()
