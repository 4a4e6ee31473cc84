# pyright: reportPrivateUsage=false
"""Every private name of CrewAI that the runner touches. No other module touches any; those of memory are in
`memory_seams`.

`check` runs before the first crew: a name that is gone stops the process with a sentence, so that none is passed by in
silence. The tests of the same names say it after an upgrade.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from datetime import UTC, datetime, tzinfo
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from crewai import Crew, Task
from crewai.agents.agent_executor import AgentExecutor
from crewai.events import event_context
from crewai.flow.flow import Flow
from crewai.tools.mcp_native_tool import MCPNativeTool
from crewai.tools.structured_tool import CrewStructuredTool
from crewai.utilities import prompts
from crewai.utilities.agent_utils import is_context_length_exceeded
from pydantic import PrivateAttr
from wrapt import register_post_import_hook

from stepcrew.domain.canonical import digest
from stepcrew_runner.gate.scope import current_gate, task_scope

if TYPE_CHECKING:
    from crewai.mcp.client import MCPClient


class SeamMissing(RuntimeError):
    """CrewAI renamed something that the runner stands on."""


class Seam(NamedTuple):
    """`without` says what would happen if the name were passed by."""

    owner: Any
    name: str
    without: str


SEAMS = (
    Seam(event_context, "_event_context_config", "a warning for each scope that an aborted crew left open"),
    Seam(Task, "_execute_task_async", "an abort in an asynchronous task would leave the crew waiting for ever"),
    Seam(Crew, "_handle_crew_planning", "the crew's planner would refuse to run in an event loop"),
    Seam(Crew, "_task_output_handler", "outputs would be kept in a file that the next execution can read"),
    Seam(AgentExecutor, "_skip_auto_memory", "a flow would open a vector store that the image does not have"),
    Seam(CrewStructuredTool, "_original_tool", "a tool's marks and effects would not be known"),
    Seam(MCPNativeTool, "_run", "CrewAI would repeat a call of an MCP server's tool by itself"),
    Seam(MCPNativeTool, "_run_async", "calls of MCP servers' tools would fail"),
    Seam(AgentExecutor, "_invoke_loop", "an agent could not be told what to revise"),
    Seam(AgentExecutor, "_ainvoke_loop", "an agent could not be told what to revise"),
    Seam(AgentExecutor, "_format_feedback_message", "an agent could not be told what to revise"),
    Seam(prompts, "datetime", "a crew that asks for the date would ask anew after midnight"),
    Seam(AgentExecutor, "_last_context_error", "a conversation that is too long would end the process"),
)


def check(*more: Seam) -> None:
    """Raises `SeamMissing`."""
    for owner, name, without in (*SEAMS, *more):
        require(owner, name, without)


def require(owner: Any, name: str, without: str) -> None:
    """Raises `SeamMissing` unless the class, object or module has that name."""
    if not hasattr(owner, name) and name not in getattr(owner, "__private_attributes__", ()):
        where = getattr(owner, "__name__", type(owner).__name__)
        raise SeamMissing(f"CrewAI has no {where}.{name} any more; without it {without}. See crew/seams.py.")


QUIET = event_context.EventContextConfig(
    mismatch_behavior=event_context.MismatchBehavior.SILENT, empty_pop_behavior=event_context.MismatchBehavior.SILENT
)


def silence_open_scopes() -> None:
    """An aborted crew leaves scopes open, about which CrewAI would print a warning each."""
    event_context._event_context_config.set(QUIET)


def _name_of(task: Any) -> str:
    task.name = task.name or f"task-{digest(task.description)[:8]}"
    return task.name


def _in_scope(method: Callable[..., Any]) -> Callable[..., Any]:
    """What is asked for while the task is executed belongs to it."""

    @functools.wraps(method)
    def scoped(self: Any, *arguments: Any, **named: Any) -> Any:
        with task_scope(_name_of(self)):
            try:
                return method(self, *arguments, **named)
            except BaseException as error:
                # In a thread of its own, CrewAI hands only an `Exception` to the future that somebody waits for.
                for given in (*arguments, *named.values()):
                    if isinstance(given, Future) and not isinstance(error, Exception):
                        given.set_exception(error)
                        return None
                raise

    return scoped


def _in_scope_async(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    async def scoped(self: Any, *arguments: Any, **named: Any) -> Any:
        with task_scope(_name_of(self)):
            return await method(self, *arguments, **named)

    return scoped


def _apart(method: Callable[..., Any]) -> Callable[..., Any]:
    """CrewAI plans synchronously, and refuses to do so in a thread whose event loop is running."""

    @functools.wraps(method)
    def apart(self: Any) -> None:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(copy_context().run, method, self).result()

    return apart


class ScopedTask(Task):
    """CrewAI's task. What is asked for while it is executed belongs to it."""

    execute_sync = _in_scope(Task.execute_sync)
    aexecute_sync = _in_scope_async(Task.aexecute_sync)
    _execute_task_async = _in_scope(Task._execute_task_async)


def adopt_tasks() -> None:
    """What `ScopedTask` and `PlatformCrew` are for definitions, for every task and crew of a project's own code.
    Repeating it is harmless."""
    if getattr(Task, "_stepcrew", False):
        return
    for name in ("execute_sync", "aexecute_sync", "_execute_task_async"):
        setattr(Task, name, ScopedTask.__dict__[name])
    Crew._handle_crew_planning = _apart(Crew._handle_crew_planning)  # type: ignore[method-assign]
    # A flow would open a vector store on disk that the image does not have, whether it remembers anything or not.
    Flow._skip_auto_memory = True  # type: ignore[attr-defined]
    Task._stepcrew = True  # type: ignore[attr-defined]


def name_tasks(crew: Crew) -> None:
    """CrewAI names the tasks of a class's methods; others get their number."""
    for number, task in enumerate(crew.tasks, 1):
        task.name = task.name or f"task-{number}"


def _nothing(*_: Any) -> None:
    pass


def _no_storage() -> SimpleNamespace:
    """In place of CrewAI's database file of the last run's outputs: ours are in the table, and a file in a warm process
    would show one execution's outputs to the next."""
    return SimpleNamespace(reset=_nothing, update=_nothing, load=list)


class PlatformCrew(Crew):
    """CrewAI's crew, without its own storage, and with a planner that can be waited for."""

    _task_output_handler: Any = PrivateAttr(default_factory=_no_storage)

    _handle_crew_planning = _apart(Crew._handle_crew_planning)


def last_context_error(executor: AgentExecutor) -> Exception | None:
    """Why the conversation of an agent is too long for its model."""
    return executor._last_context_error


def tell_to_revise(executor: Any, comment: str) -> None:
    """Adds a person's comment to the conversation of an agent; `answer_again` goes on with it."""
    executor.messages.append(executor._format_feedback_message(comment))


def answer_again(executor: Any) -> Any:
    return executor._invoke_loop()


def answer_again_async(executor: Any) -> Awaitable[Any]:
    return executor._ainvoke_loop()


class _DateOfExecution(datetime):
    """The date for agents with `inject_date`: of the execution's beginning. Today's would be another one after
    midnight, and what an earlier attempt has paid for would be asked again."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:  # noqa: ARG003 - as the original
        began = current_gate().began_at.astimezone(UTC)
        return cls(began.year, began.month, began.day, began.hour, began.minute, began.second)


def keep_the_date() -> None:
    """Repeating it is harmless."""
    setattr(prompts, "datetime", _DateOfExecution)  # noqa: B010 - pyright knows it as the class itself


def original_of(tool: Any) -> Any:
    """The tool object behind the form in which CrewAI hands it to agents."""
    return getattr(tool, "_original_tool", None) or tool


def call_once(tool: Any) -> None:
    """CrewAI's client of MCP servers repeats a call that failed or was not answered in time, up to 3 times, whether or
    not it took effect. After this it does not for this tool."""
    if isinstance(tool, MCPNativeTool):
        require(tool, "_client_factory", "a call with effects would be repeated")
        if not isinstance(tool._client_factory, _Once):
            tool._client_factory = _Once(tool._client_factory)


class _Once:
    def __init__(self, make: Callable[[], MCPClient]) -> None:
        self._make = make

    def __call__(self) -> MCPClient:
        client = self._make()
        client.max_retries = 1
        return client


def _run_once(self: MCPNativeTool, **arguments: Any) -> Any:
    with ThreadPoolExecutor(1) as pool:
        try:
            return pool.submit(copy_context().run, asyncio.run, self._run_async(**arguments)).result()
        except Exception as error:
            raise RuntimeError(f"Error executing MCP tool {self.original_tool_name}: {error}") from error


def call_servers_once() -> None:
    """CrewAI's own `_run` makes the call a second time when anything in it, or in closing its connection, raised a
    `RuntimeError`."""
    MCPNativeTool._run = _run_once  # type: ignore[method-assign]


def wrap(owner: type[Any], method: str, around: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    """Puts `around` about a method of a class; repeating it is harmless. Raises `SeamMissing`."""
    found = owner.__dict__.get(method)
    if found is None:
        raise SeamMissing(f"{owner.__name__} has no {method} of its own any more: calls would pass the gate by.")
    if not getattr(found, "is_wrapped", False):
        wrapped = functools.wraps(found)(around(found))
        wrapped.is_wrapped = True  # type: ignore[attr-defined]
        setattr(owner, method, wrapped)


def wrap_when_imported(
    module: str, owner: str, method: str, around: Callable[[Callable[..., Any]], Callable[..., Any]]
) -> None:
    """The same for a class of a module that takes long to import and that few crews need: `SeamMissing` is raised when
    it is imported."""
    register_post_import_hook(lambda found: wrap(getattr(found, owner), method, around), module)


def tell_of_long_conversations(bedrock: Any) -> None:
    """CrewAI's client of Bedrock tells of every call that failed, except of one that was too long for the model."""
    for name in ("_handle_converse", "_emit_call_failed_event"):
        require(bedrock, name, "the trace would miss a refused model call")
    handle = bedrock._handle_converse

    def telling(messages: Any, body: Any, *others: Any) -> Any:
        try:
            return handle(messages, body, *others)
        except Exception as error:
            if is_context_length_exceeded(error):
                _, task, agent, *_ = others  # available functions, task, agent, response model
                bedrock._emit_call_failed_event(f"AWS Bedrock API call failed: {error}", task, agent)
            raise

    object.__setattr__(bedrock, "_handle_converse", telling)
