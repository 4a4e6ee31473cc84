"""Tool calls that people allow, and calls of which nobody knows whether they took effect."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any, NamedTuple, TypeGuard

from pydantic import ValidationError

from stepcrew.domain.approval import ApprovalKind, DecisionKind, ToolCall
from stepcrew.domain.definition import ApprovalRules, CrewDefinition
from stepcrew.domain.errors import Category, ExecutionError
from stepcrew.domain.journal import EntryKey, JournalEntry
from stepcrew.domain.tools import canonical_tool_name
from stepcrew_runner.approvals.decisions import Decisions, refusal
from stepcrew_runner.gate.aborts import Abort, AskPerson, CrewFailed, Question
from stepcrew_runner.gate.control import Control
from stepcrew_runner.gate.scope import current_task

NOT_ALLOWED = "A person did not allow this tool call."
NOT_REPEATED = "Nobody knows whether this tool call took effect, and it is not made again."
UNASKABLE = "This tool call was not made: its arguments cannot be shown to the person who would have to allow it."


class Call(NamedTuple):
    """One tool call. `names` are those under which a definition may mean the tool: the one the model sees and, for our
    own, its class. `arguments` are JSON-like; null where they cannot be shown to anybody."""

    key: EntryKey
    name: str
    names: tuple[str, ...]
    arguments: Any
    agent_role: str | None = None


class ToolGate:
    """Holds tool calls of one attempt until a person has decided. The question about a call ends the attempt; the next
    attempt comes to the same call and applies the decision.
    Calls that are held back side by side are one question."""

    def __init__(self, crew: CrewDefinition, decisions: Decisions, control: Control) -> None:
        rules = crew.approval or ApprovalRules()
        self._marked = {canonical_tool_name(name) for name in rules.tools}
        self._effects = {canonical_tool_name(name) for name in crew.effects} | self._marked
        self._on_unknown = crew.on_unknown_effect
        self._decisions = decisions
        self._control = control
        self._lock = threading.Lock()
        self._held: list[ToolCall] = []

    def has_effects(self, call: Call) -> bool:
        """Whether the definition says that calls of this tool change something outside, or have to be allowed."""
        return _means(self._effects, call)

    def instead(self, call: Call) -> str | None:
        """What the agent is told instead of the call's result; None when the call may be made. Raises an `Abort` when a
        person has to be asked first."""
        if not _means(self._marked, call):
            return None
        shown = _shown(call)
        if shown is None:
            return UNASKABLE
        decision = self._decisions.decision_on_call(call.key.entry_id)
        if decision is not None:
            return None if decision.kind is DecisionKind.APPROVE else refusal(NOT_ALLOWED, decision)
        with self._lock:
            self._held.append(shown)
        raise self._control.ask(_question(call.agent_role, [shown]))

    def instead_of_repeating(self, call: Call, begun: JournalEntry) -> str | None:
        """The same for a call that an earlier attempt had begun, and whose result is not known."""
        if self._on_unknown == "repeat":
            return None
        if self._on_unknown == "fail":
            raise self._control.settle(CrewFailed(_unknown(call)))
        # Of this beginning: should the repeated call end the same way, that is another question.
        key = f"effect/{call.key.entry_id}/{begun.attempt}"
        decision = self._decisions.decision(key)
        if decision is not None:
            return None if decision.kind is DecisionKind.APPROVE else refusal(NOT_REPEATED, decision)
        began = f"A call of {call.name} began at {begun.written_at:%Y-%m-%d %H:%M:%S} UTC"
        text = f"{began}, and nobody knows whether it took effect. Make it again?"
        shown = _shown(call)
        tools = () if shown is None else (shown,)
        where = (current_task(), call.agent_role)
        raise self._control.ask(Question(ApprovalKind.EFFECT, text, *where, tools=tools, key=key))

    def whole(self, abort: Abort) -> Abort:
        """A question about tool calls, with all that were held back meanwhile."""
        if not isinstance(abort, AskPerson) or abort.question.kind is not ApprovalKind.TOOL:
            return abort
        with self._lock:
            held = list({call.call_id: call for call in self._held}.values())
        return AskPerson(_question(abort.question.agent_role, held, abort.question.task_name))


def _means(names: Iterable[str], call: Call) -> bool:
    """Rather one question too many: a tool of an MCP server is called by the server's name and its own."""
    return any(own == name or own.endswith(f"_{name}") for name in names for own in call.names)


def _shown(call: Call) -> ToolCall | None:
    """As people see it; None when the arguments cannot be shown (nested without end, say)."""
    if call.arguments is None:
        return None
    given = call.arguments if _is_object(call.arguments) else {"input": call.arguments}
    try:
        return ToolCall(call_id=call.key.entry_id, tool_name=call.name, arguments=given)
    except ValidationError:
        return None


def _is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def _question(role: str | None, held: list[ToolCall], task: str | None = None) -> Question:
    names = ", ".join(call.tool_name for call in held)
    text = f"May {role or 'the agent'} call {names}?"
    return Question(ApprovalKind.TOOL, text, task or current_task(), role, tools=tuple(held))


def _unknown(call: Call) -> ExecutionError:
    return ExecutionError(
        category=Category.TOOL,
        type="UnknownEffect",
        message=f"A call of {call.name} had begun when an attempt died; nobody knows whether it took effect.",
        remedy="Look at what the tool did, then submit the crew again; on_unknown_effect can ask or repeat instead.",
        task=current_task(),
    )
