"""Tool calls at the gate: a kept result instead of a call, a person asked first, an effect never repeated by itself.

The gate stands about the methods through which CrewAI runs a tool, not at its hooks: so what CrewAI does around a call
(its cache, its count of uses, what it makes of a failure) is the same for a result from the journal, and Python that
calls a tool itself passes it too.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any
from weakref import WeakKeyDictionary

from crewai.tools.agent_tools.base_agent_tools import BaseAgentTool
from crewai.tools.base_tool import BaseTool, Tool
from crewai.tools.structured_tool import CrewStructuredTool
from crewai.tools.tool_failure import ToolFailure, ToolFailureReason
from crewai.utilities.string_utils import sanitize_tool_name
from pydantic_core import PydanticSerializationError, to_jsonable_python

from stepcrew.domain.journal import EntryState, JournalEntry
from stepcrew.domain.nesting import TOO_DEEP, is_too_deep
from stepcrew_runner.approvals.tool_gate import Call, ToolGate
from stepcrew_runner.crew.seams import call_once, original_of, wrap
from stepcrew_runner.crew.servers import has_effects
from stepcrew_runner.crew.written_files import WrittenFiles
from stepcrew_runner.gate import scope
from stepcrew_runner.gate.gate import Gate
from stepcrew_runner.gate.requests import digest_of_call
from stepcrew_runner.isolation.addresses import is_trusted

_people: WeakKeyDictionary[Gate, ToolGate] = WeakKeyDictionary()
_files: WeakKeyDictionary[Gate, WrittenFiles] = WeakKeyDictionary()


class ToolFailed(Exception):
    """A tool's error, again from the journal, or a call that is not made."""


def install() -> None:
    """Call it once per process."""
    for tool_class, method in ((BaseTool, "run"), (Tool, "run"), (CrewStructuredTool, "invoke")):
        wrap(tool_class, method, _around)
    for tool_class, method in ((BaseTool, "arun"), (Tool, "arun"), (CrewStructuredTool, "ainvoke")):
        wrap(tool_class, method, _around_async)


def ask_people(gate: Gate, people: ToolGate) -> None:
    """Tool calls of this gate's attempt are subject to these rules."""
    _people[gate] = people


def keep_files(gate: Gate, files: WrittenFiles) -> None:
    """What tools of this gate's attempt write into that folder is kept with their results."""
    _files[gate] = files


def _around(run: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(self: Any, *arguments: Any, **named: Any) -> Any:
        passing = _Passing(self, arguments, named)
        if passing.is_transparent:
            return run(self, *arguments, **named)
        if passing.before():
            return passing.known()
        try:
            value = run(self, *arguments, **named)
        except Exception as error:
            if failure := passing.failed(error):
                return failure
            raise
        return passing.returned(value)

    return guarded


def _around_async(run: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def guarded(self: Any, *arguments: Any, **named: Any) -> Any:
        passing = _Passing(self, arguments, named)
        if passing.is_transparent:
            return await run(self, *arguments, **named)
        if await asyncio.to_thread(passing.before):
            return passing.known()
        try:
            value = await run(self, *arguments, **named)
        except Exception as error:
            if failure := await asyncio.to_thread(passing.failed, error):
                return failure
            raise
        return await asyncio.to_thread(passing.returned, value)

    return guarded


class _Passing:
    """One call of a tool."""

    def __init__(self, tool: Any, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        original = original_of(tool)
        self._forms = (tool, original)
        # Work given to a coworker is not one call: what is asked for in it has entries of its own.
        self.is_transparent = isinstance(original, BaseAgentTool) or is_trusted()
        if self.is_transparent:
            return
        self._gate: Gate = scope.current_gate()
        self._tool = original
        self._name = sanitize_tool_name(tool.name)
        if isinstance(tool, CrewStructuredTool):  # what comes with the input tells CrewAI who calls
            given: Any = named.get("input", arguments[0] if arguments else {})
        else:
            given = named if named or not arguments else list(arguments)
        self._given = _plain(given)
        self._known: JournalEntry | None = None
        self._instead: str | None = None
        self._effects = False

    def before(self) -> bool:
        """Whether the result is known without the call. Raises an `Abort` when there is a reason to stop, and
        `ToolFailed`, which the model is told, for arguments that nobody could be shown."""
        if self._given is None or is_too_deep(self._given):
            raise ToolFailed(f"The arguments are {TOO_DEEP}.")
        gate, people = self._gate, _people.get(self._gate)
        self._key, known = gate.tool(self._name, digest_of_call(self._name, self._given, gate.journal.seal))
        if known is not None and known.state is EntryState.ANSWERED:
            self._known = known
            return True
        names = (self._name, type(self._tool).__name__)
        call = Call(self._key, self._name, names, self._given, scope.current_agent())
        self._effects = has_effects(self._tool) or (people is not None and people.has_effects(call))
        if self._effects:
            call_once(self._tool)
            for form in self._forms:  # a call that does something is never answered from CrewAI's cache
                form.cache_function = _never
        if people is not None:
            self._instead = people.instead(call) if known is None else people.instead_of_repeating(call, known)
            if self._instead is not None:
                return True
        standing = gate.begin(self._key, self._name, has_effects=self._effects, again=known is not None)
        if standing is None:
            return False
        if standing.state is EntryState.ANSWERED:
            self._known = standing
            return True
        if people is not None:
            self._instead = people.instead_of_repeating(call, standing)
        return self._instead is not None

    def known(self) -> Any:
        if self._known is None:
            return self._instead
        kept = json.loads(self._known.body)
        files = _files.get(self._gate)
        if files is not None and kept.get("files"):
            files.put_back(kept["files"])
        if "error" in kept:
            raise ToolFailed(kept["error"])
        return ToolFailure.model_validate(kept["failure"]) if "failure" in kept else kept["value"]

    def returned(self, value: Any) -> Any:
        if isinstance(value, ToolFailure):
            kept: dict[str, Any] = {"failure": value.model_dump(mode="json")}
        else:
            exact = _exact(value)
            kept = {"value": exact if exact is not None or value is None else str(value)}
        self._write(kept)
        return value

    def failed(self, error: Exception) -> ToolFailure | None:
        """What CrewAI gets instead of the error: it repeats a call that raised one, but not one that tells of it."""
        text = str(error) or type(error).__name__
        if not self._effects:
            self._write({"error": text})
            return None
        failure = ToolFailure(message=text, reason=ToolFailureReason.EXCEPTION)
        self.returned(failure)
        return failure

    def _write(self, kept: dict[str, Any]) -> None:
        files = _files.get(self._gate)
        if files is not None and (written := files.news()):
            kept["files"] = written
        self._gate.result(self._key, self._name, json.dumps(kept, ensure_ascii=True))


def _never(_arguments: Any, _result: Any) -> bool:
    return False


def _plain(value: Any) -> Any:
    try:
        return to_jsonable_python(value, fallback=str, inf_nan_mode="strings")
    except (PydanticSerializationError, ValueError, RecursionError):
        return None


def _exact(value: Any) -> Any:
    """The value where JSON gives back the same, else None."""
    try:
        again = json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        return None
    return again if again == value and type(again) is type(value) else None
