"""Every metric that the functions send, in one place. A metric costs by each hour in which it is sent, once for each of
the values of its dimension: so these are few and known here, and nothing is sent that is zero.

What would have a value for each group, crew, user, agent or tool is no dimension: the group's usage has those sums
(`GET /usage`), and the line of each ended execution carries group and crew, which Logs Insights can group by.
"""

from __future__ import annotations

from typing import NamedTuple

from stepcrew.domain.errors import Category
from stepcrew.domain.execution import TERMINAL

EXECUTION, PERFORMANCE, BUSINESS = "execution", "performance", "business"
OTHER = "other"
RESOURCES = (
    *("amp", "approvals", "audit", "batches", "budgets", "connections", "crews", "decide"),
    *("decision-links", "erasures", "executions", "files", "groups", "health", "hooks", "inbox", "mcp", "me"),
    *("memory", "operator", "prices", "projects", "schema", "secrets", "tools", "triggers"),
    *("usage", "users", "webhooks"),
    OTHER,
)
"""First segments of the API's paths."""
OUTCOMES = ("CANCELLED", "COMPLETED", "CONTINUE", "FAILED", "PARKED", "SUPERSEDED")
"""Of attempts; CONTINUE is a slice that handed over."""


class Metric(NamedTuple):
    """`service` is the function that sends it, `values` those of its `dimension`, if it has one beside the service."""

    group: str
    service: str
    unit: str
    what: str
    dimension: str = ""
    values: tuple[str, ...] = ()

    @property
    def series(self) -> int:
        """How many metrics CloudWatch makes of it at most."""
        return max(1, len(self.values))


METRICS: dict[str, Metric] = {
    "Executions": Metric(
        EXECUTION, "announcer", "Count", "executions that ended", "status", tuple(sorted(one.value for one in TERMINAL))
    ),
    "ExecutionFailures": Metric(
        *(EXECUTION, "announcer", "Count", "executions that failed, by the category of their error"),
        *("category", tuple(sorted(one.value for one in Category))),
    ),
    "ExecutionsWaiting": Metric(EXECUTION, "announcer", "Count", "executions that began to wait for a person"),
    "ExecutionSeconds": Metric(EXECUTION, "announcer", "Seconds", "from the submission to the end"),
    "StartSeconds": Metric(EXECUTION, "announcer", "Seconds", "from the submission to the start: queue and capacity"),
    "AttemptsPerExecution": Metric(EXECUTION, "announcer", "Count", "attempts that an ended execution took"),
    "ChangesAnnounced": Metric(EXECUTION, "announcer", "Count", "changes told to the event bus"),
    "ExecutionsBegun": Metric(EXECUTION, "runner", "Count", "executions whose first attempt began"),
    "ExecutionsStarted": Metric(EXECUTION, "reconciler", "Count", "lost starts that the sweep made up for"),
    "SlotsFilled": Metric(EXECUTION, "reconciler", "Count", "free slots that the announcer had not given"),
    "StateMachinesReplaced": Metric(EXECUTION, "reconciler", "Count", "state machine executions started anew"),
    "StateMachinesWoken": Metric(EXECUTION, "reconciler", "Count", "decisions that a state machine had not heard of"),
    "ExecutionsEnded": Metric(EXECUTION, "reconciler", "Count", "executions that nobody else would have ended"),
    "ExecutionsNotReconciled": Metric(
        EXECUTION, "reconciler", "Count", "executions whose repair failed; the log says why"
    ),
    "ExecutionsStuck": Metric(EXECUTION, "reconciler", "Count", "PENDING for five minutes, though they have a slot"),
    "SweepsCutShort": Metric(EXECUTION, "reconciler", "Count", "sweeps that ran out of time"),
    "ErasuresCompleted": Metric(BUSINESS, "reconciler", "Count", "erasures of which nothing is left to remove"),
    "ExecutionsQueued": Metric(EXECUTION, "reconciler", "Count", "wait for a slot for a minute (with `MonitorQueues`)"),
    "OldestQueuedSeconds": Metric(
        EXECUTION, "reconciler", "Seconds", "the longest of these waits (with `MonitorQueues`)"
    ),
    "Responses": Metric(
        PERFORMANCE, "api", "Count", "answers, by class of status", "class", ("2xx", "3xx", "4xx", "5xx")
    ),
    "ApiMilliseconds": Metric(
        PERFORMANCE, "api", "Milliseconds", "time of a request inside the function", "resource", RESOURCES
    ),
    "ColdStarts": Metric(PERFORMANCE, "api", "Count", "processes that were started for a request"),
    "TraceLag": Metric(PERFORMANCE, "trace_sink", "Seconds", "from an event to its record: the oldest of a message"),
    "MessagesPerBatch": Metric(PERFORMANCE, "trace_sink", "Count", "messages that the sink got at once"),
    "TraceMessagesDelivered": Metric(PERFORMANCE, "trace_sink", "Count", "messages that came, repeated ones too"),
    "TraceEventsRecorded": Metric(PERFORMANCE, "trace_sink", "Count", "events stored"),
    "TraceMessagesRefused": Metric(PERFORMANCE, "trace_sink", "Count", "messages of senders they are not about"),
    "Attempts": Metric(PERFORMANCE, "runner", "Count", "attempts that ended, by outcome", "outcome", OUTCOMES),
    "AttemptSeconds": Metric(PERFORMANCE, "runner", "Seconds", "time of an attempt"),
    "ReadyMilliseconds": Metric(
        PERFORMANCE, "runner", "Milliseconds", "time until a new process was ready: cold starts"
    ),
    "MemoryUsed": Metric(PERFORMANCE, "runner", "Megabytes", "most memory that the process has used"),
    "DeliveriesSettled": Metric(
        PERFORMANCE, "webhook_sender", "Count", "deliveries of webhooks that need no more tries"
    ),
    "DeliveriesPutOff": Metric(PERFORMANCE, "webhook_sender", "Count", "deliveries that failed and are tried again"),
    "MessagesUnreadable": Metric(PERFORMANCE, "webhook_sender", "Count", "messages that are no announcements"),
    "SpansExported": Metric(PERFORMANCE, "exporter", "Count", "spans that the operator's collector took"),
    "SpansRejected": Metric(PERFORMANCE, "exporter", "Count", "spans that it left out of what it took"),
    "ExportsPutOff": Metric(PERFORMANCE, "exporter", "Count", "exports that failed and are tried again"),
    "ModelCalls": Metric(BUSINESS, "announcer", "Count", "model calls of an ended execution"),
    "Tokens": Metric(BUSINESS, "announcer", "Count", "tokens of an ended execution"),
    "ModelUsd": Metric(BUSINESS, "announcer", "None", "US dollars for its model calls, where the price is known"),
    "BudgetsAnnounced": Metric(BUSINESS, "announcer", "Count", "budgets of which 80 % or 100 % was spent"),
    "AgentSeconds": Metric(
        BUSINESS, "trace_sink", "Seconds", "work of agents: beside `AttemptSeconds`, how busy they are"
    ),
    "ToolCalls": Metric(BUSINESS, "trace_sink", "Count", "tool calls that ended"),
    "ToolFailures": Metric(BUSINESS, "trace_sink", "Count", "tool calls that failed"),
    "ModelFailures": Metric(BUSINESS, "trace_sink", "Count", "model calls that failed"),
}
