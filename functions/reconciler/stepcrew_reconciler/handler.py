"""Records, for the state machine, the failures that the runner could not record itself."""

from __future__ import annotations

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel

from stepcrew.services.record_failure import Failure
from stepcrew_reconciler import wiring

logger = Logger()


class CaughtError(BaseModel):
    error: str = ""
    cause: str = ""


class FailedExecution(BaseModel):
    """What the state machine sends when it gave up on an execution."""

    group_id: str
    execution_id: str
    failure: CaughtError


@logger.inject_lambda_context
def handler(event: dict[str, object], _context: LambdaContext) -> dict[str, str]:
    """Answers `{"outcome": <terminal status or DELETED>}`. Safe to repeat."""
    failed = FailedExecution.model_validate(event)
    outcome = wiring.record_failure()(
        failed.group_id, failed.execution_id, Failure(failed.failure.error, failed.failure.cause)
    )
    logger.warning(
        "Execution failed outside the runner",
        extra={"execution_id": failed.execution_id, "error": failed.failure.error, "outcome": outcome},
    )
    return {"outcome": outcome}
