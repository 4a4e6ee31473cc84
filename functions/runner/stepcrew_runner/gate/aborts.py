"""Why an attempt stops before the crew is done.

All are `BaseException`s, as `asyncio.CancelledError` is: clients of model providers, agents and tools repeat or hide
what is an `Exception`. The outcome of an attempt is the abort its gate settled on, whatever comes out of CrewAI.
"""

from __future__ import annotations

from typing import NamedTuple

from stepcrew.domain.approval import ApprovalKind, ToolCall
from stepcrew.domain.errors import ExecutionError


class Abort(BaseException):
    """The base of what ends an attempt on purpose."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class CancelRequested(Abort):
    """Somebody asked for the execution to be cancelled."""


class OutOfTime(Abort):
    """This slice is over: the next attempt goes on."""


class Fenced(Abort):
    """A later attempt or a terminal status took over."""


class GateShut(Abort):
    """The attempt this code belongs to is over: nothing of it may begin any more."""


class PlatformFailed(Abort):
    """Something of the platform's own failed under the crew; `error` is raised at the end of the attempt."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


class CrewFailed(Abort):
    """The crew cannot go on, and trying its task again would not help; `error` says why."""

    def __init__(self, error: ExecutionError) -> None:
        super().__init__(error.message)
        self.error = error


class LimitReached(CrewFailed):
    """A limit of the execution is used up; `error` says which."""


class Question(NamedTuple):
    """What a person is asked. `key` is the same in every attempt that comes to the same question."""

    kind: ApprovalKind
    text: str
    task_name: str | None = None
    agent_role: str | None = None
    output: str = ""
    tools: tuple[ToolCall, ...] = ()
    limit: str | None = None
    key: str | None = None


class AskPerson(Abort):
    """The attempt ends here, and the execution waits."""

    def __init__(self, question: Question) -> None:
        super().__init__(question.text)
        self.question = question
