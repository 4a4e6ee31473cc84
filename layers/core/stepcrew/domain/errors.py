"""Our own errors. Each says what kind of trouble it is, whether a retry can help and what the user can do."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict


class Category(StrEnum):
    """Who or what caused a failure; the same words in the API, the table, the trace and the state machine."""

    INPUT = "input"
    CREW = "crew"
    TOOL = "tool"
    MODEL = "model"
    MODEL_RATE_LIMIT = "model_rate_limit"
    GUARDRAIL = "guardrail"
    BUDGET = "budget"
    TIMEOUT = "timeout"
    CRASH = "crash"
    PLATFORM = "platform"
    CANCELLED = "cancelled"
    REJECTED = "rejected"


class ExecutionError(BaseModel):
    """Why an execution did not complete. `message` is one sentence; `task` names the crew task it happened in."""

    model_config = ConfigDict(frozen=True)

    category: Category
    type: str
    message: str
    retryable: bool = False
    remedy: str = ""
    task: str | None = None


class Fault(BaseModel):
    """One thing wrong with a submitted document. `pointer` is an RFC 6901 JSON pointer into the request body; inside
    YAML text it goes on into the parsed text, and `line` (1-based) is the line of that text."""

    model_config = ConfigDict(frozen=True)

    pointer: str
    code: str
    detail: str
    remedy: str = ""
    line: int | None = None


class StepcrewError(Exception):
    """Base of everything the product raises on purpose."""

    category = Category.PLATFORM
    retryable = False
    retry_after_seconds = 1
    """When a retry can help, after so long at the earliest."""
    remedy = ""

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if remedy is not None:
            self.remedy = remedy


class InvalidRequest(StepcrewError):
    """The submitted document has faults; nothing was stored."""

    category = Category.INPUT
    remedy = "Correct the fields named in errors and submit again."

    def __init__(self, message: str, faults: list[Fault] | None = None) -> None:
        super().__init__(message)
        self.faults = faults or []

    @classmethod
    def of(cls, faults: list[Fault]) -> Self:
        """Its message is that of the first of the faults."""
        return cls(faults[0].detail, faults)

    @classmethod
    def at(cls, pointer: str, code: str, detail: str, remedy: str = "") -> Self:
        """Of one fault alone."""
        return cls.of([Fault(pointer=pointer, code=code, detail=detail, remedy=remedy)])


class ExecutionNotFound(StepcrewError):
    """No such execution in this group; the same answer for another group's execution."""

    category = Category.INPUT
    remedy = "Check the execution_id and the selected group."

    def __init__(self, execution_id: str) -> None:
        super().__init__(f"There is no execution {execution_id} in this group.")


class FunctionFailed(StepcrewError):
    """A function that is a tool answered with an error, or not at all."""

    category = Category.TOOL
    remedy = "Look at the function's own log."


class ToolNotFound(StepcrewError):
    """The group has registered no such tool."""

    category = Category.INPUT
    remedy = "GET /tools lists the tools of the group."


class ConnectionNotFound(StepcrewError):
    """The group has no such model connection."""

    category = Category.INPUT
    remedy = "GET /connections lists the connections of the group."


class CrewNotFound(StepcrewError):
    """No such stored crew in this group, or not that version of it."""

    category = Category.INPUT
    remedy = "GET /crews lists the crews of the group."


class TriggerNotFound(StepcrewError):
    """No such trigger, firing or endpoint in this group."""

    category = Category.INPUT
    remedy = "GET /triggers lists the triggers of the group."


class WebhookNotFound(StepcrewError):
    """No such webhook or delivery in this group."""

    category = Category.INPUT
    remedy = "GET /webhooks lists the webhooks of the group."


class BatchNotFound(StepcrewError):
    """No such batch in this group."""

    category = Category.INPUT
    remedy = "GET /batches lists the batches of the group."


class BatchStopped(StepcrewError):
    """The batch starts no further rows: it was cancelled, or too many of them failed."""

    category = Category.CANCELLED
    remedy = "Retry the batch."


class NotAllowed(StepcrewError):
    """The token is valid but does not permit this."""

    category = Category.INPUT
    remedy = "Ask an admin of the group for access."


class TooManyOpen(StepcrewError):
    """The group has as many open executions as it may have; nothing was stored."""

    category = Category.INPUT
    retryable = True
    retry_after_seconds = 10
    remedy = "Submit it again when one has ended, cancel one, or ask the operator for a higher limit."


class BudgetUsedUp(StepcrewError):
    """The group, or the crew, has spent what it may spend this month; nothing was stored."""

    category = Category.BUDGET
    remedy = "Ask an admin of the group for a higher budget (stepcrew budgets), or wait for the next month."


class IdempotencyMismatch(StepcrewError):
    """The idempotency key was used before with another body."""

    category = Category.INPUT
    remedy = "Use a new Idempotency-Key for a new request."


class IdempotencyInFlight(StepcrewError):
    """A request with the same idempotency key is being written at this moment."""

    category = Category.INPUT
    retryable = True
    remedy = "Repeat the same request in a second."

    def __init__(self) -> None:
        super().__init__("The same request is being handled at this moment.")


class AlreadyExists(StepcrewError):
    """The execution id or the idempotency key is taken; nothing was written."""

    category = Category.INPUT


class Conflict(StepcrewError):
    """The execution's state does not permit the operation."""

    category = Category.INPUT


class ExecutionExpired(StepcrewError):
    """The execution is older than what the platform keeps, and parts of it may be gone already."""

    category = Category.INPUT
    remedy = "Submit the crew again."


class Superseded(StepcrewError):
    """A later attempt or a terminal status took over: this attempt no longer holds the execution and wrote nothing."""

    category = Category.PLATFORM
    remedy = "Nothing to do: the newer attempt goes on."


class StillWaiting(StepcrewError):
    """The execution waits for a person's decision; nothing runs it before."""

    category = Category.PLATFORM
    remedy = "Nothing to do: the decision starts the next attempt."


class BodyExpired(StepcrewError):
    """What was kept in the bucket is there no more, because its time has passed or its execution is being deleted. No
    repetition brings it back."""

    category = Category.PLATFORM
    remedy = "Run the crew again if it is needed: bodies are kept as long as the operator has set."

    def __init__(self, what: str) -> None:
        """`what` begins the sentence: "The output of crew task haiku"."""
        super().__init__(f"{what} has expired: it is no longer kept.")


class PlatformUnavailable(StepcrewError):
    """A service of the platform did not answer or refused; nothing is known to be wrong with the request."""

    retryable = True
    remedy = "Repeat the request in a few seconds; if it stays, tell the operator."


class QuotaUsedUp(PlatformUnavailable):
    """The account may have no more of something at AWS; nothing of it is freed by waiting."""

    retryable = False
    remedy = "Tell the operator: AWS raises this quota on request. What is not needed any more can be deleted."
