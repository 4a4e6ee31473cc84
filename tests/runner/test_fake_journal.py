"""The journal in memory, with which the runner is tested, does as the table's."""

from __future__ import annotations

import pytest

from stepcrew.domain.execution import Limits
from tests.journal_contract import NOW, JournalContract, Stored
from tests.runner.fakes import FakeJournal, new_execution


class TestFakeJournal(JournalContract):
    @pytest.fixture
    def stored(self) -> Stored:
        one, other = (new_execution(name, 1, NOW, Limits(), "group-a") for name in ("one", "other"))
        return Stored(FakeJournal(), one, other)
