"""The command line's own errors; each carries the exit code it ends the program with."""

from __future__ import annotations

from enum import IntEnum

from stepcrew_cli.wire import Problem


class Exit(IntEnum):
    SUCCESS = 0
    EXECUTION_FAILED = 1
    """The execution failed or was cancelled."""
    REJECTED = 2
    """Wrong usage, unreadable crew, or a request the server rejected."""
    UNREACHABLE = 3
    """The server could not be reached or had trouble of its own."""


class CliError(Exception):
    """Base of everything the command line reports to its user; `remedy` says what to do about it."""

    exit_code = Exit.REJECTED

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class Rejected(CliError):
    """The server refused the request (4xx); `problem` is its problem document."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail or problem.title, remedy=problem.remedy)
        self.problem = problem


class ServerTrouble(CliError):
    """The server answered 5xx or 429 until patience ended, or answered something that is not ours."""

    exit_code = Exit.UNREACHABLE

    def __init__(self, message: str, *, remedy: str = "", problem: Problem | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.problem = problem


class Unreachable(CliError):
    """No answer at all: nothing listens there, the name is unknown, or the connection broke again and again."""

    exit_code = Exit.UNREACHABLE
