"""Every private name of CrewAI that the runner touches. Each has a test that says what to do when it is renamed."""

from __future__ import annotations

import functools
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

from crewai import Crew, Task
from crewai.events import event_context
from pydantic import PrivateAttr

from stepcrew_runner.gate.scope import task_scope

QUIET = event_context.EventContextConfig(
    mismatch_behavior=event_context.MismatchBehavior.SILENT, empty_pop_behavior=event_context.MismatchBehavior.SILENT
)


def silence_open_scopes() -> None:
    """An aborted crew leaves scopes open, about which CrewAI would print a warning each."""
    event_context._event_context_config.set(QUIET)  # pyright: ignore[reportPrivateUsage]


class ScopedTask(Task):
    """CrewAI's task. What is asked for while it is executed belongs to it."""

    def execute_sync(self, agent: Any = None, context: Any = None, tools: Any = None) -> Any:
        with task_scope(self.name or ""):
            return super().execute_sync(agent, context, tools)

    async def aexecute_sync(self, agent: Any = None, context: Any = None, tools: Any = None) -> Any:
        with task_scope(self.name or ""):
            return await super().aexecute_sync(agent, context, tools)

    def _execute_task_async(self, agent: Any, context: Any, tools: Any, future: Future[Any]) -> None:
        """CrewAI hands only an `Exception` to the future: with an abort, whoever waits for it would wait for ever."""
        with task_scope(self.name or ""):
            try:
                super()._execute_task_async(agent, context, tools, future)
            except BaseException as error:  # noqa: BLE001 - raised again where the future is asked
                future.set_exception(error)


class _NoStorage:
    """In place of CrewAI's database file of the last run's outputs: ours are in the table, and a file in a warm process
    would show one execution's outputs to the next."""

    def reset(self) -> None:
        pass

    def update(self, task_index: int, log: dict[str, Any]) -> None:
        pass

    def load(self) -> list[dict[str, Any]]:
        return []


class PlatformCrew(Crew):
    """CrewAI's crew, without its own storage, and with a planner that can be waited for."""

    _task_output_handler: Any = PrivateAttr(default_factory=_NoStorage)

    def _handle_crew_planning(self) -> None:
        # CrewAI plans synchronously, and refuses to do so in a thread whose event loop is running.
        with ThreadPoolExecutor(1) as pool:
            pool.submit(copy_context().run, super()._handle_crew_planning).result()


def original_of(tool: Any) -> Any:
    """The tool object behind the form in which CrewAI hands it to agents."""
    return getattr(tool, "_original_tool", None) or tool


def on_every_call(
    tool_class: type[Any], method: str, around: Callable[[Callable[..., Any]], Callable[..., Any]]
) -> None:
    """Puts `around` about a method through which CrewAI runs tools; repeating it is harmless."""
    found = tool_class.__dict__[method]
    if not getattr(found, "_stepcrew", False):
        wrapped = functools.wraps(found)(around(found))
        wrapped._stepcrew = True  # type: ignore[attr-defined]
        setattr(tool_class, method, wrapped)
