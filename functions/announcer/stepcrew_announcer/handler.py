"""Announces that executions and batches ended, or executions began to wait for a person; gives the slots to the next
ones, and counts the rows of batches and what executions used.

Whatever fails is raised: Lambda then brings the same records again, in order, for as long as the stream keeps them.
"""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from stepcrew.domain.announcement import announcement_of
from stepcrew.domain.execution import Execution, Status
from stepcrew.function_log import function_logger
from stepcrew.function_metrics import FunctionMetrics
from stepcrew.log_context import about
from stepcrew_announcer.changes import changes_in, work_in
from stepcrew_announcer.wiring import announcer

logger = function_logger()
metrics = FunctionMetrics()


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, int]:
    """Safe to repeat: what is told again has the same id. Raises `PlatformUnavailable`."""
    changes = list(changes_in(event, _keep_unreadable))
    # First, for it fails by itself only; what it could not do the sweep does.
    ended_or_wait = [one for one in changes if isinstance(one, Execution)]
    groups = dict.fromkeys(one.group_id for one in ended_or_wait)
    filled = sum(announcer().fill_slots(group_id) for group_id in groups)
    for execution in ended_or_wait:
        with about(group_id=execution.group_id, execution_id=execution.execution_id, attempt=execution.attempt):
            if execution.status.is_terminal:
                announcer().end_row.of_execution(execution)
            logger.info("Status changed", status=execution.status, revision=execution.revision)
    announcer().bus.put([announcement_of(one) for one in changes])
    announcer().tell_work(work_in(event, _keep_unreadable))
    announcer().tell_webhooks(changes)
    # Last: what it needs is kept with the execution, so a delay loses nothing.
    for execution in ended_or_wait:
        if announcer().count_usage([execution]):  # not when it is told again
            _measure(execution)
    told = announcer().watch_budgets.tell(ended_or_wait, announcer().bus, announcer().tell_webhooks)
    metrics.add("BudgetsAnnounced", told)
    metrics.add("ExecutionsWaiting", sum(one.status is Status.WAITING for one in ended_or_wait))
    metrics.add("ChangesAnnounced", len(changes))
    metrics.send()
    return {"announced": len(changes), "filled": filled}


def _measure(execution: Execution) -> None:
    """One that ended. Its lines carry group and crew, so that the log can be searched by them."""
    ended_at = execution.ended_at or execution.updated_at
    metrics.add("Executions", of=execution.status)
    if execution.status is Status.FAILED and execution.error:
        metrics.add("ExecutionFailures", of=execution.error.category)
    metrics.add("ExecutionSeconds", (ended_at - execution.created_at).total_seconds())
    if execution.started_at:
        metrics.add("StartSeconds", (execution.started_at - execution.created_at).total_seconds())
    metrics.add("AttemptsPerExecution", execution.attempt)
    metrics.add("ModelCalls", execution.usage.model_calls)
    metrics.add("Tokens", execution.usage.total_tokens)
    metrics.add("ModelUsd", float(execution.usage.cost_usd or 0))
    about = {"group_id": execution.group_id, "execution_id": execution.execution_id, "crew": execution.crew_name}
    metrics.send(**about)


def _keep_unreadable(record: dict[str, Any]) -> None:
    logger.error("A record of the stream cannot be read", keys=record["dynamodb"].get("Keys"))
    announcer().unreadable.keep(record)
