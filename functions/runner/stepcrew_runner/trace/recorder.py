"""CrewAI's ordered event stream becomes numbered trace events. Called in the crew's own threads: no I/O here."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from stepcrew.domain.approval import Approval
from stepcrew.domain.errors import Category, ExecutionError
from stepcrew.domain.models import PROVIDERS
from stepcrew.domain.trace import EventSource, TraceEvent
from stepcrew_runner.gate import scope
from stepcrew_runner.gate.aborts import Abort, AskPerson, CrewFailed, PlatformFailed
from stepcrew_runner.gate.companions import Companions
from stepcrew_runner.trace.kinds import (
    FALLBACK_OF,
    INTERRUPTED,
    KINDS,
    LEFT_OPEN,
    MODEL_NAME,
    TOOL_HELD,
    TOOL_STARTED,
    Kind,
    clipped,
    plain,
)


class Recorded(NamedTuple):
    """What later events need to know of an earlier one."""

    sequence: int
    emitted_at: datetime
    task_name: str | None
    agent_role: str | None
    event_type: str = ""
    is_replayed: bool = False


class TraceRecorder:
    """Makes one attempt's trace events and numbers them. `put` hands an event on to the sender. Without `task_names`
    every task that starts is one of the crew's: a project tells its tasks when they start."""

    def __init__(
        self, companions: Companions, task_names: Sequence[str] | None, put: Callable[[TraceEvent], None]
    ) -> None:
        self._execution = companions.execution
        self._control = companions.control
        self._journal = companions.gate.journal
        self._redactor = companions.redactor
        self._tasks = {name: index for index, name in enumerate(task_names or ())}
        self._learned: set[str] | None = set() if task_names is None else None
        self._put = put
        self._clock = companions.clock
        self._lock = threading.Lock()
        self._recorded: dict[str, Recorded] = {}
        self._hidden: dict[str, str | None] = {}
        self._open: dict[str, Recorded] = {}
        self._failed_calls: set[str | None] = set()
        self._closed = False
        self.count = 0

    def sink(self, source: Any, event: Any) -> None:
        """The stream sink of CrewAI's event bus."""
        kind = KINDS.get(event.type)
        if event.type in INTERRUPTED and self._control.goes_on():
            kind = INTERRUPTED[event.type]
        if kind is None or _is_of_an_agent(source, kind) or self._is_told_again(event):
            self._hidden[event.event_id] = event.parent_event_id
            return
        extra = {
            name: clipped(self._redactor.json(plain(value)))
            for name in kind.extra
            if (value := getattr(event, name, None)) is not None
        }
        if "model" in extra:
            extra["model"] = _model_name(source, extra["model"])
            if replaced := getattr(source, FALLBACK_OF, None):
                extra["fallback_of"] = replaced
        if event.type == "llm_call_completed":
            used = scope.notes().usage()
            extra["usage"] = used.model_dump(mode="json", exclude={"model_calls", "cost_usd", "cost_note"})
            extra["cost_usd"] = float(used.cost_usd) if used.cost_usd is not None else None
        if route := _route(source, event):
            extra["route"] = route
        parent = self._visible(event.parent_event_id)
        task_name, agent_role = self._attribution(event, parent)
        started = self._recorded.get(getattr(event, "started_event_id", None) or "")
        emitted_at = event.timestamp.astimezone(UTC)
        recorded = self._append(
            kind,
            emitted_at=emitted_at,
            event_context=str(getattr(event, kind.context, None) or "") if kind.context else agent_role or "",
            task_name=task_name,
            agent_role=agent_role,
            parent_sequence=parent.sequence if parent else None,
            started_sequence=started.sequence if started else None,
            duration_ms=_milliseconds(started.emitted_at, emitted_at) if started else None,
            output=plain(kind.output(event)) if kind.output else None,
            extra_data=extra,
            trace_metadata={"replayed": True} if self._is_replayed(event, started) else {},
        )
        if recorded:
            self._recorded[event.event_id] = recorded
            self._open.pop(getattr(event, "started_event_id", None) or "", None)
            if kind.event_type in (*LEFT_OPEN, TOOL_STARTED):
                self._open[event.event_id] = recorded

    def skipped(self, task_name: str, agent_role: str | None, compared: str) -> None:
        """A conditional task whose condition did not hold; `compared` tells what was compared with what."""
        kind = Kind("task_skipped", EventSource.TASK)
        about = {"task_name": task_name, "agent_role": agent_role, "output": compared}
        self._append(kind, emitted_at=self._clock.now(), **about)

    def interrupted(self) -> None:
        """An abort ended the crew, which then tells nothing itself: what it had begun is interrupted where another
        attempt goes on, and has failed with the crew. What a cancel or the deadline cut off stays open."""
        abort = self._control.interrupt
        if not self._control.goes_on() and not _fails(abort) and not isinstance(abort, PlatformFailed):
            return
        kinds = KINDS if _fails(abort) else INTERRUPTED
        asks = isinstance(abort, AskPerson) and bool(abort.question.tools)
        for begun in reversed(list(self._open.values())):
            is_tool = begun.event_type == TOOL_STARTED
            if is_tool and not asks:
                continue
            kind, now = TOOL_HELD if is_tool else kinds[LEFT_OPEN[begun.event_type]], self._clock.now()
            self._append(
                kind,
                emitted_at=now,
                event_context=begun.agent_role or "",
                task_name=begun.task_name,
                agent_role=begun.agent_role,
                started_sequence=begun.sequence,
                duration_ms=_milliseconds(begun.emitted_at, now),
                output=abort.reason if abort else None,
            )

    def asked(self, approval: Approval) -> None:
        """Records that the execution waits for a person."""
        self._append(
            Kind("human_feedback_requested", EventSource.HUMAN),
            emitted_at=approval.requested_at,
            event_context=approval.kind.value,
            task_name=approval.task_name,
            agent_role=approval.agent_role,
            output=approval.output or [call.model_dump(mode="json") for call in approval.tools] or approval.question,
            extra_data={
                "approval": approval.number,
                "question": approval.question,
                "deciders": approval.deciders,
                "expires_at": approval.expires_at.isoformat(),
                "on_timeout": approval.on_timeout.value,
            },
        )

    def decided(self, approval: Approval) -> None:
        """What the person (or nobody in time) decided."""
        decision = approval.decision
        if decision is None:
            return
        self._append(
            Kind("human_feedback_received", EventSource.HUMAN),
            emitted_at=decision.decided_at,
            event_context=decision.kind.value,
            task_name=approval.task_name,
            agent_role=approval.agent_role,
            duration_ms=_milliseconds(approval.requested_at, decision.decided_at),
            output=decision.output or decision.comment,
            extra_data={
                "approval": approval.number,
                "decision": decision.kind.value,
                "decided_by": decision.decided_by,
                "comment": decision.comment,
                "limits": decision.limits.model_dump(mode="json") if decision.limits else None,
            },
        )

    def ended(self, error: ExecutionError) -> None:
        """Why the execution failed or was cancelled, told by the system: an abandoned crew says nothing itself."""
        name = "cancelled" if error.category is Category.CANCELLED else "error"
        self._append(
            Kind(name, EventSource.SYSTEM),
            emitted_at=self._clock.now(),
            event_context=error.type,
            task_name=error.task,
            output=error.message,
            extra_data={"category": error.category.value, "remedy": error.remedy, "retryable": error.retryable},
        )

    def close(self) -> int:
        """No event is taken any more (an abandoned model call may still end later). Answers how many there were."""
        with self._lock:
            self._closed = True
            return self.count

    def _append(self, kind: Kind, *, emitted_at: datetime, **fields: Any) -> Recorded | None:
        fields["output"] = self._redactor.json(fields.get("output"))
        fields["extra_data"] = self._redactor.json(fields.get("extra_data") or {})
        for name in ("event_context", "agent_role"):
            if name in fields:
                fields[name] = self._redactor.json(fields[name])
        name = fields.get("task_name")
        with self._lock:
            if self._closed:
                return None
            self.count += 1
            # Made without validation: every value here is our own, and this runs in the crew's threads.
            event = TraceEvent.model_construct(
                execution_id=self._execution.execution_id,
                group_id=self._execution.group_id,
                attempt=self._execution.attempt,
                sequence=self.count,
                emitted_at=emitted_at,
                event_type=kind.event_type,
                event_source=kind.source,
                task_id=str(self._tasks[name]) if name in self._tasks else None,
                **fields,
            )
            # Inside the lock: the sender must get the events in the order of their numbers.
            self._put(event)
        is_replayed = bool(fields.get("trace_metadata"))
        return Recorded(event.sequence, emitted_at, event.task_name, event.agent_role, kind.event_type, is_replayed)

    def _is_replayed(self, event: Any, started: Recorded | None) -> bool:
        """Whether an earlier attempt has told this already: the crew comes to it again, with answers from the
        journal."""
        if event.type in ("llm_call_completed", "llm_call_failed"):
            return scope.notes().is_replayed
        if self._journal.has_more(scope.current_task()):
            return True
        is_tool = event.type.startswith(("tool_", "mcp_tool"))
        again = started is not None and started.is_replayed
        return is_tool and again and self._journal.only_replayed(scope.current_task())

    def _is_told_again(self, event: Any) -> bool:
        """CrewAI reports a failed model call on two levels."""
        if event.type != "llm_call_failed":
            return False
        call_id = getattr(event, "call_id", None)
        told = call_id in self._failed_calls
        self._failed_calls.add(call_id)
        return told and call_id is not None

    def _visible(self, event_id: str | None) -> Recorded | None:
        while event_id in self._hidden:
            event_id = self._hidden[event_id]
        return self._recorded.get(event_id or "")

    def _attribution(self, event: Any, parent: Recorded | None) -> tuple[str | None, str | None]:
        """Crew task and agent. Delegated and internal work has no crew task of its own: it belongs to the enclosing."""
        task, agent = getattr(event, "task", None), getattr(event, "agent", None)
        name = getattr(event, "task_name", None) or getattr(task, "name", None)
        if self._learned is not None and event.type == "task_started" and name:
            self._learned.add(name)
        if name not in (self._tasks if self._learned is None else self._learned):
            name = parent.task_name if parent else None
        role = (
            getattr(event, "agent_role", None)
            or getattr(agent, "role", None)
            or getattr(getattr(event, "agent_info", None), "role", None)
            or getattr(getattr(task, "agent", None), "role", None)
            or (parent.agent_role if parent else None)
        )
        return name, str(role).strip() if role else None


def _is_of_an_agent(source: Any, kind: Kind) -> bool:
    """CrewAI's agents are flows inside, which is no affair of whoever reads the trace."""
    return kind.source is EventSource.FLOW and getattr(source, "suppress_flow_events", False)


def _route(source: Any, event: Any) -> str | None:
    """Where a method of a flow sent it, if it is one that chooses the way."""
    if event.type != "method_execution_finished" or event.result is None:
        return None
    method: Any = source.flow_definition().methods.get(event.method_name)
    is_router = method is not None and (method.router or getattr(method.human_feedback, "emit", None))
    return str(getattr(event.result, "value", event.result)) if is_router else None


def _fails(abort: Abort | None) -> bool:
    return isinstance(abort, CrewFailed) and abort.error.category is not Category.TIMEOUT


def _model_name(source: Any, model: str) -> str:
    """As definitions write it: CrewAI's events leave the provider out, their source knows it."""
    if named := getattr(source, MODEL_NAME, None):
        return str(named)
    provider = getattr(source, "provider", None)
    return f"{provider}/{model}" if provider in PROVIDERS.values() and not model.startswith(f"{provider}/") else model


def _milliseconds(start: datetime, end: datetime) -> float:
    return round((end - start).total_seconds() * 1000, 3)
