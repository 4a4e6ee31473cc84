"""Runs one built crew under control, and keeps what its tasks finish."""

from __future__ import annotations

import contextlib
import io
import sys
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, cast

from crewai.core.providers.human_input import set_provider
from crewai.events import crewai_event_bus
from crewai.events.stream_context import add_stream_sink
from crewai.hooks import InterceptionPoint
from crewai.hooks.dispatch import scoped_hooks
from crewai.tasks.task_output import TaskOutput as CrewOutput
from pydantic import BaseModel

from stepcrew.domain.approval import ApprovalKind, ToolCall
from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.domain.execution import Execution, TaskOutput, TaskState
from stepcrew.services.ports import ExecutionStore, TaskOutputStore
from stepcrew_runner.approvals.people import Judge, placeholder
from stepcrew_runner.crew.building import BuiltCrew, CrewBuilder
from stepcrew_runner.crew.crew_thread import CrewThread
from stepcrew_runner.crew.failures import model_failure
from stepcrew_runner.crew.only_while_open import only_while_open, tools_only_while_open
from stepcrew_runner.crew.resuming import Resumption
from stepcrew_runner.crew.tasks import ReplayableConditionalTask, ReplayableTask, Skipped, from_stored, to_stored
from stepcrew_runner.gate.aborts import Abort, AskPerson, CrewFailed, Question
from stepcrew_runner.gate.control import Control
from stepcrew_runner.isolation.addresses import Reach, as_platform
from stepcrew_runner.isolation.redaction import Redactor
from stepcrew_runner.trace.recorder import TraceRecorder

SAVE_TRIES = 6


class CrewRun:
    """Of one attempt."""

    def __init__(
        self,
        execution: Execution,
        executions: ExecutionStore,
        tasks: TaskOutputStore,
        control: Control,
        recorder: TraceRecorder,
        redactor: Redactor,
    ) -> None:
        self._execution = execution
        self._executions = executions
        self._redactor = redactor
        self._tasks = tasks
        self._control = control
        self._recorder = recorder
        self._started: dict[str, datetime] = {}
        self._done: set[int] = set()
        self._indexes: dict[str, int] = {}
        self._failure: Exception | None = None
        self._inner_abort = False
        self._executors: dict[int, Any] = {}
        self._reach = Reach()

    def __call__(self, builder: CrewBuilder, from_before: Resumption) -> None:
        """Returns when the crew is done; raises one of our aborts or what the crew raised."""
        crew = CrewThread(lambda: self._run(builder, from_before), self._control, self._reach)
        with (
            crewai_event_bus.scoped_handlers(),  # CrewAI's own console output and listeners
            contextlib.redirect_stdout(io.StringIO()),
        ):
            crew.start()
            crew.join_or_abandon()
        # An interruption or a failed write of ours is the true reason of whatever came after it.
        reason = self._failure or (self._control.interrupt if crew.error or crew.is_alive() else None)
        if isinstance(reason, AskPerson) and _asks_about_tools(reason):
            # Tasks beside the one that asked first may have held calls back too: one question for all of them.
            reason = AskPerson(_with_all(reason.question, from_before.gate.held()))
        if reason:
            raise reason
        if crew.error:
            raise crew.error

    async def _run(self, builder: CrewBuilder, from_before: Resumption) -> None:
        built = builder.build()
        self._from = from_before
        self._indexes = {task.name or "": index for index, task in enumerate(built.tasks)}
        self._replay(built, from_before)
        add_stream_sink(self._sink)
        set_provider(Judge(from_before.conversations, self._indexes, from_before.decided, self._ask_for_feedback))
        hooks: dict[InterceptionPoint, list[Callable[..., Any]]] = {
            InterceptionPoint.PRE_MODEL_CALL: [only_while_open(self._reach), self._before_model_call],
            InterceptionPoint.PRE_TOOL_CALL: [tools_only_while_open(self._control, self._reach)],
        }
        if from_before.gate.marks_any:
            hooks[InterceptionPoint.PRE_TOOL_CALL].append(from_before.gate.before)
            hooks[InterceptionPoint.POST_TOOL_CALL] = [from_before.gate.after]
        kickoff = cast("Callable[[], Coroutine[Any, Any, Any]]", getattr(built.crew, "akickoff"))  # noqa: B009
        with scoped_hooks(hooks):
            await kickoff()

    def _before_model_call(self, context: Any) -> None:
        """Whatever a hook raises, CrewAI makes the call, unless it is an abort: what failed here ends the attempt."""
        try:
            self._at_boundary(context)
        except Abort:
            raise
        except Exception as error:  # a boundary to CrewAI: raised again as the end of the attempt
            self._failure = self._failure or error
            self._control.stop(error)
            raise Abort(str(error)) from error

    def _at_boundary(self, context: Any) -> None:
        executor, gate = context.executor, self._from.gate
        index = self._kept_index(executor)
        if index is not None:
            self._executors[index] = executor
            self._go_on_counting(index, executor)
        held = gate.held()
        if index is not None and not held and gate.answers(executor) and as_platform(self._control.may_go_on):
            gate.resolve(executor)
            # The allowed calls have been made: should this attempt die, they must not be made again.
            self._note(index, executor)
            as_platform(self._keep_conversations)
        abort: Abort | None
        if held:
            abort = self._control.ask(self._tool_question(executor, held))
        else:
            abort = as_platform(self._control.before_model_call)
        if index is not None and not self._inner_abort:
            awaits = any(placeholder(call.call_id) in str(one) for call in held for one in executor.messages)
            # When another task has asked something else, these calls are no part of it, and will come again.
            if not awaits or _asks_about_tools(abort):
                self._note(index, executor, awaits=awaits)
        if abort:
            if index is None:
                self._note_around()
            raise abort

    def _go_on_counting(self, index: int, executor: Any) -> None:
        executor.iterations += self._from.conversations.iterations_before(index)
        if executor.iterations >= executor.max_iter:
            # Out of iterations: all it may do is answer. Absent where the model's calls are text.
            getattr(executor, "_openai_tools", []).clear()

    def _note_around(self) -> None:
        """An abort in delegated or internal work. CrewAI makes it the result of the tool that does that work, which
        must not be kept: from here on nothing is noted any more."""
        for index, executor in list(self._executors.items()) if not self._inner_abort else []:
            if index not in self._done:
                self._from.conversations.note_whole(index, executor.messages, executor.iterations)
        self._inner_abort = True

    def _kept_index(self, executor: Any) -> int | None:
        """The crew task whose conversation this is; None for delegated and internal work, and for agents that plan."""
        task, agent = getattr(executor, "task", None), getattr(executor, "agent", None)
        if task is None or getattr(agent, "planning_config", None):
            return None
        return self._indexes.get(task.name or "")

    def _note(self, index: int, executor: Any, *, awaits: bool = False) -> None:
        number = self._execution.approvals + 1 if awaits else 0
        self._from.conversations.note(index, executor.messages, executor.iterations, number)

    def _keep_conversations(self) -> None:
        control = self._control
        self._executions.save_progress(
            self._execution,
            progress=control.progress(),
            usage=control.usage(),
            message=control.message(),
            now=datetime.now(UTC),
            conversations=self._from.conversations.save(),
        )

    def _ask_for_feedback(self, question: Question, executor: Any) -> Abort:
        index = self._kept_index(executor)
        if index is not None and not self._inner_abort:
            self._note(index, executor, awaits=True)
        return self._control.ask(question)

    def _tool_question(self, executor: Any, held: tuple[ToolCall, ...]) -> Question:
        task = getattr(getattr(executor, "task", None), "name", None) or self._control.progress().current_task
        role = getattr(getattr(executor, "agent", None), "role", None)
        return _with_all(Question(ApprovalKind.TOOL, "", task, role), held)

    def _replay(self, built: BuiltCrew, from_before: Resumption) -> None:
        for stored in from_before.finished:
            task = built.tasks[stored.index]
            task.replay(from_stored(stored, task))
            self._done.add(stored.index)
        self._control.task_finished(len(self._done))
        for index, answer in from_before.answers.items():
            built.tasks[index].answer(answer)
        for index, task in enumerate(built.tasks):
            if task.guardrail:  # of several, CrewAI counts the refusals of each
                task.guardrail_max_retries = max(
                    0, task.guardrail_max_retries - from_before.conversations.refusals(index)
                )
        for index, changes in from_before.revisions.items():
            built.tasks[index].revise(changes)
        for index, task in enumerate(built.tasks):
            if isinstance(task, ReplayableConditionalTask):
                task.when_skipped(self._skipped_at(index, task))

    def _skipped_at(self, index: int, task: ReplayableTask) -> Skipped:
        def skipped(output: CrewOutput, compared: str) -> None:
            if index in self._done:
                return
            self._keep(to_stored(output, index, task.name or "", self._execution.attempt, TaskState.SKIPPED))
            self._recorder.skipped(task.name or "", output.agent or None, compared)

        return skipped

    def _sink(self, source: Any, event: Any) -> None:
        """Outputs are stored before the crew goes on. What is raised here would be retried by CrewAI like a fault of
        the crew, so a failed write is kept and ends the attempt; only aborts are never retried."""
        self._recorder.sink(source, event)
        match event.type:
            case "task_started":
                self._task_started(event)
            case "task_completed":
                self._task_completed(event)
            case "agent_execution_completed":
                self._agent_answered(event)
            case "agent_execution_error":
                # An agent's retries repeat its whole task, calls that were paid for included. That may help an agent
                # that lost its way, but not a model that refuses after the provider's client has retried already.
                # The event has only the text; CrewAI tells of the error while it handles it.
                text, task = self._redactor.text(str(event.error)), self._control.progress().current_task
                error = model_failure(sys.exc_info()[1], text, task)
                if error:
                    raise CrewFailed(error)
            case _:
                pass

    def _task_started(self, event: Any) -> None:
        name = _task_name(event)
        if name in self._indexes:
            self._started[name] = datetime.now(UTC)
            self._control.task_started(name, getattr(getattr(event.task, "agent", None), "role", None))

    def _agent_answered(self, event: Any) -> None:
        """Kept, because judging it (a guardrail) is a model call of its own, before which the attempt may end."""
        index = self._indexes.get(_task_name(event))
        if index is not None and not self._inner_abort:
            # Of a structured answer the event has only how Python would show it.
            answer = getattr(getattr(event.agent, "agent_executor", None), "state", None)
            output = getattr(getattr(answer, "current_answer", None), "output", None)
            text = output.model_dump_json() if isinstance(output, BaseModel) else str(event.output)
            self._from.conversations.note_answer(index, text)

    def _task_completed(self, event: Any) -> None:
        name = _task_name(event)
        if name in self._indexes:
            stored = to_stored(event.output, self._indexes[name], name, self._execution.attempt, TaskState.COMPLETED)
            times = {"started_at": self._started.get(name), "ended_at": datetime.now(UTC)}
            self._keep(stored.model_copy(update=times))

    def _keep(self, output: TaskOutput) -> None:
        if output.index in self._done or self._failure:
            return
        texts = {name: self._redactor.text(getattr(output, name) or "") for name in ("raw", "description")}
        safe = {**texts, "json_dict": self._redactor.json(output.json_dict)}
        try:
            as_platform(self._save, output.model_copy(update=safe))
        except Exception as error:  # noqa: BLE001 - a boundary to CrewAI: raised again as the end of the attempt
            self._failure = error
            self._control.stop(error)
            return
        self._done.add(output.index)
        self._from.conversations.forget(output.index)
        self._control.task_finished(len(self._done))

    def _save(self, output: TaskOutput) -> None:
        """What is finished was paid for: a table that does not answer at once is asked again."""
        for attempt in range(SAVE_TRIES):
            try:
                self._tasks.save_task_output(self._execution, output, usage=self._control.usage())
                return
            except PlatformUnavailable:
                if attempt == SAVE_TRIES - 1:
                    raise
                time.sleep(0.1 * 2**attempt)


def _asks_about_tools(abort: Abort | None) -> bool:
    return isinstance(abort, AskPerson) and abort.question.kind is ApprovalKind.TOOL


def _with_all(question: Question, held: tuple[ToolCall, ...]) -> Question:
    names = ", ".join(call.tool_name for call in held)
    return question._replace(text=f"May {question.agent_role or 'the agent'} call {names}?", tools=held)


def _task_name(event: Any) -> str:
    return getattr(event, "task_name", None) or getattr(getattr(event, "task", None), "name", None) or ""
