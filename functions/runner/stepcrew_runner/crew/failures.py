"""What went wrong with a crew, in one sentence, with a category and a remedy."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from stepcrew.domain.errors import Category, ExecutionError, StepcrewError
from stepcrew_runner.crew.provider_answers import chain, refusal_of
from stepcrew_runner.crew.provider_errors import Refusal

MOST_CHARACTERS = 500


class Cause(NamedTuple):
    """Recognised by the name of an exception in the chain, or by the beginning of a word in its text."""

    type: str
    category: Category
    sentence: str
    remedy: str
    retryable: bool = False
    names: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()

    def is_in(self, error: BaseException) -> bool:
        name, text = type(error).__name__, str(error)
        return name in self.names or any(re.search(sign, text) for sign in self.signs)


BEFORE_PROVIDERS = (
    Cause(
        "PrivateAddress",
        Category.TOOL,
        "The crew tried to reach an address inside the platform",
        "Use public addresses only.",
        names=("PrivateAddress",),
    ),
    Cause(
        "McpServer",
        Category.TOOL,
        "An MCP server could not be used",
        "Check the server's address and headers.",
        retryable=True,
        names=("MCPConnectionError", "MCPAuthenticationError", "MCPHTTPError"),
    ),
    Cause(
        "ToolFailed",
        Category.TOOL,
        "A tool failed",
        "Look at the tool's events in the trace.",
        names=("ToolExecutionFailedError", "ToolUsageError", "ToolUsageLimitExceededError"),
    ),
    Cause(
        "MaxExecutionTime",
        Category.TIMEOUT,
        "The agent took longer than its max_execution_time",
        "Raise the agent's max_execution_time, or give it less to do.",
        signs=(r"execution timed out after \d+ seconds\. Consider increasing max_execution_time",),
    ),
    Cause(
        "ProcessEnded",
        Category.CREW,
        "A part of the crew tried to end the process that runs it",
        "Remove what does that, or tell the operator if it is none of yours.",
        names=("ProcessEndRefused",),
    ),
)
AFTER_PROVIDERS = (
    Cause(
        "GuardrailNotPassed",
        Category.GUARDRAIL,
        "The output did not pass the guardrail",
        "Loosen the guardrail, or say in the task what it asks for.",
        signs=(r"\bguardrail",),
    ),
)

Mask = Callable[[str], str]


def explain(error: BaseException, task: str | None, mask: Mask = str) -> ExecutionError:
    """Our own errors speak for themselves; the others are recognised by their names, in the chain of causes. `mask`
    hides secrets in a text before it is cut."""
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
    known = _known(BEFORE_PROVIDERS, links) or refusal_of(error) or _known(AFTER_PROVIDERS, links)
    text = mask(str(error)) or type(error).__name__
    if known:
        return _explained(known, text, task)
    return ExecutionError(
        category=Category.CREW,
        type=type(error).__name__,
        message=f"The crew failed{_where(task)}: {_short(text)}",
        remedy="Look at the last events of the trace.",
        task=task,
    )


def model_failure(error: BaseException | None, text: str, task: str | None) -> ExecutionError | None:
    """The explanation of an agent's error if it is the model provider's doing, else None. `text` is what CrewAI says of
    it, without secrets; the error itself says more."""
    if error and _known(BEFORE_PROVIDERS, list(chain(error))):
        return None
    refusal = refusal_of(error, text)
    return _explained(refusal, text, task) if refusal else None


def _known(causes: tuple[Cause, ...], links: list[BaseException]) -> Cause | None:
    return next((cause for cause in causes for one in links if cause.is_in(one)), None)


def _explained(cause: Cause | Refusal, text: str, task: str | None) -> ExecutionError:
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
