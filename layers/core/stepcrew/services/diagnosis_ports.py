"""What a diagnosis reads beside the stores of executions, traces and slots."""

from __future__ import annotations

from typing import Protocol

from stepcrew.domain.diagnosis import Machine, TraceQueueDepth
from stepcrew.domain.trace import LogLine


class MachineHistory(Protocol):
    def history(self, execution_id: str, steps: int) -> Machine | None:
        """The execution's state machine execution, the latest if it was replaced, with up to so many of its last
        steps; None when there is none. No input, no output and no cause is in it."""
        ...


class TraceQueueState(Protocol):
    def depth(self) -> TraceQueueDepth:
        """About how many messages of the stack are there: SQS counts them within a minute."""
        ...


class LastLogs(Protocol):
    def last_logs(self, group_id: str, execution_id: str, limit: int) -> list[LogLine]:
        """Up to `limit` of the last log lines of the execution, oldest first."""
        ...
