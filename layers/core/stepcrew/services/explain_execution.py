"""Puts together what is known of one execution, and says what happened and what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from stepcrew.domain.diagnosis import MACHINE, QUEUES, Facts, Finding, Machine, Slots
from stepcrew.domain.diagnosis_rules import diagnose, paragraph
from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.domain.execution import Execution
from stepcrew.domain.limits import LimitRules
from stepcrew.services.diagnosis_ports import LastLogs, MachineHistory, TraceQueueState
from stepcrew.services.ports import ApprovalStore, Clock, ExecutionStore, LimitStore, TraceStore
from stepcrew.services.read_limits import LimitsFound, read_limits
from stepcrew.services.read_trace import gaps_of, is_complete
from stepcrew.services.slot_ports import SlotStore

LAST_STEPS = 20
LAST_LINES = 20

Found = TypeVar("Found")


class Explanation(NamedTuple):
    facts: Facts
    findings: list[Finding]
    summary: str


class ExplainExecution:
    """Reads only. Of the stack it tells counts; everything else is of the execution and its group."""

    def __init__(
        self,
        executions: ExecutionStore,
        traces: TraceStore,
        approvals: ApprovalStore,
        slots: SlotStore,
        limits: LimitStore,
        machines: MachineHistory,
        queue: TraceQueueState,
        logs: LastLogs,
        clock: Clock,
    ) -> None:
        self._executions = executions
        self._traces = traces
        self._approvals = approvals
        self._slots = slots
        self._limits = limits
        self._machines = machines
        self._queue = queue
        self._logs = logs
        self._clock = clock

    def __call__(self, group_id: str, execution_id: str) -> Explanation:
        """Raises `ExecutionNotFound`. A state machine or a queue that does not answer is told as such: when something
        is broken, this is what is asked."""
        execution = self._executions.get(group_id, execution_id)
        unread: list[str] = []
        machine = _unless_broken(lambda: self._machine(execution_id), MACHINE, unread)
        queue = _unless_broken(self._queue.depth, QUEUES, unread)
        complete = is_complete(execution)
        gaps = [] if complete else gaps_of(execution, self._traces.recorded_ranges(group_id, execution_id))
        asked = self._approvals.approvals(group_id, execution_id) if execution.approvals else []
        limits = LimitsFound(None) if execution.status.is_terminal else read_limits(self._limits, group_id)
        facts = Facts(
            now=self._clock.now(),
            execution=execution,
            machine=machine,
            queue=queue,
            slots=self._slots_of(execution, limits.rules),
            limits_fault=limits.fault,
            approvals=tuple(one for one in asked if one.is_open),
            gaps=tuple(gaps),
            complete=complete,
            logs=tuple(self._logs.last_logs(group_id, execution_id, LAST_LINES)),
            unread=tuple(unread),
        )
        findings = diagnose(facts)
        return Explanation(facts, findings, paragraph(facts, findings))

    def _machine(self, execution_id: str) -> Machine | None:
        return self._machines.history(execution_id, LAST_STEPS)

    def _slots_of(self, execution: Execution, rules: LimitRules | None) -> Slots | None:
        if rules is None:
            return None
        group_id = execution.group_id
        taken = self._slots.taken(group_id)
        records = self._slots.records(group_id, list(taken.values()))
        positions = self._slots.positions(group_id)
        return Slots(
            running=sum(one.holds_slot for one in records.values()),
            may_run=rules.running_executions,
            waiting=len(positions),
            position=positions.get(execution.execution_id),
            open=self._executions.count_open(group_id, rules.open_executions),
            may_be_open=rules.open_executions,
        )


def _unless_broken(read: Callable[[], Found], part: str, unread: list[str]) -> Found | None:
    try:
        return read()
    except PlatformUnavailable:
        unread.append(part)
        return None
