"""Where people take part: a task's answer is judged, a marked tool call is held back, a verdict is put in."""

from __future__ import annotations

import json
import logging
import threading
import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, cast

from crewai.core.providers.human_input import HumanInputProvider
from crewai.events import crewai_event_bus
from crewai.events.types.tool_usage_events import (
    ToolUsageErrorEvent,
    ToolUsageFinishedEvent,
    ToolUsageStartedEvent,
)
from crewai.utilities.string_utils import sanitize_tool_name

from stepcrew.domain.approval import Approval, ApprovalKind, Decision, ToolCall, Verdict
from stepcrew.domain.tools import canonical_tool_name
from stepcrew_runner.approvals.kept_results import KeptResults
from stepcrew_runner.gate.aborts import Abort, Question
from stepcrew_runner.gate.conversations import Conversations
from stepcrew_runner.isolation.redaction import Redactor
from stepcrew_runner.trace.kinds import HELD, plain

NOT_ALLOWED = "A person did not allow this tool call."
UNASKABLE = "This tool call was not made: its arguments cannot be shown to the person who would have to allow it."

logger = logging.getLogger("stepcrew_runner")


def placeholder(call_id: str) -> str:
    return f"{HELD}{call_id}]"


class Judge(HumanInputProvider):
    """CrewAI's way to ask for feedback, and its way to restore a conversation. Asking ends the attempt.

    `indexes` are the crew's own tasks by name: what agents delegate has no name and no conversation of its own.
    `decided` are the approvals with a verdict, by number.
    """

    def __init__(
        self,
        conversations: Conversations,
        indexes: dict[str, int],
        decided: Mapping[int, Approval],
        ask: Callable[[Question, Any], Exception],
    ) -> None:
        self._conversations = conversations
        self._indexes = indexes
        self._decided = decided
        self._ask = ask

    def setup_messages(self, context: Any) -> bool:
        index = self._indexes.get(getattr(context.task, "name", None) or "")
        conversation = None if index is None else self._conversations.take(index)
        if conversation is None:
            return False
        context.messages.extend(conversation.messages)
        approval = self._decided.get(conversation.approval)
        verdict = approval.verdict if approval and approval.kind is ApprovalKind.ANSWER else None
        if verdict and verdict.decision is Decision.REVISE:
            context.messages.append(context._format_feedback_message(verdict.comment or ""))
        return True

    def post_setup_messages(self, context: Any) -> None:
        pass

    def handle_feedback(self, formatted_answer: Any, context: Any) -> Any:
        name = getattr(context.task, "name", None) or ""
        answer = self._get_output_string(formatted_answer)
        if context.messages[-1].get("role") != "assistant":
            # CrewAI keeps an answer only of agents with tools; a revision is about it.
            context.messages.append({"role": "assistant", "content": answer})
        question = Question(
            ApprovalKind.ANSWER,
            f"Is this answer of crew task {name} good?",
            task_name=name,
            agent_role=getattr(context.agent, "role", None),
            output=answer,
        )
        raise self._ask(question, context)

    async def handle_feedback_async(self, formatted_answer: Any, context: Any) -> Any:
        return self.handle_feedback(formatted_answer, context)


class DecidedCall(NamedTuple):
    """A call that comes again; with its result if it was made."""

    call_id: str
    verdict: Verdict
    result: str | None


class ToolGate:
    """Holds calls of marked tools back. CrewAI is told that a call was blocked and gets a placeholder as its result;
    before the next model call the attempt ends. When it is decided, the result (or the refusal) takes that place, so no
    model call is repeated. A call by an agent to which work was delegated, or which plans by itself, has no kept
    conversation: it comes again, and is then recognised by its arguments. Each verdict counts for one call of an
    attempt, and the result of a call that was made is kept for the attempts after it."""

    def __init__(
        self,
        marked: Iterable[str],
        decided: Iterable[Approval],
        open_tasks: set[str],
        results: KeptResults,
        redactor: Redactor,
    ) -> None:
        self._marked = {canonical_tool_name(name) for name in marked}
        self._results = results
        self._redactor = redactor
        self._lock = threading.Lock()
        self._held: list[ToolCall] = []
        self._blocked: dict[int, str] = {}
        self._decided: list[tuple[ToolCall, Verdict]] = []
        self._made: dict[int, str] = {}
        self._of_delegates: dict[str, list[DecidedCall]] = {}
        for approval in decided:
            if approval.verdict is None:
                continue
            for call in approval.tools:
                self._decided.append((call, approval.verdict))
                if call.delegated and approval.task_name in open_tasks:
                    key = self._key(call.tool_name, call.arguments)
                    again = DecidedCall(call.call_id, approval.verdict, results.read(call.call_id))
                    self._of_delegates.setdefault(key, []).append(again)

    def before(self, context: Any) -> bool | None:
        """CrewAI's hook before a tool call; false blocks it. Whatever a hook raises, CrewAI makes the call, so what a
        person cannot be asked about (arguments nested without end, say) is blocked."""
        name = sanitize_tool_name(context.tool_name)
        if not self._marks(name, context.tool):
            return None
        try:
            blocked = self._instead(name, context)
        except Exception as error:  # noqa: BLE001 - a boundary to CrewAI: it would make the call
            logger.warning("A call of %s is not made, as nobody can be asked about it: %s", name, type(error).__name__)
            blocked = UNASKABLE
        if blocked is None:
            return None
        with self._lock:
            self._blocked[id(context.tool_input)] = blocked
        return False

    def _instead(self, name: str, context: Any) -> str | None:
        """What the agent is told instead of the call's result; None when the call may be made."""
        arguments = cast("dict[str, Any]", plain(context.tool_input))
        delegated = not getattr(context.task, "name", None) or bool(getattr(context.agent, "planning_config", None))
        call = ToolCall(call_id=uuid.uuid4().hex, tool_name=name, arguments=arguments, delegated=delegated)
        with self._lock:
            waiting = self._of_delegates.get(self._key(name, arguments)) if delegated else None
            if not waiting:
                self._held.append(call)
                return placeholder(call.call_id)
            before = waiting.pop(0)
            if before.verdict.decision is not Decision.APPROVE:
                return refusal(before.verdict)
            if before.result is None:
                self._made[id(context.tool_input)] = before.call_id
            return before.result

    def _key(self, name: str, arguments: dict[str, Any]) -> str:
        """The same for a call and for the one that was asked about, which is kept without secrets."""
        return f"{name} {json.dumps(self._redactor.json(arguments), sort_keys=True)}"

    def _marks(self, name: str, tool: Any) -> bool:
        """By the name in the definition, which for our tools is their class, or the one the model sees, which for tools
        of an MCP server begins with the server's. Rather one question too many."""
        kind = type(getattr(tool, "_original_tool", None)).__name__
        names = [sanitize_tool_name(marked) for marked in self._marked]
        return kind in self._marked or any(name == one or name.endswith(f"_{one}") for one in names)

    def after(self, context: Any) -> str | None:
        """CrewAI's hook after a tool call, which is also run after a blocked one: the same input object tells which."""
        with self._lock:
            made = self._made.pop(id(context.tool_input), None)
            blocked = self._blocked.pop(id(context.tool_input), None)
        if made:
            self._results.write(made, str(context.tool_result))
        return blocked

    @property
    def marks_any(self) -> bool:
        return bool(self._marked)

    def held(self) -> tuple[ToolCall, ...]:
        with self._lock:
            return tuple(self._held)

    def answers(self, executor: Any) -> bool:
        """Whether the executor's messages wait for something that was decided."""
        texts = [str(message.get("content")) for message in executor.messages] if self._decided else []
        return any(placeholder(call.call_id) in text for call, _ in self._decided for text in texts)

    def resolve(self, executor: Any) -> None:
        """Puts results or refusals where placeholders stand in the executor's messages."""
        for position, message in enumerate(executor.messages):
            content = message.get("content")
            for call, verdict in self._decided:
                mark = placeholder(call.call_id)
                if isinstance(content, str) and mark in content:
                    allowed = verdict.decision is Decision.APPROVE
                    content = content.replace(mark, call_tool(executor, call) if allowed else refusal(verdict))
                    executor.messages[position] = {**message, "content": content}


def refusal(verdict: Verdict) -> str:
    return f"{NOT_ALLOWED} {verdict.comment}" if verdict.comment else NOT_ALLOWED


def call_tool(executor: Any, call: ToolCall) -> str:
    """Runs one allowed call as the executor would: its result or its error as text, with the same events."""
    about: dict[str, Any] = {
        "tool_name": call.tool_name,
        "tool_args": call.arguments,
        "from_agent": executor.agent,
        "from_task": executor.task,
        "agent_key": getattr(executor.agent, "key", "unknown"),
    }
    tools = cast("list[Any]", executor.tools or [])
    tool = next((one for one in tools if sanitize_tool_name(one.name) == call.tool_name), None)
    started_at = datetime.now()
    crewai_event_bus.emit(executor, event=ToolUsageStartedEvent(**about))
    try:
        result = "Tool not found" if tool is None else str(tool.invoke(dict(call.arguments)))
    except Abort:
        raise
    except Exception as error:  # noqa: BLE001 - a tool may raise anything, and the agent is told, as by CrewAI itself
        crewai_event_bus.emit(executor, event=ToolUsageErrorEvent(**about, error=error))
        return f"Error executing tool: {error}"
    finished_at = datetime.now()
    event = ToolUsageFinishedEvent(**about, output=result, started_at=started_at, finished_at=finished_at)
    crewai_event_bus.emit(executor, event=event)
    return result
