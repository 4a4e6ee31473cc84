"""The Lambda handler of the runner: one invocation is one attempt of one execution."""

from __future__ import annotations

import time

_LOADING_SINCE = time.monotonic()

from stepcrew_runner.isolation import environment, loading  # noqa: E402

environment.prepare()

import logging  # noqa: E402 - CrewAI may be imported only after `prepare`
import resource  # noqa: E402

from aws_lambda_powertools.utilities.typing import LambdaContext  # noqa: E402
from awslambdaric.lambda_runtime_client import LambdaRuntimeClient  # noqa: E402
from pydantic import BaseModel  # noqa: E402

from stepcrew.function_log import function_logger  # noqa: E402
from stepcrew.function_metrics import FunctionMetrics  # noqa: E402
from stepcrew.log_context import about, correlate  # noqa: E402
from stepcrew_runner import wiring  # noqa: E402
from stepcrew_runner.isolation.addresses import trusted  # noqa: E402
from stepcrew_runner.isolation.process import Renewal, replacement  # noqa: E402

# What the core says while a crew runs belongs into the execution's own log, as what libraries say does (trace/logs.py).
logger, metrics = function_logger(with_core=False), FunctionMetrics()
for _writer in logging.getLogger().handlers:  # Lambda's own: what is said outside of executions
    _writer.setFormatter(logger.registered_formatter)
    correlate(_writer)
renewal = Renewal(replacement(environment.variables()), logger.warning)
renewal.install(LambdaRuntimeClient)
wiring.sessions()
loading.end()
_ready_ms = [round((time.monotonic() - _LOADING_SINCE) * 1000)]
"""How long this process took to be ready; taken by its first invocation."""


class Invocation(BaseModel):
    """What the state machine sends: references only."""

    group_id: str
    execution_id: str


@logger.inject_lambda_context
def handler(event: dict[str, object], context: LambdaContext) -> dict[str, object]:
    """Answers `{"outcome", "attempt"}`. Raises only for faults of the platform, which the state machine repeats."""
    invocation = Invocation.model_validate(event)
    with about(group_id=invocation.group_id, execution_id=invocation.execution_id):
        # Ties the request to the execution, should the process die: Lambda's own lines about that name it alone.
        logger.info("Attempt begins")
        renewal.attempt_begins()
        began, ready_ms = time.monotonic(), _ready_ms.pop() if _ready_ms else 0

        def begun(attempt: int) -> None:
            if attempt == 1:  # told at once: the process may die
                metrics.add("ExecutionsBegun")
                metrics.send(group_id=invocation.group_id, execution_id=invocation.execution_id)

        with trusted():
            answer = wiring.run_attempt(invocation.group_id, invocation.execution_id, ready_ms)(
                invocation.group_id,
                invocation.execution_id,
                lambda: context.get_remaining_time_in_millis() / 1000,
                begun,
            )
        metrics.add("Attempts", of=answer.outcome)
        metrics.add("AttemptSeconds", time.monotonic() - began)
        metrics.add("ReadyMilliseconds", ready_ms)
        metrics.add("MemoryUsed", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        metrics.send(group_id=invocation.group_id, execution_id=invocation.execution_id)
        logger.info("Attempt ended", extra={"outcome": answer.outcome.value, "attempt": answer.attempt})
    return {"outcome": answer.outcome.value, "attempt": answer.attempt}
