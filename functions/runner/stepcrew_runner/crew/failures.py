"""What went wrong with a crew, in one sentence, with a category and a remedy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from stepcrew.domain.errors import Category, ExecutionError, StepcrewError

MOST_CHARACTERS = 500


class Cause(NamedTuple):
    """Recognised by the beginning of a word in an exception's name or text."""

    signs: tuple[str, ...]
    category: Category
    type: str
    sentence: str
    remedy: str
    retryable: bool = False

    def is_in(self, text: str) -> bool:
        return any(re.search(rf"\b{re.escape(sign)}", text) for sign in self.signs)


CAUSES = (
    Cause(
        ("RateLimitError", "ThrottlingException", "rate limit", "Too Many Requests", "Error code: 429"),
        Category.MODEL_RATE_LIMIT,
        "ModelRateLimit",
        "The model provider refused more calls for now",
        "Submit it again later, or set max_rpm.",
        True,
    ),
    Cause(
        (
            *("AuthenticationError", "PermissionDeniedError", "AccessDeniedException", "Incorrect API key"),
            *("Error code: 401", "Error code: 403", "UnrecognizedClientException"),
        ),
        Category.MODEL,
        "ModelAuthentication",
        "The model provider did not accept the key",
        "Ask the operator to check the provider's key.",
    ),
    Cause(
        ("LLMContextLengthExceededError", "context_length_exceeded", "maximum context length", "exceed_context_size"),
        Category.MODEL,
        "ContextTooLong",
        "The conversation is longer than the model can read",
        "Shorten descriptions or context, or choose a model with a larger window.",
    ),
    Cause(
        ("NotFoundError", "model_not_found", "ResourceNotFoundException", "Error code: 404"),
        Category.MODEL,
        "ModelNotFound",
        "The model provider does not know the model",
        "Check the model's name.",
    ),
    Cause(
        ("PrivateAddress",),
        Category.TOOL,
        "PrivateAddress",
        "The crew tried to reach an address inside the platform",
        "Use public addresses only.",
    ),
    Cause(
        ("MCPConnectionError", "MCPAuthenticationError", "MCPHTTPError"),
        Category.TOOL,
        "McpServer",
        "An MCP server could not be used",
        "Check the server's address and headers.",
        True,
    ),
    Cause(
        ("guardrail",),
        Category.GUARDRAIL,
        "GuardrailNotPassed",
        "The output did not pass the guardrail",
        "Loosen the guardrail, or say in the task what it asks for.",
    ),
    Cause(
        ("ToolExecutionFailedError", "ToolUsageError", "ToolUsageLimitExceededError"),
        Category.TOOL,
        "ToolFailed",
        "A tool failed",
        "Look at the tool's events in the trace.",
    ),
    Cause(
        (
            *("APITimeoutError", "APIConnectionError", "InternalServerError", "ServiceUnavailable", "Error code: 5"),
            *("Failed to connect to", "Overloaded", "Connection error."),
        ),
        Category.MODEL,
        "ModelUnavailable",
        "The model provider did not answer",
        "Submit it again.",
        True,
    ),
    Cause(
        ("BadRequestError", "ValidationException", "Error code: 400"),
        Category.MODEL,
        "ModelRefusedRequest",
        "The model provider refused the request",
        "Check the model's settings; its answer is in the message.",
    ),
)


def chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what caused it, each once."""
    seen: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in seen:
        seen.append(current)
        yield current
        current = current.__cause__ or current.__context__


def explain(error: BaseException, task: str | None) -> ExecutionError:
    """Our own errors speak for themselves; the others are recognised by their names, in the chain of causes."""
    links = list(chain(error))
    for one in links:
        if isinstance(one, StepcrewError):
            return ExecutionError(
                category=one.category,
                type=type(one).__name__,
                message=one.message,
                retryable=one.retryable,
                remedy=one.remedy,
                task=task,
            )
    for cause in CAUSES:
        for one in links:
            if cause.is_in(type(one).__name__) or cause.is_in(str(one)):
                return _explained(cause, str(one) or type(one).__name__, task)
    return ExecutionError(
        category=Category.CREW,
        type=type(error).__name__,
        message=f"The crew failed{_where(task)}: {_short(str(error) or type(error).__name__)}",
        remedy="Look at the last events of the trace.",
        task=task,
    )


def model_failure(text: str, task: str | None) -> ExecutionError | None:
    """The explanation of an agent's error if it is the model provider's doing, else None."""
    for cause in CAUSES:
        if cause.is_in(text):
            is_models = cause.category in (Category.MODEL, Category.MODEL_RATE_LIMIT)
            return _explained(cause, text, task) if is_models else None
    return None


def _explained(cause: Cause, text: str, task: str | None) -> ExecutionError:
    return ExecutionError(
        category=cause.category,
        type=cause.type,
        message=f"{cause.sentence}{_where(task)}: {_short(text)}",
        retryable=cause.retryable,
        remedy=cause.remedy,
        task=task,
    )


def _where(task: str | None) -> str:
    return f" in crew task {task}" if task else ""


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MOST_CHARACTERS else line[: MOST_CHARACTERS - 1] + "…"
