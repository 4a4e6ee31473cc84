"""Handles what no other function can: failures outside the runner, task tokens, waits that end, executions that got
stuck."""

from __future__ import annotations

from collections.abc import Mapping

from aws_lambda_powertools.utilities.typing import LambdaContext

from stepcrew.domain.errors import ExecutionNotFound
from stepcrew.domain.stack_state import SweepState
from stepcrew.function_log import function_logger
from stepcrew.function_metrics import FunctionMetrics
from stepcrew.log_context import about
from stepcrew.services.reconcile_execution import Action
from stepcrew.services.record_failure import DELETED, Failure
from stepcrew.settings import settings
from stepcrew_reconciler.events import (
    EVENT,
    AbnormalEnd,
    ExpiredWait,
    FailedExecution,
    OfOne,
    Reference,
    Tick,
    WaitingMachine,
)
from stepcrew_reconciler.wiring import reconciler

SPARE_MILLISECONDS = 20_000
"""So much of the invocation's time is left when a sweep ends: enough for the execution it is at."""
METRICS = {
    Action.STARTED: "ExecutionsStarted",
    Action.REPLACED: "StateMachinesReplaced",
    Action.WOKEN: "StateMachinesWoken",
    Action.FILLED: "SlotsFilled",
    Action.ENDED: "ExecutionsEnded",
}

logger = function_logger()
metrics = FunctionMetrics()


@logger.inject_lambda_context
def handler(event: dict[str, object], context: LambdaContext) -> dict[str, object]:
    """Safe to repeat. Raises ValidationError for an event it does not know."""
    known = EVENT.validate_python(event)
    if isinstance(known, Tick):
        return dict(_sweep(context))
    reference = known.detail.input if isinstance(known, AbnormalEnd) else known
    keys = {name: getattr(reference, name, None) for name in ("group_id", "execution_id", "batch_id")}
    with about(**keys):
        return dict(_handle(known))


def _handle(event: OfOne) -> Mapping[str, object]:
    match event:
        case FailedExecution():
            return {"outcome": _record_failure(event)}
        case WaitingMachine():
            return {"kept": reconciler().keep_token(event.group_id, event.execution_id, event.task_token)}
        case ExpiredWait():
            return {"outcome": _expire(event)}
        case AbnormalEnd():
            return _reconcile(event)


def _record_failure(event: FailedExecution) -> str:
    failure = Failure(event.failure.error, event.failure.cause)
    return reconciler().record_failure(event.group_id, event.execution_id, failure)


def _expire(event: ExpiredWait) -> str:
    try:
        return reconciler().decide_approval.nobody(event.group_id, event.execution_id).status.value
    except ExecutionNotFound:
        return DELETED


def _reconcile(event: AbnormalEnd) -> Mapping[str, object]:
    reference = event.detail.input
    if isinstance(reference, Reference):
        action = reconciler().reconcile(reference.group_id, reference.execution_id)
    else:
        action = reconciler().reconcile_batch(reference.group_id, reference.batch_id)
    logger.warning(
        "State machine execution ended abnormally",
        extra={"status": event.detail.status, "action": action},
    )
    _publish({METRICS[action]: 1} if action in METRICS else {})
    return {"action": action}


def _sweep(context: LambdaContext) -> Mapping[str, object]:
    def has_time() -> bool:
        return context.get_remaining_time_in_millis() > SPARE_MILLISECONDS

    swept, batches = reconciler().sweep(has_time), reconciler().reconcile_batch.sweep(has_time)
    erased = reconciler().erasures.sweep(has_time)  # last: everybody else waits for less
    actions, failures = swept.actions + batches.actions, swept.failures + batches.failures
    cut_short = swept.cut_short or batches.cut_short
    done = {METRICS[action]: number for action, number in actions.items() if action in METRICS}
    queued = {"ExecutionsQueued": swept.queued, "OldestQueuedSeconds": swept.oldest_queued.total_seconds()}
    _publish(
        {
            **(done | {"ExecutionsNotReconciled": failures, "SweepsCutShort": int(cut_short)}),
            "ErasuresCompleted": erased,
            "ExecutionsStuck": swept.stuck,
            **(queued if settings().monitor_queues else {}),
        }
    )
    told = {action.value: number for action, number in actions.items()}
    state = SweepState(at=reconciler().clock.now(), actions=told, failures=failures, cut_short=cut_short)
    reconciler().sweeps.keep(state)
    answer = {"actions": dict(actions), "failures": failures, "cut_short": cut_short, "erased": erased}
    if actions or failures or cut_short or erased:
        logger.info("Swept", extra=answer)
    return answer


def _publish(counts: Mapping[str, float]) -> None:
    for name, value in counts.items():
        metrics.add(name, value)
    metrics.send()
