"""A process in which something of an ended attempt still runs serves no other execution.

Python cannot end a thread. One that an attempt had to abandon could act in the name of its group while another group's
crew runs beside it. So the process replaces itself: after its answer was sent, and before it asks for the next
invocation. Lambda takes the response when it is posted, ends the invocation when the runtime asks for the next one, and
keeps the environment as long as the process lives (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html,
"Processing tasks"; https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html, "Invoke phase").
`execv` keeps the process and its id, ends every thread in it, and starts the runtime client again: to Lambda, an
invocation that took longer by an import's seconds. An exit would be an error of the runtime (Runtime.ExitError) and
count against the execution that comes next.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

END_SECONDS = 1.0
"""How long threads that were told to end may take: idle workers of pools need milliseconds."""
LOOK_SECONDS = 0.005
LONG_LIVED = ("CrewAIEventsLoop", "CrewAISyncHandler")
"""Threads of CrewAI's event bus, which live as long as the process and run nothing of a crew's."""


class Leftovers:
    """Tells which threads an attempt leaves behind. Made before it begins."""

    def __init__(self) -> None:
        self._before = set(threading.enumerate())

    def names(self) -> list[str]:
        """Waits a moment for those that are ending."""
        deadline = time.monotonic() + END_SECONDS
        while (left := self._left()) and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)
        return [thread.name for thread in left]

    def _left(self) -> list[threading.Thread]:
        return [
            thread
            for thread in threading.enumerate()
            if thread not in self._before and not thread.name.startswith(LONG_LIVED)
        ]


class Renewal:
    """Replaces this process before the next invocation when the last attempt left threads behind."""

    def __init__(self, replace: Callable[[], NoReturn], tell: Callable[[str], None]) -> None:
        self._replace = replace
        self._tell = tell
        self._leftovers: Leftovers | None = None

    def attempt_begins(self) -> None:
        self._leftovers = Leftovers()

    def install(self, client: Any) -> None:
        """`client` is the class of the Lambda runtime client that asks for invocations (awslambdaric 4)."""
        ask = client.wait_next_invocation

        def ask_or_replace(this: Any) -> Any:
            names = self._leftovers.names() if self._leftovers else []
            if names:
                self._tell(f"This process is replaced: the attempt left threads behind ({', '.join(names)}).")
                self._replace()
            return ask(this)

        client.wait_next_invocation = ask_or_replace


def replacement(environment: Mapping[str, str]) -> Callable[[], NoReturn]:
    """What replaces this process by the same program with the same arguments. `environment` is that of its start: what
    was taken out of it since, the function's credentials and proxies, must be there again."""

    def replace() -> NoReturn:
        os.execve(sys.executable, sys.orig_argv, dict(environment))  # noqa: S606 - the arguments are this process's own

    return replace
