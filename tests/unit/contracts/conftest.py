"""Every test here runs against the adapters over an emulated AWS and against the fakes: both keep the same rules."""

from __future__ import annotations

from collections.abc import Generator
from typing import NamedTuple

import pytest

from stepcrew.domain.execution import Execution
from stepcrew.services.ports import ApprovalStore, ExecutionStore, JournalStore, PayloadStore, TaskOutputStore
from tests.aws_table import GROUP, ID, NOW, emulated_aws, execution, submission
from tests.runner.fakes import FakeApprovals, FakeClock, FakeExecutions, FakeJournal, FakePayloads, FakeTaskOutputs


class Stores(NamedTuple):
    executions: ExecutionStore
    tasks: TaskOutputStore
    approvals: ApprovalStore
    journal: JournalStore
    payloads: PayloadStore

    def pending(self) -> Execution:
        self.executions.create(execution(), submission(), None)
        return self.executions.get(GROUP, ID)

    def running(self) -> Execution:
        self.pending()
        return self.executions.begin_attempt(GROUP, ID, NOW)


@pytest.fixture(params=["adapters", "fakes"])
def stores(request: pytest.FixtureRequest) -> Generator[Stores]:
    if request.param == "fakes":
        executions = FakeExecutions(FakeClock())
        yield Stores(executions, FakeTaskOutputs(executions), FakeApprovals(executions), FakeJournal(), FakePayloads())
        return
    with emulated_aws() as aws:
        yield Stores(aws.executions, aws.tasks, aws.approvals, aws.journal, aws.payloads)
