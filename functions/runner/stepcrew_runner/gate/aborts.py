"""Why an attempt stops before the crew is done. All are raised at a model-call boundary, and CrewAI repeats none."""

from __future__ import annotations

from typing import NamedTuple

from crewai.hooks import HookAborted

from stepcrew.domain.approval import ApprovalKind, ToolCall
from stepcrew.domain.errors import ExecutionError


class Abort(HookAborted):
    """Base of our own stops."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, "stepcrew")


class CancelRequested(Abort):
    """Someone asked for it."""


class OutOfTime(Abort):
    """This slice is over: the next attempt goes on."""


class Fenced(Abort):
    """A later attempt or a terminal status took over."""


class CrewFailed(Abort):
    """The crew cannot go on, and trying its task again would not help; `error` says why."""

    def __init__(self, error: ExecutionError) -> None:
        super().__init__(error.message)
        self.error = error


class LimitReached(Abort):
    """A limit of the execution is used up; `error` says which."""

    def __init__(self, error: ExecutionError) -> None:
        super().__init__(error.message)
        self.error = error


class Question(NamedTuple):
    """What a person is asked."""

    kind: ApprovalKind
    text: str
    task_name: str | None = None
    agent_role: str | None = None
    output: str = ""
    tools: tuple[ToolCall, ...] = ()
    limit: str | None = None


class AskPerson(Abort):
    """The attempt ends here, and the execution waits."""

    def __init__(self, question: Question) -> None:
        super().__init__(question.text)
        self.question = question
