"""Runs one crew: built, connected to the gate, the trace and people, and kicked off in a thread of its own."""

from __future__ import annotations

import contextlib
import io
import logging
import sys
from typing import Any

from crewai.core.providers.human_input import set_provider
from crewai.events import crewai_event_bus
from crewai.events.stream_context import add_stream_sink

from stepcrew.domain.execution import TaskOutput
from stepcrew_runner.approvals.decisions import Decisions
from stepcrew_runner.approvals.tool_gate import ToolGate
from stepcrew_runner.crew import tool_calls
from stepcrew_runner.crew.building import Builder
from stepcrew_runner.crew.checkpoints import Checkpoints
from stepcrew_runner.crew.crew_thread import CrewThread
from stepcrew_runner.crew.failures import model_failure
from stepcrew_runner.crew.human_input import JudgedAnswers
from stepcrew_runner.crew.output_files import OutputFiles
from stepcrew_runner.gate import scope
from stepcrew_runner.gate.aborts import Abort, CrewFailed, PlatformFailed
from stepcrew_runner.gate.companions import Companions
from stepcrew_runner.trace.logs import CALLBACKS
from stepcrew_runner.trace.recorder import TraceRecorder

logger = logging.getLogger("stepcrew_runner")
callbacks = logging.getLogger(CALLBACKS)


class CrewRun:
    """Runs one crew for one attempt, from its finished tasks on."""

    def __init__(
        self,
        companions: Companions,
        checkpoints: Checkpoints,
        recorder: TraceRecorder,
        output: OutputFiles | None = None,
    ) -> None:
        """`output` keeps the files that a project writes."""
        self._companions = companions
        self._checkpoints = checkpoints
        self._recorder = recorder
        self._output = output

    def __call__(self, builder: Builder, finished: list[TaskOutput], decisions: Decisions) -> None:
        """Returns when the crew is done. Raises the abort the gate settled on, or what the crew raised."""
        control, gate = self._companions.control, self._companions.gate
        people = ToolGate(builder.definition, decisions, control)
        tool_calls.ask_people(gate, people)

        async def run() -> None:
            built = builder.build()
            self._checkpoints.replay(built, finished)
            add_stream_sink(self._sink)
            set_provider(JudgedAnswers(decisions, control))
            answer = await built.kickoff()
            if built.result_name and answer is not None:
                self._checkpoints.ended(built.result_name, answer)

        crew = CrewThread(run, self._companions)
        with (
            crewai_event_bus.scoped_handlers(),  # CrewAI's own console output and listeners
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),  # where Python tells of errors in threads
        ):
            crew.start()
            crew.join_or_abandon()
        if self._output:
            self._output.keep()
        # What the gate decided is the true reason of whatever came out of CrewAI.
        if isinstance(crew.error, Abort):
            control.settle(crew.error)
        if control.interrupt and (crew.error or crew.is_alive()):
            if isinstance(control.interrupt, PlatformFailed):
                raise control.interrupt.error
            raise people.whole(control.interrupt)
        if crew.error:
            raise crew.error

    def _sink(self, source: Any, event: Any) -> None:
        """CrewAI's events, in order, in the thread that caused them."""
        callbacks.debug("CrewAI tells %s", event.type)
        match event.type:
            case "llm_call_started":
                scope.begin_notes()
                scope.set_agent(getattr(event, "agent_role", None))
            case "tool_usage_started":
                scope.set_agent(getattr(event, "agent_role", None))
            case "task_started":
                self._checkpoints.started(event)
            case "tool_failure_detected":  # the model is told, and may do without what it asked for
                logger.warning("The tool %s failed: %s", event.tool_name, event.failure.message)
            case _:
                pass
        self._recorder.sink(source, event)
        if self._output:
            self._output.sink(event)
        if event.type == "task_completed":
            self._checkpoints.completed(event)
        elif event.type == "agent_execution_error":
            # An agent's retries repeat its whole task, calls that were paid for included. That may help an agent that
            # lost its way, but not a model that refuses after the provider's client has retried already.
            # The event has only the text; CrewAI tells of the error while it handles it.
            control, text = self._companions.control, self._companions.redactor.text(str(event.error))
            task, refused = control.progress().current_task, self._companions.gate.journal.refused()
            error = model_failure(sys.exc_info()[1], text, task, refused)
            if error:
                raise control.settle(CrewFailed(error))
